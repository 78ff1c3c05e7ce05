import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Namespace } from '../lab/index.ts';

test('the kernel has ESP and AH for both IP versions', () => {
  using namespace = new Namespace('features');
  for (const [src, dst] of [
    ['192.0.2.1', '192.0.2.2'],
    ['2001:db8::1', '2001:db8::2'],
  ] as const) {
    const state = ['xfrm', 'state', 'add', 'src', src, 'dst', dst, 'proto'];
    const rest = ['spi', '0x1000', 'mode', 'transport', 'auth', 'hmac(sha256)', `0x${'11'.repeat(32)}`];
    namespace.ip(...state, 'esp', ...rest, 'enc', 'cbc(aes)', `0x${'22'.repeat(16)}`);
    namespace.ip(...state, 'ah', ...rest);
  }
  assert.equal([...namespace.ip('xfrm', 'state').matchAll(/proto (esp|ah) spi 0x00001000/g)].length, 4);
  assert.match(readFileSync('/proc/modules', 'utf8'), /^esp4 /m);
});
