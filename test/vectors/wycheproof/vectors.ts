import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { TestContext } from 'node:test';

export interface Group {
  /** In bits, as the other two. */
  readonly keySize: number;
  readonly ivSize: number;
  readonly tagSize: number;
  readonly tests: readonly Case[];
}

/** Bytes are in hexadecimal; a suite's cases have the fields that its algorithm has. */
export interface Case
  extends Readonly<
    Record<
      | ('key' | 'iv' | 'aad' | 'msg' | 'ct' | 'tag' | 'comment')
      | ('public' | 'private' | 'shared')
      | ('ikm' | 'salt' | 'info' | 'okm'),
      string
    >
  > {
  readonly tcId: number;
  /** Of `okm`, in bytes. */
  readonly size: number;
  readonly result: 'valid' | 'acceptable' | 'invalid';
}

export const hex = (text = ''): Buffer => Buffer.from(text, 'hex');

/**
 * Runs `body` on every case; it says false for one that cannot be expressed (a nonce that ESP does not have). `expected`:
 * how many valid, acceptable and invalid ones have to have run, so that none is left out unnoticed.
 */
export function run(
  t: TestContext,
  suite: string,
  expected: readonly [valid: number, acceptable: number, invalid: number],
  body: (test: Case, group: Group) => boolean,
): void {
  const file = JSON.parse(readFileSync(`test/vectors/wycheproof/${suite}_test.json`, 'utf8')) as {
    numberOfTests: number;
    testGroups: Group[];
  };
  const ran = { valid: 0, acceptable: 0, invalid: 0 };
  let other = 0;
  for (const group of file.testGroups) {
    for (const test of group.tests) {
      if (body(test, group)) ran[test.result]++;
      else other++;
    }
  }
  assert.deepEqual([ran.valid, ran.acceptable, ran.invalid], expected);
  assert.equal(ran.valid + ran.acceptable + ran.invalid + other, file.numberOfTests);
  t.diagnostic(`${suite}: ${ran.valid} valid, ${ran.acceptable} acceptable, ${ran.invalid} invalid; ${other} not in use`);
}
