// Compiled, never run: what routeplane/crypto promises to who writes TypeScript against it.
import {
  type AeadBatch,
  type Capability,
  capabilities,
  createAead,
  implementations,
  type MessageBatch,
  Suite,
  type SuiteSpec,
} from '#lib/crypto/index.js';

export function seal(key: Uint8Array, nonce: Uint8Array, text: Uint8Array, batch: AeadBatch): Uint8Array {
  using aead = createAead('chacha20-poly1305', key, { tagBytes: 16 });
  // @ts-expect-error AES has three lengths of key, and a mode
  createAead('aes-gcm', key);
  // @ts-expect-error the key is behind it, and stays there
  aead.key;
  const good: number = aead.sealBatch(batch) + aead.openBatch({ ...batch, count: 1 });
  const arena: Uint8Array = batch.arena;
  // @ts-expect-error offsets are counted in 32 bits, all of them
  aead.sealBatch({ ...batch, offsets: [0] });
  return good > 0 ? aead.open(nonce, aead.seal(nonce, text), arena) : text;
}

export function packets(spec: SuiteSpec, batch: MessageBatch): readonly Capability[] {
  using suite = new Suite({ ...spec, integrity: 'sha256-128' });
  // @ts-expect-error an integrity algorithm says how much of it is sent
  new Suite({ ...spec, integrity: 'sha256' });
  const overhead: number = suite.ivBytes + suite.icvBytes + suite.blockBytes;
  // @ts-expect-error which code does the work is chosen once
  suite.implementation = 'portable';
  const names: readonly string[] = implementations();
  return suite.seal(batch) + suite.open(batch) + overhead > names.length ? capabilities() : [];
}
