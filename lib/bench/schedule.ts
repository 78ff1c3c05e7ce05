import type { Case } from './cases.ts';
import type { Turn } from './report.ts';
import { median } from './statistics.ts';

/** How much time the cases get. */
export interface Effort {
  /** Of one turn of a case, without its preparation. */
  readonly turnSeconds: number;
  /** Turns of a case at most. */
  readonly maximumTurns: number;
  /** No more turns for what stands side by side once all of it is steady. */
  readonly untilSteady: boolean;
  /** No turn begins that would end after it, but each case gets one. */
  readonly maximumSeconds?: number;
}

/** So many turns in a row have to agree, and so closely. */
export const steadyTurns = 3;
const steadyRange = 0.02;

/** How far the last turns are apart, in parts of their median: one that was disturbed must not decide alone. */
export function restlessness(turns: readonly Turn[]): number {
  if (turns.length < steadyTurns) return Number.POSITIVE_INFINITY;
  const last = turns.slice(-steadyTurns).map(({ p50 }) => p50);
  return (Math.max(...last) - Math.min(...last)) / median(last);
}

/**
 * The cases of the next round, in their order. Those of one suite, size and direction stay together, so that what is
 * compared was measured side by side; if time is short the most restless ones come first.
 */
export function nextRound(
  turns: ReadonlyMap<Case, readonly Turn[]>,
  round: number,
  effort: Effort,
  turnsLeft: number,
): readonly Case[] {
  if (round >= effort.maximumTurns) return [];
  const groups = new Map<string, { cases: Case[]; restless: number }>();
  for (const [c, seen] of turns) {
    const key = [c.suite.name, c.tunnels, c.batch, c.size, c.direction].join(' ');
    const group = groups.get(key) ?? { cases: [], restless: 0 };
    groups.set(key, group);
    group.cases.push(c);
    group.restless = Math.max(group.restless, effort.untilSteady ? restlessness(seen) : Number.POSITIVE_INFINITY);
  }
  const chosen = new Set<Case>();
  const candidates = [...groups.values()].filter(({ restless }) => restless > steadyRange);
  // Infinity less itself is no number: those that have no figure yet keep their order.
  candidates.sort((a, b) => (a.restless === b.restless ? 0 : b.restless - a.restless));
  for (const { cases } of candidates) {
    if (chosen.size + cases.length > turnsLeft) break;
    for (const c of cases) chosen.add(c);
  }
  return [...turns.keys()].filter((c) => chosen.has(c));
}
