import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  ML_KEM_SECRET_BYTES,
  MlKemKey,
  type MlKemName,
  mlKemEncapsulate,
  mlKemParameters,
} from '#lib/crypto/ml-kem.js';
import { ClosedError } from '#lib/errors.js';

type Vector = Readonly<Record<'ek' | 'd' | 'z' | 'm' | 'k' | 'ekSha256' | 'cSha256', string>> & {
  readonly name: MlKemName;
  readonly tcId: number;
};
const vectors = JSON.parse(
  readFileSync(new URL('../../../test/vectors/ml-kem.json', import.meta.url), 'utf8'),
) as Readonly<Record<'keyGen' | 'encapsulation' | 'encapsulationKeyCheck', readonly Vector[]>>;
const names = Object.keys(mlKemParameters) as MlKemName[];
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');
const sha256 = (value: Uint8Array): string => createHash('sha256').update(value).digest('hex');

test('key generation gives the values of NIST', () => {
  for (const { name, tcId, d, z, ekSha256 } of vectors.keyGen) {
    using key = new MlKemKey(name, bytes(d + z));
    assert.equal(key.publicKey.length, mlKemParameters[name].publicKeyBytes);
    assert.equal(sha256(key.publicKey), ekSha256, `${name} ${tcId}`);
  }
  assert.equal(vectors.keyGen.length, 75);
});

test('encapsulation gives the values of NIST', () => {
  for (const { name, tcId, ek, m, cSha256, k } of vectors.encapsulation) {
    const { ciphertext, sharedSecret } = mlKemEncapsulate(name, bytes(ek), bytes(m))!;
    assert.equal(ciphertext.length, mlKemParameters[name].ciphertextBytes);
    assert.equal(sha256(ciphertext), cSha256, `${name} ${tcId}`);
    assert.equal(hex(sharedSecret), k, `${name} ${tcId}`);
  }
});

test('a key whose seed is known opens what was sealed for it, and implicit rejection gives the value of FIPS 203 6.3', () => {
  for (const { name, d, z } of vectors.keyGen.filter(({ tcId }) => tcId % 25 === 1)) {
    using key = new MlKemKey(name, bytes(d + z));
    const { ciphertext, sharedSecret } = mlKemEncapsulate(name, key.publicKey)!;
    assert.equal(sharedSecret.length, ML_KEM_SECRET_BYTES);
    assert.deepEqual(key.decapsulate(ciphertext), sharedSecret);
    ciphertext[ciphertext.length >> 1]! ^= 4;
    // J(z | c) is SHAKE256 of 32 bytes.
    const rejected = createHash('shake256', { outputLength: 32 }).update(bytes(z)).update(ciphertext).digest('hex');
    assert.equal(hex(key.decapsulate(ciphertext)), rejected);
  }
});

test('fresh keys differ and agree; after dispose they are gone', () => {
  for (const name of names) {
    const [a, b] = [new MlKemKey(name), new MlKemKey(name)];
    assert.notEqual(hex(a.publicKey), hex(b.publicKey));
    const { ciphertext, sharedSecret } = mlKemEncapsulate(name, a.publicKey)!;
    assert.deepEqual(a.decapsulate(ciphertext), sharedSecret);
    assert.notDeepEqual(b.decapsulate(ciphertext), sharedSecret);
    a.dispose();
    a.dispose();
    assert.throws(() => a.decapsulate(ciphertext), ClosedError);
    b.dispose();
  }
});

test('public keys that are not reduced are refused', () => {
  for (const { name, ek } of vectors.encapsulationKeyCheck) assert.equal(mlKemEncapsulate(name, bytes(ek)), undefined);
  using key = new MlKemKey('ml-kem-768');
  for (const at of [0, 1, 1151]) {
    // 0xd01 is q itself: the least that is too large.
    const forged = Uint8Array.from(key.publicKey);
    const i = at - (at % 3);
    forged.set(at % 3 === 0 ? [0x01, 0x0d, 0x00] : [0x00, 0x10, 0xd0], i);
    assert.equal(mlKemEncapsulate('ml-kem-768', forged), undefined);
  }
});

test('other names, types and lengths throw', () => {
  assert.throws(() => new MlKemKey('ml-kem-640' as MlKemName), TypeError);
  assert.throws(() => mlKemEncapsulate('toString' as MlKemName, randomBytes(800)), TypeError);
  for (const name of names) {
    const { publicKeyBytes, ciphertextBytes } = mlKemParameters[name];
    using key = new MlKemKey(name);
    assert.throws(() => new MlKemKey(name, randomBytes(63)), RangeError);
    for (const length of [0, publicKeyBytes - 1, publicKeyBytes + 1]) {
      assert.throws(() => mlKemEncapsulate(name, randomBytes(length)), RangeError);
    }
    for (const length of [0, ciphertextBytes - 1, ciphertextBytes + 1]) {
      assert.throws(() => key.decapsulate(randomBytes(length)), RangeError);
    }
    assert.throws(() => key.decapsulate('' as unknown as Uint8Array), TypeError);
    assert.throws(() => mlKemEncapsulate(name, key.publicKey, randomBytes(31)), RangeError);
  }
});
