/**
 * The userspace data plane beside other gateways, in network namespaces of this machine: what one core encrypts and
 * decrypts, TCP and UDP through two gateways, added latency, what a rekey loses, memory. Everything is measured once a
 * round, so that what disturbs the machine disturbs all alike; the figures are medians. As root:
 *
 *   npm run bench:dataplane -- [--quick] [--rounds=N] [--seconds=S] [--json] [--markdown]
 */
import { parseArgs } from 'node:util';
import { forward } from './dataplane/forward.ts';
import { bare, type Implementation } from './dataplane/implementation.ts';
import { makeNetwork, removeNetwork } from './dataplane/network.ts';
import { oneWay, oneWayWireguard } from './dataplane/one-way.ts';
import { openVpn } from './dataplane/openvpn.ts';
import { routeplane } from './dataplane/routeplane.ts';
import { markdown, rowsOf, type Sample, table } from './dataplane/rows.ts';
import { idle, rekeys } from './dataplane/steady.ts';
import { strongSwan } from './dataplane/strongswan.ts';
import { cbc, gcm } from './dataplane/suites.ts';
import { wireguardGo } from './dataplane/wireguard.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    json: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.quick ? 1 : 5));
const seconds = Number(values.seconds ?? (values.quick ? 0.7 : 2));
const pings = values.quick ? 200 : 1000;

/** A quick run begins nothing after it: it is over within 90 seconds on a busy machine, too. */
const quickMs = 65_000;

/** 7:4:1 of 64, 594 and 1400 bytes, as packets. */
const imix: readonly number[] = [64, 594, 64, 64, 594, 64, 1400, 64, 594, 64, 594, 64];
const sizes: readonly (readonly [Sample['size'], readonly number[]])[] = [
  [64, [64]],
  [512, [512]],
  [1400, [1400]],
  ['imix', imix],
];
const implementations: readonly Implementation[] = [
  bare,
  routeplane('routeplane', gcm, true),
  routeplane('routeplane, 2 threads', gcm, true, 2),
  routeplane('routeplane, plain ESP', gcm, false),
  routeplane('routeplane, aes-cbc', cbc, true),
  wireguardGo,
  openVpn,
  strongSwan,
];

const progress = (what: string): void => void process.stderr.write(`${what}\n`);
const samples: Sample[] = [];

/** What is measured once a round, the most telling first. */
const steps: { readonly name: string; readonly run: () => Promise<void> }[] = [];
const step = (name: string, run: () => Promise<void>): void => void steps.push({ name, run });

let barePings: readonly number[] | undefined;
function forwardStep(implementation: Implementation): void {
  step(implementation.name, async () => {
    const result = await forward(implementation, seconds, pings, barePings);
    if (implementation === bare) barePings ??= result.pings;
    samples.push(...result.samples);
  });
}

function oneCoreSteps(): void {
  const many = { udp: true, policies: 100, sas: 500, options: {} };
  type Options = Parameters<typeof oneWay>[1];
  const one = (implementation: string, size: Sample['size'], packets: readonly number[], options: Options): void => {
    for (const direction of ['encrypt', 'decrypt'] as const)
      step(`${direction}, ${implementation}, ${size}`, async () => {
        const result = await oneWay(direction, options, packets, seconds);
        samples.push({ case: `${direction}, per core`, implementation, size, ...result });
      });
  };
  for (const [size, packets] of sizes) one('routeplane', size, packets, { ...many, suite: gcm });
  for (const size of wireguardGo.absent() === undefined ? [64, 1400] : [])
    step(`encrypt, wireguard-go, ${size}`, async () => {
      const result = await oneWayWireguard(size, seconds);
      samples.push({ case: 'encrypt, per core', implementation: 'wireguard-go', size, ...result });
    });
  one('routeplane, aes-cbc', 1400, [1400], { ...many, suite: cbc });
  // Plain ESP, a frame or a system call's message for each packet.
  for (const port of values.quick ? (['AF_XDP'] as const) : (['AF_XDP', 'sockets'] as const))
    for (const size of [64, 1400]) {
      const options = port === 'AF_XDP' ? { xdp: ['wan'] } : {};
      one(`routeplane, plain ESP, ${port}`, size, [size], { ...many, udp: false, suite: gcm, options });
    }
}

makeNetwork();
try {
  for (const i of implementations) {
    const why = i.absent();
    if (why !== undefined) progress(`${i.name} is left out: ${why}`);
  }
  // A quick run has one of ours.
  const present = implementations.filter((i) => i.absent() === undefined && !(values.quick && i.name.includes(',')));
  const first = [bare, ...present.filter((i) => i.name === 'routeplane' || i === wireguardGo)];
  for (const implementation of first) forwardStep(implementation);
  oneCoreSteps();
  step('rekeys', async () => void samples.push(await rekeys(seconds + 1, 1e6)));
  for (const small of [false, true])
    step(small ? 'memory, small' : 'memory', async () => void samples.push(...(await idle(seconds, small))));
  for (const implementation of present) if (!first.includes(implementation)) forwardStep(implementation);
  for (let round = 0; round < rounds; round++)
    for (const { name, run } of steps) {
      const late = values.quick && performance.now() > quickMs;
      progress(late ? `${name} is left out: the quick run's time is over` : `round ${round + 1} of ${rounds}: ${name}`);
      if (!late) await run();
    }
} finally {
  removeNetwork();
}
const rows = rowsOf(samples);
// Every row has every key; what does not apply is null.
if (values.json) console.log(JSON.stringify(rows, (_, value: unknown) => (value === undefined ? null : value)));
else console.log((values.markdown ? markdown : table)(rows));
