import { packetBytes, type Size } from './packets.ts';
import type { BenchSuite } from './suites.ts';

export type Direction = 'encrypt' | 'decrypt';
export const directions: readonly Direction[] = ['encrypt', 'decrypt'];

/** What is measured in one row of a report. */
export interface Case {
  readonly suite: BenchSuite;
  readonly size: Size;
  readonly direction: Direction;
  /** `routeplane:vaes`, or the peer's name. */
  readonly implementation: string;
  /** SAs among which the packets of a batch go round. */
  readonly tunnels: number;
  /** Packets that are handed over at once; 0: all of a lot. */
  readonly batch: number;
}

export interface Selection {
  readonly suites: readonly BenchSuite[];
  readonly sizes: readonly Size[];
  readonly directions: readonly Direction[];
  /** Ours and peers. */
  readonly implementations: readonly string[];
  readonly tunnels: readonly number[];
  readonly batches: readonly number[];
}

/** Everything with everything; what belongs side by side stands side by side, so it is measured within one moment. */
export function casesOf(selection: Selection): Case[] {
  const cases: Case[] = [];
  for (const suite of selection.suites)
    for (const tunnels of selection.tunnels)
      for (const batch of selection.batches)
        for (const size of selection.sizes)
          for (const direction of selection.directions)
            for (const implementation of selection.implementations)
              cases.push({ suite, size, direction, implementation, tunnels, batch });
  return cases;
}

/** Names a case, or a row of a report, among all others. */
export function keyOf(row: {
  readonly suite: string;
  readonly size: Size;
  readonly direction: string;
  readonly implementation: string;
  readonly tunnels: number;
  readonly batch: number;
}): string {
  return [row.suite, row.tunnels, row.batch, row.size, row.direction, row.implementation].join(' ');
}

/** What is not as it mostly is, to be said behind a suite's name. */
export function variantOf(row: { readonly size: Size; readonly tunnels: number; readonly batch: number }): string {
  const tunnels = row.tunnels === 1 ? '' : `, ${row.tunnels} tunnels`;
  return row.batch < packetBytes(row.size).length ? `${tunnels}, batches of ${row.batch}` : tunnels;
}
