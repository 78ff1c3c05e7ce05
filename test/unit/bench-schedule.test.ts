import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Case, casesOf } from '#lib/bench/cases.js';
import type { Turn } from '#lib/bench/report.js';
import { type Effort, nextRound, restlessness } from '#lib/bench/schedule.js';
import { suites } from '#lib/bench/suites.js';

const effort: Effort = { turnSeconds: 0.01, maximumTurns: 7, untilSteady: true, maximumSeconds: 60 };
const cases = casesOf({
  suites: suites.slice(0, 1),
  sizes: [64, 1400],
  directions: ['encrypt', 'decrypt'],
  implementations: ['routeplane:portable', 'node-openssl'],
  tunnels: [1],
  batches: [0],
});
const turnsOf = (...p50s: number[]): Turn[] => p50s.map((p50) => ({ p50, p99: p50, lots: 1 }));
const steady = turnsOf(100, 100.5, 101);
const seen = (different: ReadonlyMap<number, readonly Turn[]> = new Map()) =>
  new Map<Case, readonly Turn[]>(cases.map((c, i) => [c, different.get(i) ?? steady]));
const next = (turns: ReadonlyMap<Case, readonly Turn[]>, round = 3, turnsLeft = 1000, change: Partial<Effort> = {}) =>
  nextRound(turns, round, { ...effort, ...change }, turnsLeft).map((c) => cases.indexOf(c));

describe('the rounds of a bench', () => {
  it('three turns have to agree', () => {
    assert.equal(restlessness(turnsOf(1, 1)), Number.POSITIVE_INFINITY);
    assert.ok(Math.abs(restlessness(turnsOf(500, 98, 100, 102)) - 0.04) < 1e-12, 'the last three');
  });
  it('go on until all that stands side by side is steady', () => {
    assert.deepEqual(next(seen(new Map(cases.map((_, i) => [i, turnsOf(100, 100)])))), [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(next(seen()), []);
    assert.deepEqual(next(seen(new Map([[5, turnsOf(100, 100, 110)]]))), [4, 5]);
    assert.deepEqual(next(seen(new Map([[5, turnsOf(100, 100, 110)]])), 7), [], 'seven at most');
  });
  it('take the most restless first when time is short', () => {
    const turns = seen(
      new Map([
        [1, turnsOf(100, 100, 110)],
        [6, turnsOf(100, 100, 150)],
        [2, turnsOf(100, 100, 120)],
      ]),
    );
    assert.deepEqual(next(turns), [0, 1, 2, 3, 6, 7]);
    assert.deepEqual(next(turns, 3, 5), [2, 3, 6, 7]);
    assert.deepEqual(next(turns, 3, 1.9), []);
  });
  it('are as many as were asked for, steady or not', () => {
    assert.equal(next(seen(), 6, 1000, { untilSteady: false }).length, cases.length);
    assert.equal(next(seen(), 7, 1000, { untilSteady: false }).length, 0);
  });
});
