import assert from 'node:assert/strict';
import { constants } from 'node:buffer';
import { type CipherGCMTypes, createCipheriv, randomBytes } from 'node:crypto';
import { test } from 'node:test';
import {
  type AeadAlgorithm,
  ClosedError,
  capabilities,
  createAead,
  IntegrityError,
  implementations,
  UnsupportedError,
} from '#lib/crypto/index.js';

const algorithms: readonly (readonly [AeadAlgorithm, number])[] = [
  ['aes-128-gcm', 16],
  ['aes-192-gcm', 24],
  ['aes-256-gcm', 32],
  ['chacha20-poly1305', 32],
];

function openssl(algorithm: AeadAlgorithm, key: Uint8Array, nonce: Uint8Array, text: Uint8Array, aad: Uint8Array) {
  const cipher = createCipheriv(algorithm as CipherGCMTypes, key, nonce, { authTagLength: 16 });
  cipher.setAAD(aad);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

for (const implementation of implementations()) {
  for (const [algorithm, keyBytes] of algorithms) {
    test(`${algorithm} on ${implementation} is what OpenSSL makes of it, whatever the lengths`, () => {
      const key = randomBytes(keyBytes);
      using aead = createAead(algorithm, key, { implementation });
      assert.equal(aead.implementation, implementation);
      for (let length = 0; length <= 1100; length += length < 300 ? 1 : 37) {
        const [nonce, text, aad] = [randomBytes(12), randomBytes(length), randomBytes((length * 7) % 61)];
        const sealed = aead.seal(nonce, text, aad);
        assert.deepEqual(Buffer.from(sealed), openssl(algorithm, key, nonce, text, aad), `${length} bytes`);
        assert.deepEqual(Buffer.from(aead.open(nonce, sealed, aad)), text);
      }
    });
  }
}

test('nothing but what was sealed is opened', () => {
  using aead = createAead('aes-128-gcm', randomBytes(16));
  const [nonce, aad] = [randomBytes(12), randomBytes(5)];
  const sealed = aead.seal(nonce, randomBytes(40), aad);
  for (let i = 0; i < sealed.length; i++) {
    const forged = Uint8Array.from(sealed);
    forged[i]! ^= 1 << (i % 8);
    assert.throws(() => aead.open(nonce, forged, aad), IntegrityError);
  }
  assert.throws(() => aead.open(nonce, sealed), IntegrityError);
  assert.throws(() => aead.open(randomBytes(12), sealed, aad), IntegrityError);
  for (let length = 0; length < sealed.length; length++) {
    assert.throws(() => aead.open(nonce, sealed.subarray(0, length), aad), IntegrityError);
  }
});

test('a batch is worked on in place, and a forgery leaves no plaintext', () => {
  const key = randomBytes(32);
  using aead = createAead('aes-256-gcm', key, { tagBytes: 12 });
  const texts = [5, 0, 64, 300, 17].map((length) => randomBytes(length));
  const stride = 320;
  const batch = {
    arena: new Uint8Array(texts.length * stride),
    offsets: Uint32Array.from(texts, (_, i) => i * stride),
    textBytes: Uint32Array.from(texts, (text) => text.length),
    nonces: randomBytes(12 * texts.length),
    aad: randomBytes(30),
    aadEnds: Uint32Array.of(0, 8, 8, 20, 30),
    ok: new Uint8Array(texts.length),
  };
  texts.forEach((text, i) => {
    batch.arena.set(text, i * stride);
  });
  assert.equal(aead.sealBatch(batch), texts.length);
  texts.forEach((text, i) => {
    const aad = batch.aad.subarray(batch.aadEnds[i - 1] ?? 0, batch.aadEnds[i]);
    const wanted = openssl('aes-256-gcm', key, batch.nonces.subarray(12 * i, 12 * i + 12), text, aad).subarray(0, -4);
    assert.deepEqual(Buffer.from(batch.arena.subarray(i * stride, i * stride + text.length + 12)), wanted);
  });
  batch.arena[3 * stride + 299]! ^= 0x80;
  assert.equal(aead.openBatch(batch), texts.length - 1);
  assert.deepEqual([...batch.ok], [1, 1, 1, 0, 1]);
  assert.deepEqual(Buffer.from(batch.arena.subarray(2 * stride, 2 * stride + 64)), texts[2]);
  assert.ok(batch.arena.subarray(3 * stride, 3 * stride + 300).every((byte) => byte === 0));
});

test('what cannot be is refused by name, with nothing touched', () => {
  const key = randomBytes(16);
  // @ts-expect-error: no such algorithm
  assert.throws(() => createAead('rot-13', key), /TypeError: algorithm: "rot-13" is none of aes-128-gcm/);
  assert.throws(() => createAead('aes-256-gcm', key), /TypeError: key: aes-256-gcm wants 32 bytes, got 16/);
  assert.throws(
    () => createAead('aes-128-gcm', key, { tagBytes: 4 }),
    /TypeError: tagBytes: .* has 8, 12 or 16, got 4/,
  );
  assert.throws(() => createAead('aes-128-gcm', key, { implementation: 'abacus' }), UnsupportedError);
  const aead = createAead('aes-128-gcm', key);
  assert.throws(() => aead.seal(new Uint8Array(8), key), /TypeError: nonce: 12 bytes wanted, got 8/);
  // @ts-expect-error: no bytes
  assert.throws(() => aead.seal(new Uint8Array(12), 'text'), /TypeError: plaintext: not a Uint8Array/);
  const arena = new Uint8Array(100);
  const batch = { arena, textBytes: Uint32Array.of(20, 20), nonces: new Uint8Array(24), ok: new Uint8Array(2) };
  const overlapping = { ...batch, offsets: Uint32Array.of(30, 0) };
  assert.throws(() => aead.sealBatch(overlapping), /TypeError: offsets\[0\]: overlaps the message of offsets\[1\]/);
  assert.throws(() => aead.sealBatch({ ...batch, offsets: Uint32Array.of(0, 65) }), /offsets\[1\]: beyond the arena/);
  const offsets = Uint32Array.of(0, 40);
  assert.throws(() => aead.sealBatch({ ...batch, offsets, nonces: new Uint8Array(23) }), /TypeError: nonces: 24/);
  const aadEnds = Uint32Array.of(2, 1);
  assert.throws(() => aead.sealBatch({ ...batch, offsets, aad: new Uint8Array(4), aadEnds }), /aadEnds\[1\]: beyond/);
  assert.throws(() => aead.sealBatch({ ...batch, offsets, count: 3 }), /TypeError: offsets: 3 elements wanted, got 2/);
  structuredClone(arena.buffer, { transfer: [arena.buffer] });
  assert.throws(() => aead.sealBatch({ ...batch, offsets }), /TypeError: arena: its buffer is detached/);
  assert.equal(arena.length, 0);
  assert.throws(() => aead.seal(new Uint8Array(12), arena), /TypeError: plaintext: its buffer is detached/);
  assert.throws(() => aead.open(new Uint8Array(12), arena), /TypeError: sealed: its buffer is detached/);
  assert.throws(() => aead.seal(new Uint8Array(12), key, arena), /TypeError: aad: its buffer is detached/);
  assert.throws(() => aead.seal(arena, key), /TypeError: nonce: its buffer is detached/);
  assert.throws(() => createAead('aes-128-gcm', arena), /TypeError: key: its buffer is detached/);
  const shared = new Uint8Array(200);
  const inside = { ...batch, arena: shared.subarray(0, 100), offsets };
  assert.throws(() => aead.sealBatch({ ...inside, nonces: shared.subarray(90, 114) }), /nonces: overlaps the arena/);
  assert.throws(() => aead.sealBatch({ ...inside, aad: shared.subarray(0, 8) }), /aad: overlaps the arena/);
  assert.throws(() => aead.sealBatch({ ...inside, count: -1 }), RangeError);
  assert.ok(shared.every((byte) => byte === 0));
  aead.close();
  aead.close();
  assert.throws(() => aead.seal(new Uint8Array(12), key), ClosedError);
});

// Where an address has 32 bits there is no such array.
if (constants.MAX_LENGTH >= 2 ** 32) {
  test('what is longer than its length can be told is refused', () => {
    using aead = createAead('aes-128-gcm', new Uint8Array(16));
    const nonce = new Uint8Array(12);
    // Memory that is never touched.
    const huge = new Uint8Array(2 ** 32);
    assert.throws(() => aead.seal(nonce, huge), {
      name: 'RangeError',
      message: /^plaintext: at most 2147483648 bytes/,
    });
    assert.throws(() => aead.open(nonce, huge), { name: 'RangeError', message: /^sealed: / });
    assert.throws(() => aead.seal(nonce, nonce, huge), { name: 'RangeError', message: /^aad: / });
    assert.throws(() => aead.seal(nonce, huge.subarray(0, 2 ** 31 - 15)), RangeError);
  });
}

test('every algorithm says who serves it', () => {
  const list = capabilities();
  assert.ok(list.length > 15);
  assert.equal(new Set(list.map(({ algorithm }) => algorithm)).size, list.length);
  for (const { implementation, reason } of list) {
    assert.ok(implementations().includes(implementation));
    assert.notEqual(reason, '');
  }
});
