import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { addon } from '#lib/crypto/addon.js';
import { cbcEncrypt, createAead, Suite, type SuiteSpec } from '#lib/crypto/index.js';
import type { EncryptionAlgorithm, IntegrityAlgorithm } from '#lib/dataplane/dataplane.js';

const encryptions: readonly EncryptionAlgorithm[] = [
  ...(['null', 'des-cbc', '3des-cbc', 'aes-cbc', 'aes-ctr', 'aes-gcm', 'aes-ccm', 'chacha20-poly1305'] as const),
  ...(['blowfish-cbc', 'twofish-cbc', 'camellia-cbc', 'camellia-ctr', 'null-aes-gmac'] as const),
];
const integrities: readonly IntegrityAlgorithm[] = [
  ...(['none', 'md5-96', 'sha1-96', 'sha256-128', 'sha384-192', 'sha512-256', 'aes-xcbc-96', 'aes-cmac-96'] as const),
];
/** No weak key of DES: those are native code's to know. */
const keyOf = (bytes: number) =>
  createHash('shake256', { outputLength: bytes || 1 })
    .digest()
    .subarray(0, bytes);

/** What `make` throws, or nothing. */
function refusal(make: () => { close(): void }): string {
  try {
    make().close();
    return '';
  } catch (error) {
    assert.ok(error instanceof Error);
    return error.message;
  }
}

/** The same answer from both sides, word for word: what one refuses the other does not take. */
function both(spec: SuiteSpec): string {
  const here = refusal(() => new Suite(spec));
  assert.equal(
    refusal(() => new addon.Suite(spec)),
    here,
    JSON.stringify(spec),
  );
  return here;
}

describe('shapes that are looked at before native code', () => {
  it('keys of every length for every algorithm', () => {
    let taken = 0;
    for (const encryption of encryptions) {
      const own = /gcm|ccm|poly1305|gmac/.test(encryption);
      const integrity = own ? 'none' : 'sha1-96';
      for (let bytes = 0; bytes <= 72; bytes++) {
        const keys = { encryptionKey: keyOf(bytes), integrityKey: keyOf(own ? 0 : 20) };
        if (both({ encryption, integrity, ...keys }) === '') taken++;
      }
    }
    assert.equal(taken, 1 + 1 + 1 + 3 + 3 + 3 + 3 + 1 + 52 + 3 + 3 + 3 + 3);
    for (const integrity of integrities) {
      taken = 0;
      for (let bytes = 0; bytes <= 72; bytes++) {
        const encryption = integrity === 'none' ? 'aes-gcm' : 'aes-ctr';
        if (both({ encryption, encryptionKey: keyOf(20), integrity, integrityKey: keyOf(bytes) }) === '') taken++;
      }
      assert.equal(taken, 1, integrity);
    }
  });
  it('every algorithm with every other, every ICV', () => {
    const keyBytes = { 'des-cbc': 8, '3des-cbc': 24, null: 0, 'aes-ccm': 19, 'chacha20-poly1305': 36 } as const;
    for (const encryption of encryptions) {
      const bytes = keyBytes[encryption as keyof typeof keyBytes] ?? (/cbc/.test(encryption) ? 16 : 20);
      const encryptionKey = keyOf(bytes);
      for (const integrity of integrities) {
        const digest = { 'md5-96': 16, 'sha1-96': 20, 'sha256-128': 32, 'sha384-192': 48, 'sha512-256': 64, none: 0 };
        const integrityKey = keyOf(digest[integrity as keyof typeof digest] ?? 16);
        both({ encryption, encryptionKey, integrity, integrityKey });
      }
      for (let icvBytes = 0; icvBytes <= 40; icvBytes++)
        both({ encryption, encryptionKey, integrity: 'none', integrityKey: keyOf(0), icvBytes: icvBytes as 16 });
    }
  });
  it('of createAead', () => {
    for (const algorithm of ['aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm', 'chacha20-poly1305'] as const) {
      let taken = 0;
      for (let bytes = 0; bytes <= 40; bytes++) {
        for (let tagBytes = 0; tagBytes <= 20; tagBytes++) {
          const key = keyOf(bytes);
          const here = refusal(() => createAead(algorithm, key, { tagBytes }));
          assert.equal(
            refusal(() => new addon.Aead({ algorithm, key, tagBytes })),
            here,
          );
          if (here === '') taken++;
        }
      }
      assert.equal(taken, algorithm === 'chacha20-poly1305' ? 1 : 3);
    }
    assert.throws(() => createAead('aes-128-gcm', keyOf(16), { tagBytes: '16' as never }), /^TypeError: tagBytes: /);
    assert.throws(() => createAead(null as never, keyOf(16)), /^TypeError: algorithm: "null" is none of aes-128-gcm/);
    assert.throws(() => createAead('constructor' as never, keyOf(16)), /^TypeError: algorithm: "constructor"/);
  });
  it('of CBC alone', () => {
    const text = new Uint8Array(32);
    assert.throws(
      () => cbcEncrypt('aes-cbc', keyOf(17), keyOf(16), text),
      /^TypeError: key: aes-cbc wants 16, 24 or 32/,
    );
    assert.throws(() => cbcEncrypt('aes-cbc', keyOf(16), keyOf(8), text), /^TypeError: iv: 16 bytes wanted, got 8/);
    assert.throws(() => cbcEncrypt('des-cbc', keyOf(8), keyOf(8), keyOf(31)), /^TypeError: text: not a multiple of 8/);
    assert.throws(() => cbcEncrypt('aes-gcm', keyOf(20), keyOf(8), text), /^TypeError: encryption: no CBC cipher/);
    assert.throws(() => cbcEncrypt('aes-cbc', keyOf(16), [] as never, text), /^TypeError: iv: not a Uint8Array/);
  });
});
