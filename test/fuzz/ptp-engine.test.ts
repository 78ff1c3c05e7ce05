import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzEngine } from './ptp-engine.js';

test('hostile messages to PTP clocks of every kind', () => {
  assert.ok(fuzzEngine(8000, 1) > 100);
});
