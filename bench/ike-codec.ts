/** The IKE codec, SK payload, key exchange and key derivation: `npm run bench -- ike-codec`. */
import { readFileSync } from 'node:fs';
import { Bench } from 'tinybench';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { deriveIkeSaKeys } from '#lib/ike/keymat.js';
import { decodeMessage, encodeMessage, protectMessage, type SkKeys, unprotectMessage } from '#lib/ike/message.js';

const file = new URL('../../test/vectors/ike/strongswan.json', import.meta.url);
const { conversations } = JSON.parse(readFileSync(file, 'utf8')) as {
  conversations: { messages: { data: string }[] }[];
};
const request = new Uint8Array(Buffer.from(conversations[0]!.messages[0]!.data, 'hex'));
const message = decodeMessage(request);
const crypto = new OpensslCrypto();
const random = (length: number) => crypto.random(length);
const none = random(0);
const gcm: SkKeys = { encryption: 'aes-128-gcm', integrity: 'none', encryptionKey: random(20), integrityKey: none };
const cbc: SkKeys = {
  encryption: 'aes-256-cbc',
  integrity: 'sha256-128',
  encryptionKey: random(32),
  integrityKey: random(32),
};
const [sealedGcm, sealedCbc] = [protectMessage(crypto, gcm, message), protectMessage(crypto, cbc, message)];
const suite = { encryption: 'aes-128-gcm', integrity: 'none', prf: 'hmac-sha256', dhGroup: 'modp2048' } as const;
const exchange = {
  ni: random(32),
  nr: random(32),
  initiatorSpi: 1n,
  responderSpi: 2n,
  sharedSecret: random(256),
};

const bench = new Bench({ time: 500 });
bench
  .add(`decode IKE_SA_INIT, ${request.length} bytes`, () => decodeMessage(request))
  .add('encode IKE_SA_INIT', () => encodeMessage(message))
  .add('protect aes-128-gcm', () => protectMessage(crypto, gcm, message))
  .add('unprotect aes-128-gcm', () => unprotectMessage(crypto, gcm, sealedGcm))
  .add('protect aes-256-cbc/sha256-128', () => protectMessage(crypto, cbc, message))
  .add('unprotect aes-256-cbc/sha256-128', () => unprotectMessage(crypto, cbc, sealedCbc))
  .add('keys of an IKE_SA, hmac-sha256', () => deriveIkeSaKeys(crypto, suite, exchange));
for (const group of ['modp1024', 'modp2048', 'modp4096', 'ecp256', 'ecp384', 'ecp521', 'curve25519'] as const) {
  const { publicValue } = crypto.diffieHellman(group);
  bench.add(`${group}: a key and a shared secret`, () => {
    using dh = crypto.diffieHellman(group);
    dh.computeSecret(publicValue);
  });
}
await bench.run();
console.table(bench.table());
