import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzz } from './ptp-message.js';

test('hostile PTP messages and TLVs: ten seconds of mutations', () => {
  const { inputs, kinds } = fuzz(10_000, 1);
  assert.ok(inputs > 100 && kinds > 20, `${inputs} inputs of ${kinds} kinds`);
});

test('the same seed makes the same inputs', () => {
  assert.deepEqual(fuzz(60_000, 7, 300), fuzz(60_000, 7, 300));
});
