import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Child, IkePair, type Initiator, type Plane } from './ike-pair.ts';

/** A suite in RouterOS's words, charon's words for it, and what charon then says it uses. */
type Suite = readonly [enc: string, auth: string, esp: string, encryption: string, integrity: string | undefined];

const suites: readonly Suite[] = [
  ['aes-128-gcm', 'null', 'aes128gcm16', 'AES_GCM_16-128', undefined],
  ['aes-192-gcm', 'null', 'aes192gcm16', 'AES_GCM_16-192', undefined],
  ['aes-256-gcm', 'null', 'aes256gcm16', 'AES_GCM_16-256', undefined],
  ['aes-128-cbc', 'sha1', 'aes128-sha1', 'AES_CBC-128', 'HMAC_SHA1_96'],
  ['aes-192-cbc', 'sha256', 'aes192-sha256', 'AES_CBC-192', 'HMAC_SHA2_256_128'],
  ['aes-256-cbc', 'sha512', 'aes256-sha512', 'AES_CBC-256', 'HMAC_SHA2_512_256'],
  ['aes-128-ctr', 'sha256', 'aes128ctr-sha256', 'AES_CTR-128', 'HMAC_SHA2_256_128'],
  ['aes-192-ctr', 'sha384', 'aes192ctr-sha384', 'AES_CTR-192', 'HMAC_SHA2_384_192'],
  ['aes-256-ctr', 'md5', 'aes256ctr-md5', 'AES_CTR-256', 'HMAC_MD5_96'],
  ['des', 'md5', 'des-md5', 'DES_CBC', 'HMAC_MD5_96'],
  ['3des', 'sha1', '3des-sha1', '3DES_CBC', 'HMAC_SHA1_96'],
  ['blowfish', 'sha1', 'blowfish128-sha1', 'BLOWFISH_CBC-128', 'HMAC_SHA1_96'],
  // By a number for private use, see `accept_private_algs` of the pair's charon.
  ['twofish', 'sha256', 'twofish128-sha256', 'TWOFISH_CBC-128', 'HMAC_SHA2_256_128'],
  ['camellia-128', 'sha256', 'camellia128-sha256', 'CAMELLIA_CBC-128', 'HMAC_SHA2_256_128'],
  ['camellia-192', 'sha256', 'camellia192-sha256', 'CAMELLIA_CBC-192', 'HMAC_SHA2_256_128'],
  ['camellia-256', 'sha512', 'camellia256-sha512', 'CAMELLIA_CBC-256', 'HMAC_SHA2_512_256'],
  ['chacha20poly1305', 'null', 'chacha20poly1305', 'CHACHA20_POLY1305', undefined],
  ['null', 'sha256', 'null-sha256', 'NULL', 'HMAC_SHA2_256_128'],
];

const children: readonly Child[] = suites.map(([enc, auth, esp], index) => ({
  name: `s${index}`,
  proposal: `enc-algorithms=${enc} auth-algorithms=${auth} pfs-group=none`,
  esp,
}));

/** Every cipher in one IKE_SA, a CHILD_SA each. */
export function suiteCases(plane: Plane, initiator: Initiator): void {
  const who = initiator === 'routeplane' ? 'we initiate' : 'we respond';
  describe(`${plane}, ${who}`, () => {
    let pair: IkePair;
    before(async () => {
      pair = await IkePair.open({ plane, initiator, children });
    });
    after(() => pair?.close());

    for (const [index, [enc, auth, , encryption, integrity]] of suites.entries()) {
      test(`${plane} data plane with charon's kernel ESP, ${who}: ${enc}, ${auth}`, async () => {
        await pair.connect(index);
        const sa = await pair.assertTraffic(index);
        assert.deepEqual([sa.mode, sa.encryption, sa.integrity], ['TUNNEL', encryption, integrity]);
        assert.equal(sa.udpEncapsulation, false);
      });
    }

    test(`${plane} data plane with charon's kernel ESP, ${who}: nothing crossed in clear`, async () => {
      assert.ok((pair.capture.count().esp ?? 0) > 0, 'plain ESP was used');
      assert.deepEqual(pair.clear(), []);
    });
  });
}
