import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import type { EncryptionName, IntegrityName, PrfName } from '#lib/ike/config.js';
import type { IkeCrypto } from '#lib/ike/crypto-provider.js';
import {
  deriveChildSaKeys,
  deriveIkeSaKeys,
  deriveRekeyedIkeSaKeys,
  prfPlus,
  pskAuth,
  signedOctets,
  wipeKeys,
} from '#lib/ike/keymat.js';

const crypto: IkeCrypto = new OpensslCrypto();
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (...parts: Uint8Array[]): string => Buffer.concat(parts).toString('hex');

const nist = JSON.parse(readFileSync(new URL('../../../test/vectors/ike/kdf.json', import.meta.url), 'utf8')) as Record<
  'ni' | 'nr' | 'gir' | 'girNew' | 'spii' | 'spir' | 'skeyseed' | 'skeyseedRekey' | 'dkm',
  string
>;
const ni = bytes(nist.ni);
const nr = bytes(nist.nr);
const spis = { initiatorSpi: BigInt(`0x${nist.spii}`), responderSpi: BigInt(`0x${nist.spir}`) };

test('keys of an IKE_SA and of its rekey are those of the NIST vector', () => {
  const suite = { encryption: 'aes-128-cbc', integrity: 'sha1-96', prf: 'hmac-sha1', dhGroup: 'modp1024' } as const;
  const keys = deriveIkeSaKeys(crypto, suite, { ni, nr, ...spis, sharedSecret: bytes(nist.gir) });
  const { skD, skAi, skAr, skEi, skEr, skPi, skPr } = keys;
  assert.deepEqual(
    [skD, skAi, skAr, skEi, skEr, skPi, skPr].map(({ length }) => length),
    [20, 20, 20, 16, 16, 20, 20],
  );
  assert.equal(hex(skD, skAi, skAr, skEi, skEr, skPi, skPr), nist.dkm.slice(0, 2 * 132));
  const seed = [ni, nr, bytes(nist.spii), bytes(nist.spir)];
  assert.equal(hex(prfPlus(crypto, 'hmac-sha1', bytes(nist.skeyseed), seed, 132)), nist.dkm);

  const sharedSecret = bytes(nist.girNew);
  const rekeyed = deriveRekeyedIkeSaKeys(crypto, 'hmac-sha1', skD, suite, { ni, nr, ...spis, sharedSecret });
  const expected = prfPlus(crypto, 'hmac-sha1', bytes(nist.skeyseedRekey), seed, 132);
  assert.equal(hex(...Object.values(rekeyed)), hex(expected));

  wipeKeys(keys);
  assert.ok(Object.values(keys).every((key: Uint8Array) => key.every((byte) => byte === 0)));
});

/** prf+ and KEYMAT written down once more, over node:crypto alone. */
function keymat(hash: string, key: Uint8Array, seed: Uint8Array, length: number): string {
  let out = Buffer.alloc(0);
  let block = Buffer.alloc(0);
  for (let i = 1; out.length < length; i++) {
    block = createHmac(hash, key).update(block).update(seed).update(Buffer.of(i)).digest();
    out = Buffer.concat([out, block]);
  }
  return out.subarray(0, length).toString('hex');
}

test('KEYMAT of a CHILD_SA has the sizes of the ciphers, with their salts', () => {
  // Key and salt: RFC 7296 2.17, RFC 2451, RFC 3602, RFC 3686 5.1, RFC 4106 8.1, RFC 7634 2.
  const cases: [EncryptionName, IntegrityName, number, number][] = [
    ['null', 'sha1-96', 0, 20],
    ['3des-cbc', 'md5-96', 24, 16],
    ['aes-128-cbc', 'sha256-128', 16, 32],
    ['aes-192-cbc', 'sha384-192', 24, 48],
    ['aes-256-cbc', 'sha512-256', 32, 64],
    ['aes-256-cbc', 'none', 32, 0],
    ['aes-128-ctr', 'sha1-96', 20, 20],
    ['aes-192-ctr', 'sha1-96', 28, 20],
    ['aes-256-ctr', 'sha1-96', 36, 20],
    ['aes-128-gcm', 'none', 20, 0],
    ['aes-192-gcm', 'none', 28, 0],
    ['aes-256-gcm', 'none', 36, 0],
    ['chacha20-poly1305', 'none', 36, 0],
  ];
  const prfs: [PrfName, string][] = [
    ['hmac-md5', 'md5'],
    ['hmac-sha1', 'sha1'],
    ['hmac-sha256', 'sha256'],
    ['hmac-sha384', 'sha384'],
    ['hmac-sha512', 'sha512'],
  ];
  const skD = crypto.random(32);
  for (const [encryption, integrity, encryptionBytes, integrityBytes] of cases) {
    for (const [prf, hash] of prfs) {
      for (const sharedSecret of [undefined, crypto.random(256)]) {
        const suite = { protocol: 'esp', encryption, integrity } as const;
        const { initiator, responder } = deriveChildSaKeys(crypto, prf, skD, suite, { ni, nr, sharedSecret });
        assert.equal(initiator.encryption.length, encryptionBytes);
        assert.equal(initiator.integrity.length, integrityBytes);
        const seed = Buffer.concat([sharedSecret ?? new Uint8Array(0), ni, nr]);
        const all = hex(initiator.encryption, initiator.integrity, responder.encryption, responder.integrity);
        assert.equal(all, keymat(hash, skD, seed, 2 * (encryptionBytes + integrityBytes)));
      }
    }
  }
  const ah = { protocol: 'ah', encryption: 'aes-128-gcm', integrity: 'sha256-128' } as const;
  const keys = deriveChildSaKeys(crypto, 'hmac-sha256', skD, ah, { ni, nr });
  assert.equal(keys.initiator.encryption.length, 0, 'AH encrypts nothing');
  assert.equal(keys.responder.integrity.length, 32);
  wipeKeys(keys);
  assert.ok(keys.responder.integrity.every((byte) => byte === 0));
});

test('prf+ ends with its one-octet counter', () => {
  assert.equal(prfPlus(crypto, 'hmac-md5', nr, [ni], 255 * 16).length, 255 * 16);
  assert.throws(() => prfPlus(crypto, 'hmac-md5', nr, [ni], 255 * 16 + 1), RangeError);
  assert.equal(prfPlus(crypto, 'hmac-md5', nr, [ni], 0).length, 0);
});

test('the AUTH payload of a shared secret', () => {
  const id = { idType: 2, data: Buffer.from('one.example') };
  const octets = signedOctets(crypto, 'hmac-sha256', { realMessage: ni, peerNonce: nr, skP: skP(), id });
  const macedId = createHmac('sha256', skP())
    .update(Buffer.from([2, 0, 0, 0]))
    .update('one.example')
    .digest();
  assert.equal(hex(octets), hex(ni, nr, macedId));
  const padded = createHmac('sha256', 'secret').update('Key Pad for IKEv2').digest();
  const expected = createHmac('sha256', padded).update(octets).digest();
  assert.equal(hex(pskAuth(crypto, 'hmac-sha256', Buffer.from('secret'), octets)), hex(expected));
});

function skP(): Uint8Array {
  return new Uint8Array(32).fill(7);
}
