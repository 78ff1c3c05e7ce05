// The vectors of project Wycheproof (test/vectors/wycheproof) against every implementation of the ciphers and MACs.
import assert from 'node:assert/strict';
import { createDecipheriv, createHmac } from 'node:crypto';
import { describe, it } from 'node:test';
import { implementations, Suite, type SuiteSpec } from '#lib/crypto/index.js';
import { type Case, type Group, hex, run } from '../vectors/wycheproof/vectors.js';

const none = { integrity: 'none', integrityKey: new Uint8Array(0) } as const;

/** One message: `aad | IV | text | ICV`. */
function single(arena: Buffer, aadBytes: number, textBytes: number) {
  return { arena, aadBytes, offsets: Uint32Array.of(0), textBytes: Uint32Array.of(textBytes), ok: new Uint8Array(1) };
}

function aead(test: Case, spec: SuiteSpec, iv: Buffer): void {
  using suite = new Suite(spec);
  const [aad, msg, ct, tag] = [hex(test.aad), hex(test.msg), hex(test.ct), hex(test.tag)] as const;
  const head = Buffer.concat([aad, iv]);
  const what = `${spec.implementation} ${test.tcId} ${test.comment}`;
  const wire = Buffer.concat([head, ct, tag]);
  const opened = Buffer.from(wire);
  const genuine = suite.open(single(opened, aad.length, ct.length));
  assert.equal(genuine, test.result === 'valid' ? 1 : 0, what);
  const text = opened.subarray(head.length, head.length + ct.length);
  if (genuine === 1) {
    assert.deepEqual(text, msg, what);
    const sealed = Buffer.concat([head, msg, Buffer.alloc(tag.length)]);
    assert.equal(suite.seal(single(sealed, aad.length, msg.length)), 1);
    assert.deepEqual(sealed, wire, what);
  } else {
    assert.ok(msg.length === 0 || ct.length === 0 || text.every((byte) => byte === 0) || text.equals(ct), what);
  }
}

/** The ICV is the first bytes of the MAC, so a tag that is wrong behind them is right here. */
function mac(test: Case, group: Group, whole: Buffer, spec: SuiteSpec): void {
  using suite = new Suite(spec);
  const [msg, tag] = [hex(test.msg), hex(test.tag)];
  if (test.result === 'valid') assert.deepEqual(whole.subarray(0, group.tagSize / 8), tag, `${test.tcId}`);
  const icv = tag.subarray(0, suite.icvBytes);
  const wire = Buffer.concat([msg, icv]);
  const genuine = suite.open(single(wire, 0, msg.length)) === 1;
  const what = `${spec.implementation} ${test.tcId} ${test.comment}`;
  assert.equal(genuine, icv.equals(whole.subarray(0, suite.icvBytes)), what);
  if (test.result === 'valid') assert.ok(genuine, what);
}

/** CBC has no padding here: what the last block says is ESP's matter. The blocks are OpenSSL's, genuine or not. */
function cbc(test: Case, name: 'aes' | 'camellia', implementation: string): boolean {
  const [key, iv, msg, ct] = [hex(test.key), hex(test.iv), hex(test.msg), hex(test.ct)];
  const integrityKey = Buffer.alloc(32, 7);
  const encryption = `${name}-cbc` as const;
  using suite = new Suite({ encryption, encryptionKey: key, integrity: 'sha256-128', integrityKey, implementation });
  const icv = createHmac('sha256', integrityKey).update(iv).update(ct).digest().subarray(0, 16);
  const arena = Buffer.concat([iv, ct, icv]);
  const genuine = suite.open(single(arena, 0, ct.length));
  assert.equal(genuine, ct.length % 16 === 0 ? 1 : 0, `${test.tcId}`);
  if (genuine === 0) return true;
  const cipher = `${name}-${key.length * 8}-cbc`;
  const decipher = createDecipheriv(cipher, key, iv).setAutoPadding(false);
  const text = arena.subarray(16, 16 + ct.length);
  assert.deepEqual(text, Buffer.concat([decipher.update(ct), decipher.final()]), `${test.tcId}`);
  if (test.result === 'valid') {
    const padding = 16 - (msg.length % 16);
    assert.deepEqual(text, Buffer.concat([msg, Buffer.alloc(padding, padding)]), `${test.tcId}`);
    assert.equal(suite.seal(single(arena, 0, ct.length)), 1);
    assert.deepEqual(arena.subarray(16, 16 + ct.length), ct, `${test.tcId}`);
  }
  return true;
}

