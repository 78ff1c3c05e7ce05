import { type Case, keyOf } from './cases.ts';
import type { Machine } from './machine.ts';
import { packetBytes, type Size } from './packets.ts';
import { median, spreadPercent } from './statistics.ts';

/** One case's figures. Bits and bytes are those of the inner packets. docs/bench.md explains each. */
export interface Row {
  readonly suite: string;
  readonly cipher: string;
  readonly size: Size;
  readonly implementation: string;
  readonly direction: 'encrypt' | 'decrypt';
  readonly tunnels: number;
  /** Packets that were handed over at once. */
  readonly batch: number;
  readonly gbps: number;
  readonly mpps: number;
  readonly cyclesPerByte: number;
  readonly p50Ns: number;
  readonly p99Ns: number;
  readonly spreadPercent: number;
  /** Turns that the medians are of, lots of packets that were timed in them. */
  readonly turns: number;
  readonly lots: number;
}

export interface Peer {
  readonly name: string;
  readonly version: string;
  readonly present: boolean;
  /** Why it is absent. */
  readonly reason: string;
}

export interface Failure {
  readonly suite: string;
  readonly implementation: string;
  readonly reason: string;
}

export interface Report {
  readonly version: 1;
  readonly machine: Machine;
  readonly peers: readonly Peer[];
  readonly rows: readonly Row[];
  /** Suites that this build of routeplane does not have. */
  readonly unavailable: readonly string[];
  /** What was not measured because its bytes were wrong. */
  readonly failures: readonly Failure[];
  /** Of one turn of a case, without its preparation. */
  readonly turnSeconds: number;
  /** The most turns that a case had. */
  readonly rounds: number;
  /** That the run took. */
  readonly seconds: number;
}

/** Quantiles of one turn of a case, in nanoseconds per packet. */
export interface Turn {
  readonly p50: number;
  readonly p99: number;
  readonly lots: number;
}

const round = (value: number, digits = 4): number => Number(value.toPrecision(digits));

/** The medians of the turns: a turn that something disturbed does not count more than any other. */
export function rowOf(c: Case, turns: readonly Turn[], coreGhz: number): Row {
  const p50 = median(turns.map((turn) => turn.p50));
  const lengths = packetBytes(c.size);
  const bytes = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  return {
    suite: c.suite.name,
    cipher: c.suite.cipher,
    size: c.size,
    implementation: c.implementation,
    direction: c.direction,
    tunnels: c.tunnels,
    batch: Math.min(c.batch || lengths.length, lengths.length),
    gbps: round((bytes * 8) / p50),
    mpps: round(1000 / p50),
    cyclesPerByte: round((p50 * coreGhz) / bytes),
    p50Ns: round(p50),
    p99Ns: round(median(turns.map((turn) => turn.p99))),
    spreadPercent: round(spreadPercent(turns.map((turn) => turn.p50)), 3),
    turns: turns.length,
    lots: turns.reduce((sum, turn) => sum + turn.lots, 0),
  };
}

export const isOurs = (implementation: string): boolean => implementation.startsWith('routeplane:');

/** Rows by suite, tunnels, batch, size and direction, with what is ours and chosen beside the others. */
export interface Group {
  readonly suite: string;
  readonly size: Size;
  readonly direction: Row['direction'];
  readonly tunnels: number;
  readonly batch: number;
  readonly rows: readonly Row[];
  /** That of the implementation in use; else the fastest of ours; else none. */
  readonly ours: Row | undefined;
}

export function groupsOf(report: Report): Group[] {
  const groups = new Map<string, Row[]>();
  for (const row of report.rows) {
    const key = keyOf({ ...row, implementation: '' });
    const rows = groups.get(key);
    if (rows === undefined) groups.set(key, [row]);
    else rows.push(row);
  }
  return [...groups.values()].map((rows) => {
    const { suite, size, direction, tunnels, batch } = rows[0]!;
    const own = rows.filter((row) => isOurs(row.implementation)).sort((a, b) => b.gbps - a.gbps);
    const ours = own.find((row) => row.implementation === report.machine.implementation) ?? own[0];
    return { suite, size, direction, tunnels, batch, rows, ours };
  });
}
