import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingKernelFeature, Topology } from '../lab/index.ts';

test('data planes in workers that are terminated under traffic leave no device, socket or descriptor', {
  skip: missingKernelFeature(),
  timeout: 60_000,
}, async () => {
  using topology = new Topology();
  const namespace = topology.namespace('workers');
  const script = fileURLToPath(new URL('./dataplane/worker-process.js', import.meta.url));
  const { stdout } = await namespace.exec(process.execPath, [script], { timeoutMs: 50_000 });
  assert.match(stdout, /workers done/);
});
