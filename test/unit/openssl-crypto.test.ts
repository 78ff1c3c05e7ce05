import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';

const crypto = new OpensslCrypto();
const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('hex');

test('names that the provider does not have', () => {
  for (const name of ['', 'none', 'rot13', '__proto__', 'constructor', 'toString']) {
    const bytes = new Uint8Array(16);
    assert.throws(() => crypto.prf(name, bytes, []), TypeError);
    assert.throws(() => crypto.integrity(name, bytes, []), TypeError);
    assert.throws(() => crypto.encrypt(name, bytes, bytes, bytes), TypeError);
    assert.throws(() => crypto.decrypt(name, bytes, bytes, bytes), TypeError);
    assert.throws(() => crypto.seal(name, bytes, bytes, bytes, bytes), TypeError);
    assert.throws(() => crypto.open(name, bytes, bytes, bytes, bytes), TypeError);
    assert.throws(() => crypto.diffieHellman(name), TypeError);
  }
});

test('prf and integrity take their input in parts, and integrity is cut', () => {
  const key = Buffer.from('Jefe');
  const parts = [Buffer.from('what do ya want '), Buffer.from(''), Buffer.from('for nothing?')];
  // RFC 2202 2 and 3, RFC 4231 4.3.
  assert.equal(hex(crypto.prf('hmac-md5', key, parts)), '750c783e6ab0b503eaa86e310a5db738');
  assert.equal(hex(crypto.prf('hmac-sha1', key, parts)), 'effcdf6ae5eb2fa2d27416d5f184df9c259a7c79');
  assert.equal(
    hex(crypto.prf('hmac-sha256', key, parts)),
    '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843',
  );
  assert.equal(hex(crypto.integrity('md5-96', key, parts)), '750c783e6ab0b503eaa86e31');
  assert.equal(hex(crypto.integrity('sha1-96', key, parts)), 'effcdf6ae5eb2fa2d27416d5');
  assert.equal(hex(crypto.integrity('sha256-128', key, parts)), '5bdcc146bf60754e6a042426089575c7');
  assert.equal(crypto.integrity('sha384-192', key, parts).length, 24);
  assert.equal(crypto.integrity('sha512-256', key, parts).length, 32);
  assert.equal(hex(crypto.sha1([Buffer.from('a'), Buffer.from('bc')])), 'a9993e364706816aba3e25717850c26c9cd0d89d');
});

test('what was sealed opens, and nothing else', () => {
  const [key, nonce, aad, plaintext] = [crypto.random(32), crypto.random(12), crypto.random(9), crypto.random(33)];
  for (const name of ['aes-256-gcm', 'chacha20-poly1305']) {
    const sealed = crypto.seal(name, key, nonce, aad, plaintext);
    assert.equal(sealed.length, plaintext.length + 16);
    assert.equal(hex(crypto.open(name, key, nonce, aad, sealed)), hex(plaintext));
    assert.equal(crypto.open(name, key, nonce, aad.subarray(1), sealed), undefined);
    for (const length of [0, 15, 16, sealed.length - 1]) {
      assert.equal(crypto.open(name, key, nonce, aad, sealed.subarray(0, length)), undefined);
    }
    assert.equal(crypto.open(name, key, nonce, aad, crypto.seal(name, key, nonce, aad, new Uint8Array(0)))?.length, 0);
  }
});

test('random bytes are not the same twice', () => {
  assert.equal(crypto.random(0).length, 0);
  assert.notEqual(hex(crypto.random(32)), hex(crypto.random(32)));
});
