import assert from 'node:assert/strict';
import { createCipheriv, createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { IntegrityError, WireError } from '#lib/errors.js';
import type { EncryptionName, IntegrityName } from '#lib/ike/config.js';
import type { IkeCrypto } from '#lib/ike/crypto-provider.js';
import { encryptionKeyBytes, integrityKeyBytes } from '#lib/ike/keymat.js';
import {
  decodeMessage,
  encodeMessage,
  type IkeMessage,
  protectMessage,
  type SkKeys,
  unprotectMessage,
} from '#lib/ike/message.js';
import { messages } from './ike-codec-arbitrary.js';

const crypto: IkeCrypto = new OpensslCrypto();

const aeads = ['aes-128-gcm', 'aes-192-gcm', 'aes-256-gcm', 'chacha20-poly1305'] as const;
const ciphers = [
  'des-cbc',
  '3des-cbc',
  'blowfish-128-cbc',
  'twofish-128-cbc',
  'camellia-128-cbc',
  'camellia-192-cbc',
  'camellia-256-cbc',
  'camellia-128-ctr',
  'camellia-192-ctr',
  'camellia-256-ctr',
  'aes-128-cbc',
  'aes-192-cbc',
  'aes-256-cbc',
  'aes-128-ctr',
  'aes-192-ctr',
  'aes-256-ctr',
] as const;
const macs = ['md5-96', 'sha1-96', 'sha256-128', 'sha384-192', 'sha512-256'] as const;

function keysFor(encryption: EncryptionName, integrity: IntegrityName): SkKeys {
  const encryptionKey = crypto.random(encryptionKeyBytes(encryption));
  return {
    encryption,
    integrity,
    encryptionKey,
    integrityKey: crypto.random(integrityKeyBytes(encryption, integrity)),
  };
}

const suites: SkKeys[] = [
  ...aeads.map((encryption) => keysFor(encryption, 'none')),
  ...ciphers.flatMap((encryption) => macs.map((integrity) => keysFor(encryption, integrity))),
];
const title = ({ encryption, integrity }: SkKeys) => `${encryption}/${integrity}`;

const message: IkeMessage = {
  initiatorSpi: 1n,
  responderSpi: 2n,
  exchangeType: 37,
  initiator: true,
  response: false,
  messageId: 9,
  payloads: [{ type: 'V', data: Uint8Array.of(1, 2, 3) }],
};

for (const keys of suites) {
  test(`${title(keys)}: every length opens, nothing changed does`, () => {
    for (let length = 0; length < 40; length++) {
      const sent = { ...message, payloads: [{ type: 'V' as const, data: crypto.random(length) }] };
      assert.deepEqual(unprotectMessage(crypto, keys, protectMessage(crypto, keys, sent)), sent);
    }
    const empty = { ...message, payloads: [] };
    assert.deepEqual(unprotectMessage(crypto, keys, protectMessage(crypto, keys, empty)), empty);
    const data = protectMessage(crypto, keys, message);
    for (let i = 0; i < data.length * 8; i += 3) {
      const changed = Uint8Array.from(data);
      changed[i >> 3]! ^= 1 << (i & 7);
      assert.throws(() => unprotectMessage(crypto, keys, changed), IntegrityError, `bit ${i}`);
    }
    for (let length = 0; length < data.length; length++) {
      const cut = Uint8Array.from(data.subarray(0, length));
      assert.throws(() => unprotectMessage(crypto, keys, cut), IntegrityError);
      if (length < 32) continue;
      new DataView(cut.buffer).setUint32(24, length);
      new DataView(cut.buffer).setUint16(30, length - 28);
      assert.throws(() => unprotectMessage(crypto, keys, cut), IntegrityError);
    }
    const other = {
      ...keys,
      encryptionKey: crypto.random(keys.encryptionKey.length),
      integrityKey: crypto.random(keys.integrityKey.length),
    };
    assert.throws(() => unprotectMessage(crypto, other, data), IntegrityError);
  });
}

test('any message opens again', () => {
  fc.assert(
    fc.property(messages, fc.constantFrom(...suites), (sent, keys) => {
      assert.deepEqual(unprotectMessage(crypto, keys, protectMessage(crypto, keys, sent)), structuredClone(sent));
    }),
    { numRuns: 200 },
  );
});

/** An SK message put together by hand, as RFC 7296 3.14 draws it, with AES-CBC and HMAC-SHA-256. */
const cbc = keysFor('aes-128-cbc', 'sha256-128');
function handmade(firstPayload: number, plaintext: Uint8Array): Uint8Array {
  const iv = crypto.random(16);
  const cipher = createCipheriv('aes-128-cbc', cbc.encryptionKey, iv).setAutoPadding(false);
  const body = Buffer.concat([iv, cipher.update(plaintext), cipher.final()]);
  const head = Buffer.from(
    encodeMessage({
      ...message,
      payloads: [{ type: 'SK', firstPayload, data: Buffer.concat([body, Buffer.alloc(16)]) }],
    }),
  );
  createHmac('sha256', cbc.integrityKey)
    .update(head.subarray(0, -16))
    .digest()
    .copy(head, head.length - 16, 0, 16);
  return head;
}

test('padding of any length and content is taken, and one that is longer than the payload refused', () => {
  const vendor = Buffer.from('0000000501', 'hex');
  const padded = (padBytes: number, size: number) =>
    Buffer.concat([vendor, crypto.random(size - 6), Buffer.of(padBytes)]);
  const expected = [{ type: 'V', data: Uint8Array.of(1) }];
  for (const size of [16, 32, 256]) {
    const opened = unprotectMessage(crypto, cbc, handmade(43, padded(size - 6, size)));
    assert.deepEqual(structuredClone(opened.payloads), expected);
  }
  assert.deepEqual(unprotectMessage(crypto, cbc, handmade(0, padded(15, 16))).payloads, []);
  for (const padBytes of [16, 17, 255]) {
    assert.throws(() => unprotectMessage(crypto, cbc, handmade(43, padded(padBytes, 16))), /Pad Length/);
  }
  assert.throws(
    () => unprotectMessage(crypto, cbc, handmade(43, padded(9, 16))),
    WireError,
    'payloads behind the last',
  );
});

test('what the peer itself protected and got wrong is a WireError', () => {
  assert.throws(
    () =>
      unprotectMessage(
        crypto,
        cbc,
        handmade(33, Buffer.from('00000004000000000000000000000009'.padEnd(32, '0'), 'hex')),
      ),
    WireError,
  );
  const nested = Buffer.alloc(16);
  nested[3] = 4;
  nested[15] = 11;
  assert.throws(() => unprotectMessage(crypto, cbc, handmade(46, nested)), /SK payload inside/);
});

test('payloads before the SK payload are covered by its checksum and come first', () => {
  const inner = protectMessage(crypto, cbc, message);
  assert.equal(decodeMessage(inner).payloads.length, 1);
  const sk = decodeMessage(inner).payloads[0]!;
  const before = { type: 'N', protocol: 0, spi: new Uint8Array(0), notify: 16390, data: Uint8Array.of(7) } as const;
  const outer = Buffer.from(encodeMessage({ ...message, payloads: [before, sk] }));
  assert.throws(() => unprotectMessage(crypto, cbc, outer), IntegrityError);
  createHmac('sha256', cbc.integrityKey)
    .update(outer.subarray(0, -16))
    .digest()
    .copy(outer, outer.length - 16, 0, 16);
  const { payloads } = unprotectMessage(crypto, cbc, outer);
  assert.deepEqual(structuredClone(payloads), [before, ...message.payloads]);
});

test('a message without SK payload is no protected message', () => {
  assert.throws(() => unprotectMessage(crypto, cbc, encodeMessage(message)), IntegrityError);
  assert.throws(() => unprotectMessage(crypto, cbc, encodeMessage({ ...message, payloads: [] })), IntegrityError);
});

test('no IV of a counter mode comes twice, and none of CBC can be foreseen', () => {
  const ivOf = (keys: SkKeys, sent: IkeMessage, bytes: number) =>
    Buffer.from(protectMessage(crypto, keys, sent).subarray(32, 32 + bytes)).toString('hex');
  for (const encryption of ['aes-128-gcm', 'chacha20-poly1305', 'aes-256-ctr'] as const) {
    const keys = keysFor(encryption, encryption === 'aes-256-ctr' ? 'sha1-96' : 'none');
    const seen = new Set<string>();
    for (let messageId = 0; messageId < 500; messageId++) {
      for (const response of [false, true]) seen.add(ivOf(keys, { ...message, messageId, response }, 8));
    }
    assert.equal(seen.size, 1000);
    assert.equal(ivOf(keys, { ...message, messageId: 0x01020304 }, 4), '01020304');
  }
  const random = new Set(Array.from({ length: 100 }, () => ivOf(cbc, message, 16)));
  assert.equal(random.size, 100);
});

test('an IKE_SA never goes without integrity, nor with a key of the wrong size', () => {
  assert.throws(() => protectMessage(crypto, { ...cbc, integrity: 'none' }, message), TypeError);
  assert.throws(() => protectMessage(crypto, { ...cbc, encryptionKey: new Uint8Array(15) }, message), TypeError);
});
