import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PeerNames } from '#lib/runtime/ipsec/peer-names.js';

test('a name gets its address, once told; a name that is not watched any more has none', {
  timeout: 20_000,
}, async () => {
  let names: PeerNames | undefined;
  await new Promise<void>((resolve) => {
    names = new PeerNames(resolve);
    names.watch(new Set(['localhost', 'no-such-host.invalid']));
    assert.equal(names.address('localhost'), undefined);
  });
  assert.match(names?.address('localhost') ?? '', /^(127\.0\.0\.1|::1)$/);
  assert.equal(names?.address('no-such-host.invalid'), undefined);
  names?.watch(new Set());
  assert.equal(names?.address('localhost'), undefined);
  names?.close();
});
