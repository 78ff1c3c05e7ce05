import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzEngine } from './ike-engine.js';

test('a hostile peer, before and after its authentication', () => {
  assert.ok(fuzzEngine(5000, 1) > 100);
});