for (const implementation of implementations()) {
  describe(`Wycheproof, ${implementation}`, () => {
    it('AES-GCM', (t) =>
      run(t, 'aes_gcm', [116, 0, 81], (test, group) => {
        if (group.ivSize !== 96 || group.tagSize !== 128) return false;
        const iv = hex(test.iv);
        const encryptionKey = Buffer.concat([hex(test.key), iv.subarray(0, 4)]);
        aead(test, { encryption: 'aes-gcm', encryptionKey, ...none, implementation }, iv.subarray(4));
        return true;
      }));
    it('GMAC, as AES-GCM without text', (t) =>
      run(t, 'aes_gmac', [45, 0, 162], (test, group) => {
        if (group.ivSize !== 96 || group.tagSize !== 128) return false;
        const iv = hex(test.iv);
        const encryptionKey = Buffer.concat([hex(test.key), iv.subarray(0, 4)]);
        const spec = { encryption: 'aes-gcm', encryptionKey, ...none, implementation } as const;
        aead({ ...test, aad: test.msg, msg: '', ct: '' }, spec, iv.subarray(4));
        return true;
      }));
    it('ChaCha20-Poly1305', (t) =>
      run(t, 'chacha20_poly1305', [256, 0, 60], (test, group) => {
        if (group.ivSize !== 96) return false;
        const iv = hex(test.iv);
        const encryptionKey = Buffer.concat([hex(test.key), iv.subarray(0, 4)]);
        aead(test, { encryption: 'chacha20-poly1305', encryptionKey, ...none, implementation }, iv.subarray(4));
        return true;
      }));
    it('AES-CCM', (t) => {
      const ccm = { encryption: 'aes-ccm', ...none, implementation } as const;
      run(t, 'aes_ccm', [18, 0, 0], (test, group) => {
        const icvBytes = group.tagSize / 8;
        if (group.ivSize !== 88 || (icvBytes !== 8 && icvBytes !== 12 && icvBytes !== 16)) return false;
        const iv = hex(test.iv);
        aead(
          test,
          { ...ccm, icvBytes, encryptionKey: Buffer.concat([hex(test.key), iv.subarray(0, 3)]) },
          iv.subarray(3),
        );
        return true;
      });
    });
    it('AES-CBC', (t) => run(t, 'aes_cbc_pkcs5', [72, 0, 144], (test) => cbc(test, 'aes', implementation)));
    it('Camellia-CBC', (t) => {
      run(t, 'camellia_cbc_pkcs5', [72, 0, 144], (test) => cbc(test, 'camellia', implementation));
    });
    it('AES-CMAC', (t) => {
      const cmac = { encryption: 'null', encryptionKey: new Uint8Array(0), integrity: 'aes-cmac-96' } as const;
      run(t, 'aes_cmac', [21, 0, 81], (test, group) => {
        if (group.keySize !== 128) return false;
        // OpenSSL's CMAC is not to be had in Node: what is wrong in the first 12 bytes is told by the valid case.
        const integrityKey = hex(test.key);
        using suite = new Suite({ ...cmac, integrityKey, implementation });
        const msg = hex(test.msg);
        const wire = Buffer.concat([msg, hex(test.tag).subarray(0, 12)]);
        const sealed = Buffer.concat([msg, Buffer.alloc(12)]);
        assert.equal(suite.seal(single(sealed, 0, msg.length)), 1);
        assert.equal(suite.open(single(Buffer.from(wire), 0, msg.length)) === 1, wire.equals(sealed), `${test.tcId}`);
        if (test.result === 'valid') assert.deepEqual(wire, sealed, `${test.tcId}`);
        return true;
      });
    });
    for (const [bits, integrity] of [
      [1, 'sha1-96'],
      [256, 'sha256-128'],
      [384, 'sha384-192'],
      [512, 'sha512-256'],
    ] as const) {
      it(`HMAC-SHA${bits}`, (t) =>
        run(t, `hmac_sha${bits}`, bits === 1 ? [27, 0, 54] : [54, 0, 108], (test, group) => {
          const integrityKey = hex(test.key);
          if (integrityKey.length !== (bits === 1 ? 20 : bits / 8)) return false;
          const icvBits = Number(integrity.split('-')[1]);
          if (group.tagSize < icvBits) return false;
          const whole = createHmac(`sha${bits}`, integrityKey).update(hex(test.msg)).digest();
          const null_ = { encryption: 'null', encryptionKey: new Uint8Array(0) } as const;
          mac(test, group, whole, { ...null_, integrity, integrityKey, implementation });
          return true;
        }));
    }
  });
}
