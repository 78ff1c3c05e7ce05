// The vectors of project Wycheproof (test/vectors/wycheproof) against what IKE takes from OpenSSL, and against prf+.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { prfPlus } from '#lib/ike/keymat.js';
import { hex, run } from '../vectors/wycheproof/vectors.js';

function ike(): void {
  const crypto = new OpensslCrypto();

  for (const bits of [1, 256, 384, 512] as const) {
    it(`prf hmac-sha${bits}, keys of any length`, (t) =>
      run(t, `hmac_sha${bits}`, bits === 1 ? [66, 0, 104] : [66, 0, 108], (test, group) => {
        const got = Buffer.from(crypto.prf(`hmac-sha${bits}`, hex(test.key), [hex(test.msg)]));
        const same = got.subarray(0, group.tagSize / 8).equals(hex(test.tag));
        assert.equal(same, test.result === 'valid', `${test.tcId} ${test.comment}`);
        return true;
      }));
  }

  for (const [bits, valid] of [
    [1, 84],
    [256, 83],
    [384, 80],
    [512, 80],
  ] as const) {
    // HKDF's two steps (RFC 5869 2) are SKEYSEED's and prf+'s of RFC 7296 2.13 and 2.14.
    it(`prf+ of hmac-sha${bits}, up to 255 blocks and not beyond`, (t) =>
      run(t, `hkdf_sha${bits}`, [valid, 0, 3], (test) => {
        const key = crypto.prf(`hmac-sha${bits}`, hex(test.salt), [hex(test.ikm)]);
        const expand = () => Buffer.from(prfPlus(crypto, `hmac-sha${bits}`, key, [hex(test.info)], test.size));
        const what = `${test.tcId} ${test.comment}`;
        if (test.result === 'invalid') assert.throws(expand, RangeError, what);
        else assert.equal(expand().toString('hex'), test.okm, what);
        return true;
      }));
  }

  for (const [name, file, ...expected] of [
    ['aes-gcm', 'aes_gcm', 116, 0, 81],
    ['chacha20-poly1305', 'chacha20_poly1305', 256, 0, 60],
  ] as const) {
    it(`${name} of the encrypted payload`, (t) =>
      run(t, file, expected, (test, group) => {
        if (group.ivSize !== 96 || group.tagSize !== 128) return false;
        const [key, iv, aad] = [hex(test.key), hex(test.iv), hex(test.aad)];
        const algorithm = name === 'aes-gcm' ? `aes-${key.length * 8}-gcm` : name;
        const wire = Buffer.concat([hex(test.ct), hex(test.tag)]);
        const text = crypto.open(algorithm, key, iv, aad, wire);
        assert.equal(text !== undefined, test.result === 'valid', `${test.tcId} ${test.comment}`);
        if (text === undefined) return true;
        assert.deepEqual(Buffer.from(text), hex(test.msg));
        assert.deepEqual(Buffer.from(crypto.seal(algorithm, key, iv, aad, hex(test.msg))), wire);
        return true;
      }));
  }

  for (const [group, curve, bytes, ...expected] of [
    ['ecp256', 'secp256r1', 32, 330, 1, 24],
    ['ecp384', 'secp384r1', 48, 771, 1, 18],
    ['ecp521', 'secp521r1', 66, 632, 1, 28],
  ] as const) {
    it(`${group}: points off the curve, at infinity, compressed`, (t) =>
      run(t, `ecdh_${curve}_ecpoint`, expected, (test) => {
        const scalar = hex(test.private);
        const key = Buffer.alloc(bytes);
        const significant = scalar.subarray(Math.max(0, scalar.length - bytes));
        significant.copy(key, bytes - significant.length);
        using dh = crypto.diffieHellman(group, key);
        const point = hex(test.public);
        // RFC 5903 6: a public value is x | y, no form byte in front.
        const secret = dh.computeSecret(point[0] === 4 ? point.subarray(1) : point);
        const what = `${test.tcId} ${test.comment}`;
        if (test.result === 'invalid') assert.equal(secret, undefined, what);
        if (test.result === 'valid') assert.ok(secret !== undefined, what);
        if (secret !== undefined) assert.equal(Buffer.from(secret).toString('hex'), test.shared, what);
        return true;
      }));
  }

  for (const [group, file, ...expected] of [
    ['curve25519', 'x25519', 265, 253, 0],
    ['curve448', 'x448', 253, 245, 12],
  ] as const) {
    it(`${group}: low order, twist, non-canonical`, (t) => {
      run(t, file, expected, (test) => {
        using dh = crypto.diffieHellman(group, hex(test.private));
        const secret = dh.computeSecret(hex(test.public));
        const what = `${test.tcId} ${test.comment}`;
        // RFC 7748 6: an all-zero secret says that the peer's value has a small order.
        if (/^0*$/.test(test.shared)) assert.equal(secret, undefined, what);
        else assert.equal(Buffer.from(secret ?? []).toString('hex'), test.shared, what);
        return true;
      });
    });
  }
}

describe('Wycheproof, IKE', ike);
