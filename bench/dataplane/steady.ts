import type { Traffic } from '#lib/bench/addon.js';
import { Child } from './child.ts';
import type { GatewayState } from './gateway.ts';
import { ends, inside } from './network.ts';
import { script, startGateway } from './routeplane.ts';
import type { Sample } from './rows.ts';
import { gcm } from './suites.ts';

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const name = 'routeplane';
const nothing = { size: undefined, gbps: undefined, mpps: undefined, cpuCores: undefined };

/**
 * Packets of 64 bytes at a steady rate through two gateways whose SAs are replaced five times a second: what a gateway
 * refused, which is what a rekey can cost, and what was lost because a socket's buffer was full.
 */
export async function rekeys(seconds: number, packetsPerSecond: number): Promise<Sample> {
  const spec = { suite: gcm, udp: true, policies: 1, sas: 1, options: {} };
  const left = await startGateway({ ...spec, side: 'left' });
  const right = await startGateway({ ...spec, side: 'right' });
  const sender = await Child.start(inside('a', [process.execPath, script('traffic')]));
  try {
    const sending = sender.ask<Traffic>({
      local: ends.left.host,
      hosts: [ends.right.host],
      sizes: [64],
      segments: 64,
      packetsPerSecond,
      seconds,
    });
    let generation = 0;
    for (let waited = 0; waited < seconds * 1000 - 200; waited += 200) {
      // RFC 7296 2.8: both ends can receive with the new one before either sends with it.
      generation += 1;
      await right.ask({ add: generation });
      await left.ask({ add: generation });
      await sleep(100);
      await left.ask({ remove: generation - 1 });
      await right.ask({ remove: generation - 1 });
      await sleep(100);
    }
    const { packets, seconds: took } = await sending;
    await sleep(200);
    const [from, to] = [await left.ask<GatewayState>({}), await right.ask<GatewayState>({})];
    const packetsRefused = [from, to].flatMap(({ dropped }) => Object.values(dropped)).reduce((a, b) => a + b, 0);
    if (packetsRefused > 0) process.stderr.write(`refused: ${JSON.stringify([from.dropped, to.dropped])}\n`);
    const packetsOverrun = from.thread['plainInPackets']! - to.thread['plainOutPackets']! - packetsRefused;
    const mpps = packets / took / 1e6;
    return { case: 'rekeys', implementation: name, ...nothing, size: 64, mpps, packetsRefused, packetsOverrun };
  } finally {
    await sender.stop();
    await left.stop();
    await right.stop();
  }
}

/** A gateway with 1,000 SAs and no traffic: what it holds, and what it uses. */
export async function idle(seconds: number, small: boolean): Promise<Sample[]> {
  const spec = { suite: gcm, udp: true, policies: 100, sas: 500, options: { small } };
  const gateway = await startGateway({ ...spec, side: 'left' });
  try {
    // What the start alone has needed is given back then.
    await sleep(3000);
    const before = await gateway.ask<GatewayState>({});
    await sleep(seconds * 1000);
    const after = await gateway.ask<GatewayState>({});
    const cpuCores = (after.cpuSeconds - before.cpuSeconds) / ((after.atMs - before.atMs) / 1000);
    const what = small ? `${name}, small` : name;
    const all = { case: 'idle, 1,000 SAs, all of Node', implementation: what, ...nothing };
    return [
      { ...all, cpuCores, megabytes: after.residentBytes / 1e6 },
      { ...all, case: 'idle, 1,000 SAs, without text of files', cpuCores, megabytes: after.ownBytes / 1e6 },
    ];
  } finally {
    await gateway.stop();
  }
}
