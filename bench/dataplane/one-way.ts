import { execFileSync } from 'node:child_process';
import type { Traffic } from '#lib/bench/addon.js';
import { Child } from './child.ts';
import { type GatewaySpec, type GatewayState, hosts } from './gateway.ts';
import { exec } from './implementation.ts';
import { ends, inside, type Place, space } from './network.ts';
import { script, startGateway } from './routeplane.ts';
import { sentBytes, wireguardGo } from './wireguard.ts';

/** What one core does with packets of one way. */
export interface OneWay {
  readonly mpps: number;
  readonly gbps: number;
  readonly cpuCores: number;
}

const warmUpSeconds = 0.3;
const sleep = (seconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * What comes out of the gateway is nobody's: the measure is of it, not of what is behind it. (The route to the one host
 * that is sent to is longer than that of its link.)
 */
function hole(verb: 'replace' | 'del', out: boolean): void {
  const neighbour = `neighbour ${verb} ${ends.right.outer} lladdr 02:00:00:00:00:99 nud permanent dev wan`;
  const words = out ? neighbour : `route ${verb} blackhole ${ends.left.host}/32`;
  execFileSync('ip', ['-n', space('left'), ...words.split(' ')]);
}

const macOf = (place: Place, device: string): string =>
  (
    JSON.parse(execFileSync('ip', ['-n', space(place), '-j', 'link', 'show', device], { encoding: 'utf8' })) as [
      { readonly address: string },
    ]
  )[0].address;

function perCore(packets: number, cpuSeconds: number, wall: number, meanBytes: number): OneWay {
  const mpps = packets / cpuSeconds / 1e6;
  return { mpps, gbps: (mpps * meanBytes * 8) / 1000, cpuCores: cpuSeconds / wall };
}

/**
 * The left gateway alone on core 1, its traffic from core 0: `encrypt` from its own namespace into the TUN device,
 * `decrypt` as ESP from the other end of its link. The figures are per core of processor time that the gateway used.
 * Sealing costs as much as opening, so ESP in UDP is sealed before and comes again and again, and the gateway has no
 * replay window then.
 */
export async function oneWay(
  direction: 'encrypt' | 'decrypt',
  spec: Omit<GatewaySpec, 'side'>,
  sizes: readonly number[],
  seconds: number,
): Promise<OneWay> {
  const out = direction === 'encrypt';
  const gateway = await startGateway({ ...spec, side: 'left', ...(out || !spec.udp ? {} : { replayWindow: 0 }) }, 1);
  const sender = await Child.start(inside(out ? 'left' : 'right', [process.execPath, script('traffic')], 0));
  hole('replace', out);
  try {
    const esp = {
      remote: ends.left.outer,
      innerDestination: ends.left.host,
      spi: ends.left.spi,
      key: 7,
      cbc: spec.suite.encryption === 'aes-cbc',
      ...(spec.udp ? {} : { frames: { interface: 'wan', mac: macOf('left', 'wan') } }),
    };
    const sending = sender.ask<Traffic>({
      local: out ? ends.left.gateway : ends.right.outer,
      hosts: hosts('right', spec.policies, spec.sas),
      sizes,
      segments: 128,
      packetsPerSecond: 0,
      seconds: seconds + warmUpSeconds + 0.2,
      ...(out ? {} : { esp }),
    });
    await sleep(warmUpSeconds);
    const before = await gateway.ask<GatewayState>({});
    await sleep(seconds);
    const after = await gateway.ask<GatewayState>({});
    const sent = await sending;
    const counter = out ? 'cipherOutPackets' : 'plainOutPackets';
    const packets = after.thread[counter]! - before.thread[counter]!;
    return perCore(
      packets,
      after.cpuSeconds - before.cpuSeconds,
      (after.atMs - before.atMs) / 1000,
      sent.bytes / sent.packets,
    );
  } finally {
    await sender.stop();
    await gateway.stop();
    hole('del', out);
  }
}

/** The same of wireguard-go, on core 1 with one thread as far as Go lets it. */
export async function oneWayWireguard(size: number, seconds: number): Promise<OneWay> {
  const running = await wireguardGo.start();
  const sender = await Child.start(inside('left', [process.execPath, script('traffic')], 0));
  // The handshake comes first; after it the other end is of no interest.
  exec('left', ['ping', '-c', '1', '-W', '5', '-I', ends.left.gateway, ends.right.gateway]);
  hole('replace', true);
  try {
    const sending = sender.ask<Traffic>({
      local: ends.left.gateway,
      hosts: [ends.right.host],
      sizes: [size],
      segments: 128,
      packetsPerSecond: 0,
      seconds: seconds + warmUpSeconds + 0.2,
    });
    await sleep(warmUpSeconds);
    const began = performance.now();
    const [bytes, cpu] = [sentBytes('left'), running.cpuSeconds()];
    await sleep(seconds);
    const wall = (performance.now() - began) / 1000;
    // Padded to 16 (WireGuard 5.4.6), 16 of header, 16 of tag.
    const packets = (sentBytes('left') - bytes) / (Math.ceil(size / 16) * 16 + 32);
    const used = running.cpuSeconds() - cpu;
    await sending;
    return perCore(packets, used, wall, size);
  } finally {
    await sender.stop();
    hole('del', true);
    await running.stop();
  }
}
