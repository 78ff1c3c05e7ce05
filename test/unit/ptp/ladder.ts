import type { ClockConfig, PortConfig } from '#lib/ptp/index.js';
import { type LinkOptions, Network, type Node } from './network.ts';
import type { OscillatorOptions } from './oscillator.ts';

/** Eight Syncs, delay requests and one Announce a second. */
export const FAST = {
  logSyncInterval: -3,
  logMinDelayReqInterval: -3,
  logMinPdelayReqInterval: -3,
  logAnnounceInterval: 0,
} as const;

export const ports = (count: number, options: Partial<PortConfig> = {}): PortConfig[] =>
  Array.from({ length: count }, (_, i) => ({ name: `ether${i + 1}`, ...FAST, ...options }));

export interface PairOptions {
  readonly seed?: number;
  readonly master?: Partial<ClockConfig>;
  readonly slave?: Partial<ClockConfig>;
  readonly port?: Partial<PortConfig>;
  readonly oscillator?: OscillatorOptions;
  readonly link?: LinkOptions;
}

/** A grandmaster with a perfect clock and a slave-only clock, 12 ppm and 2 ms away, started. */
export function pair(options: PairOptions = {}): { network: Network; master: Node; slave: Node } {
  const network = new Network(options.seed ?? 1);
  const port = ports(1, options.port);
  const master = network.clock('master', 1, { priority1: 100, ports: port, ...options.master }, { quantumNs: 8 });
  const oscillator = { driftPpb: 12_000, offsetNs: 2_000_000, quantumNs: 8, ...options.oscillator };
  const slave = network.clock('slave', 1, { slaveOnly: true, ports: port, ...options.slave }, oscillator);
  network.link(
    [
      [master, 1],
      [slave, 1],
    ],
    options.link,
  );
  network.start();
  return { network, master, slave };
}

/** Whether `node` follows `grandmaster` through a port in SLAVE. */
export function follows(node: Node, grandmaster: Node): boolean {
  const { parentDS, slavePort } = node.snapshot;
  const identity = grandmaster.snapshot.defaultDS.clockIdentity;
  return parentDS.grandmasterIdentity === identity && node.states()[slavePort - 1] === 'SLAVE';
}
