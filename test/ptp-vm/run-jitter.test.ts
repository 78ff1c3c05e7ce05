import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './run.ts';

test('jitter of +-50 ns: a standard deviation of at most 6.4 ns', async () => {
  const { ours, rows } = await run({
    name: 'jitter, l2, e2e',
    ours: { transport: 'l2-forwardable' },
    theirs: { network_transport: 'L2' },
    servo: 'linreg',
    jitterNs: 50,
    lockNs: 100,
    judgeSeconds: 25,
  });
  assert.ok(ours.truthSdNs <= 6.4, JSON.stringify(rows));
});
