import assert from 'node:assert/strict';
import { createCipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { cbcDecrypt, cbcEncrypt, implementations, Suite, type SuiteSpec } from '#lib/crypto/index.js';

/** One line of test/vectors/crypto/suites.json, made by libgcrypt; see generate.py beside it. */
interface Case extends Pick<SuiteSpec, 'encryption' | 'integrity' | 'icvBytes'> {
  keyBytes: number;
  macBytes: number;
  ivBytes: number;
  blockBytes: number;
  sha256: string;
}

const cases: Case[] = JSON.parse(readFileSync('test/vectors/crypto/suites.json', 'utf8'));
const shake = (name: string, outputLength: number) =>
  outputLength === 0 ? Buffer.alloc(0) : createHash('shake256', { outputLength }).update(name).digest();

/** The messages of all text lengths up to 2048 in one arena, text not sealed. */
function messages(c: Case, label: string, icvBytes: number) {
  const lengths = Uint32Array.from({ length: 2048 / c.blockBytes + 1 }, (_, i) => i * c.blockBytes);
  const offsets = new Uint32Array(lengths.length);
  const parts: Buffer[] = [];
  let end = 0;
  lengths.forEach((length, i) => {
    offsets[i] = end;
    parts.push(shake(`${label} head ${length}`, 8 + c.ivBytes), shake(`${label} text ${length}`, length));
    parts.push(Buffer.alloc(icvBytes));
    end += 8 + c.ivBytes + length + icvBytes;
  });
  const ok = new Uint8Array(lengths.length);
  return { arena: Buffer.concat(parts), offsets, textBytes: lengths, sequenceHigh: lengths.slice(), ok };
}

for (const implementation of implementations()) {
  describe(`Suite, ${implementation}, against libgcrypt, lengths 0..2048`, () => {
    for (const c of cases) {
      const label = `${c.encryption} ${c.keyBytes} ${c.integrity} ${c.icvBytes ?? 16}`;
      it(label, () => {
        using suite = new Suite({
          encryption: c.encryption,
          encryptionKey: shake(`${label} key`, c.keyBytes),
          integrity: c.integrity,
          integrityKey: shake(`${label} mac`, c.macBytes),
          ...(c.icvBytes === undefined ? {} : { icvBytes: c.icvBytes }),
          implementation,
        });
        assert.deepEqual([suite.ivBytes, suite.blockBytes], [c.ivBytes, c.blockBytes]);
        const batch = messages(c, label, suite.icvBytes);
        const plain = Buffer.from(batch.arena);
        const count = batch.offsets.length;
        assert.equal(suite.seal(batch), count);
        assert.equal(createHash('sha256').update(batch.arena).digest('hex'), c.sha256);

        // One message with a bit turned anywhere is the only one refused, and none of its plaintext shows.
        const forged = 3 + (Number.parseInt(c.sha256.slice(0, 2), 16) % (count - 4));
        const start = batch.offsets[forged]!;
        batch.arena[start + (Number.parseInt(c.sha256.slice(2, 8), 16) % (batch.offsets[forged + 1]! - start))]! ^= 4;
        assert.equal(suite.open(batch), count - 1);
        batch.offsets.forEach((offset, i) => {
          assert.equal(batch.ok[i], i === forged ? 0 : 1);
          const end = offset + 8 + c.ivBytes + batch.textBytes[i]!;
          const same = batch.arena.subarray(offset, end).equals(plain.subarray(offset, end));
          if (i !== forged) assert.ok(same);
          else if (c.encryption !== 'null') assert.ok(!same);
        });
      });
    }
  });
}

describe('cbcEncrypt and cbcDecrypt', () => {
  const hex = (text: string) => Buffer.from(text, 'hex');

  it('give the published answers where OpenSSL has none', () => {
    // FIPS 81 appendix C; B. Schneier's vectors.txt (public domain).
    const cases = [
      ['des-cbc', '0123456789abcdef', '1234567890abcdef', '4e6f772069732074', 'e5c7cdde872bf27c'],
      ['blowfish-cbc', '0123456789abcdeff0e1d2c3b4a59687', 'fedcba9876543210', '3736353433323120', '6b77b4d63006dee6'],
    ] as const;
    for (const [encryption, key, iv, plain, cipher] of cases) {
      const text = hex(plain);
      assert.deepEqual(Buffer.from(cbcEncrypt(encryption, hex(key), hex(iv), text)), hex(cipher));
      assert.deepEqual(text, hex(plain), 'the argument is left alone');
      assert.deepEqual(Buffer.from(cbcDecrypt(encryption, hex(key), hex(iv), hex(cipher))), hex(plain));
    }
  });

  it('agree with OpenSSL', () => {
    for (const [encryption, name, keyBytes, block] of [
      ['3des-cbc', 'des-ede3-cbc', 24, 8],
      ['aes-cbc', 'aes-256-cbc', 32, 16],
      ['camellia-cbc', 'camellia-192-cbc', 24, 16],
    ] as const) {
      const [key, iv, text] = [shake('key', keyBytes), shake('iv', block), shake('text', 20 * block)];
      const cipher = createCipheriv(name, key, iv).setAutoPadding(false);
      const wanted = Buffer.concat([cipher.update(text), cipher.final()]);
      assert.deepEqual(Buffer.from(cbcEncrypt(encryption, key, iv, text)), wanted);
      assert.deepEqual(Buffer.from(cbcDecrypt(encryption, key, iv, wanted)), text);
    }
  });

  it('refuse what cannot be', () => {
    const bad = [
      ['des-cbc', 7, 8, 8, /des-cbc wants 8 bytes, got 7/],
      ['des-cbc', 8, 16, 8, /iv: 8 bytes wanted/],
      ['camellia-cbc', 16, 16, 17, /text: not a multiple of 16 bytes/],
      ['aes-gcm', 16, 16, 16, /encryption: no CBC cipher: aes-gcm/],
    ] as const;
    for (const [encryption, key, iv, text, message] of bad) {
      const args = [shake('k', key), shake('i', iv), shake('t', text)] as const;
      assert.throws(() => cbcEncrypt(encryption, ...args), { name: 'TypeError', message });
      assert.throws(() => cbcDecrypt(encryption, ...args), { name: 'TypeError', message });
    }
    assert.throws(() => cbcEncrypt('des-cbc', hex('0101010101010101'), hex('0000000000000000'), hex('')), /weak key/);
  });
});
