import type { PtpPortOptions } from '#lib/runtime/ptp/index.js';
import { Capture, type DecodedLayers, Topology } from '../../lab/index.ts';
import { TestClock } from './clock.ts';
import type { ClockProcessOptions } from './clock-process.ts';
import { Ptp4l, type Ptp4lOptions } from './linuxptp.ts';

export interface PtpPair {
  readonly topology: Topology;
  readonly clock: TestClock;
  readonly peer: Ptp4l;
  readonly capture: Capture;
}

export const ours = 'rp0';
export const theirs = 'peer0';
export const ourMac = '02:00:00:00:99:01';
export const theirMac = '02:00:00:00:99:02';
/** Of the EUI-64 made of it. */
export const theirIdentity = String(0x0200_00ff_fe00_9902n);

/** A clock of ours and ptp4l at the ends of a wire, with a capture at the far one. */
export async function withPair(
  options: Omit<ClockProcessOptions, 'ports'> & { readonly port?: Omit<PtpPortOptions, 'interface'> },
  peerOptions: Ptp4lOptions,
  body: (pair: PtpPair) => Promise<void>,
  masters: readonly string[] = [],
): Promise<void> {
  using topology = new Topology();
  const left = topology.namespace('clock');
  const right = topology.namespace('ptp4l');
  topology.link(
    { namespace: left, device: ours, addresses: ['192.0.2.1/24', 'fd00:88::1/64'] },
    { namespace: right, device: theirs, addresses: ['192.0.2.2/24', 'fd00:88::2/64'] },
  );
  left.ip('link', 'set', ours, 'address', ourMac);
  right.ip('link', 'set', theirs, 'address', theirMac);
  const capture = await Capture.start(right, theirs);
  const peer = new Ptp4l(right, [theirs], peerOptions, masters);
  const { port, ...config } = options;
  const clock = new TestClock(left, { ...config, ports: [{ ...port, interface: ours }] });
  try {
    await body({ topology, clock, peer, capture });
  } catch (error) {
    (error as Error).message +=
      `\nclock:\n${clock.process.output.slice(-3000)}\nptp4l:\n${peer.process.output.slice(-3000)}`;
    throw error;
  } finally {
    await clock.process.stop('SIGTERM', 3000);
    await peer.stop();
    await capture.close();
  }
}

/** Every PTP message that we sent, by tshark. */
export async function ourMessages(capture: Capture): Promise<readonly DecodedLayers[]> {
  await capture.stop();
  return capture.decode({ filter: `ptp && eth.src == ${ourMac}` });
}

export function percentile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
