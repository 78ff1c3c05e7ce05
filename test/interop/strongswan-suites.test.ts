import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingKernelFeature } from '../lab/index.ts';
import { assertTraffic, connect, gcm, type PairOptions, type Suite, withPair } from './strongswan-peer.ts';

const lacking = missingKernelFeature();

interface SuiteCase {
  readonly name: string;
  readonly suite: Suite;
  /** What charon then says the IKE_SA and the CHILD_SA use. */
  readonly ike: string;
  readonly esp: string;
  readonly integrity?: string;
  readonly initiators?: readonly PairOptions['initiator'][];
}

const both = ['routeplane', 'strongswan'] as const;

const cases: readonly SuiteCase[] = [
  { name: 'AES-128-GCM', suite: gcm, ike: 'AES_CBC-128', esp: 'AES_GCM_16-128' },
  {
    name: 'AES-256-CBC with HMAC-SHA-256',
    suite: {
      profile: 'enc-algorithm=aes-256 hash-algorithm=sha256 dh-group=ecp256',
      proposal: 'enc-algorithms=aes-256-cbc auth-algorithms=sha256 pfs-group=ecp256',
      ike: 'aes256-sha256-ecp256',
      esp: 'aes256-sha256-ecp256',
    },
    ike: 'AES_CBC-256',
    esp: 'AES_CBC-256',
    integrity: 'HMAC_SHA2_256_128',
  },
  {
    name: 'AES-192-CTR with HMAC-SHA-512',
    suite: {
      profile: 'enc-algorithm=aes-192 hash-algorithm=sha512 dh-group=ecp384',
      proposal: 'enc-algorithms=aes-192-ctr auth-algorithms=sha512 pfs-group=ecp384',
      ike: 'aes192-sha512-ecp384',
      esp: 'aes192ctr-sha512-ecp384',
    },
    ike: 'AES_CBC-192',
    esp: 'AES_CTR-192',
    integrity: 'HMAC_SHA2_512_256',
    initiators: ['routeplane'],
  },
  {
    name: 'ChaCha20-Poly1305, no PFS',
    suite: {
      profile: 'enc-algorithm=aes-128 hash-algorithm=sha384 dh-group=ecp521',
      proposal: 'enc-algorithms=chacha20poly1305 auth-algorithms=null pfs-group=none',
      ike: 'aes128-sha384-ecp521',
      esp: 'chacha20poly1305',
    },
    ike: 'AES_CBC-128',
    esp: 'CHACHA20_POLY1305',
    initiators: ['strongswan'],
  },
  {
    name: 'AES-256-GCM in IKE and ESP, curve25519',
    suite: {
      profile: 'enc-algorithm=aes-256-gcm hash-algorithm=sha256 prf-algorithm=sha384 dh-group=x25519',
      proposal: 'enc-algorithms=aes-256-gcm auth-algorithms=null pfs-group=x25519',
      ike: 'aes256gcm16-prfsha384-x25519',
      esp: 'aes256gcm16-x25519',
    },
    ike: 'AES_GCM_16-256',
    esp: 'AES_GCM_16-256',
  },
  {
    name: '3DES in IKE, AES-128-CBC with HMAC-SHA1 in ESP',
    suite: {
      profile: 'enc-algorithm=3des hash-algorithm=sha1 dh-group=modp1024',
      proposal: 'enc-algorithms=aes-128-cbc auth-algorithms=sha1 pfs-group=modp1024',
      ike: '3des-sha1-modp1024',
      esp: 'aes128-sha1-modp1024',
    },
    ike: '3DES_CBC',
    esp: 'AES_CBC-128',
    integrity: 'HMAC_SHA1_96',
  },
];

for (const { name, suite, ike, esp, integrity, initiators } of cases) {
  for (const initiator of initiators ?? both) {
    test(`${name}, ${initiator === 'routeplane' ? 'we initiate' : 'we respond'}`, { skip: lacking }, async () => {
      await withPair({ suite, initiator }, async (pair) => {
        await connect(pair, initiator);
        await assertTraffic(pair);
        const [sa] = await pair.swan.sas();
        assert.equal(sa?.initiator, initiator === 'strongswan');
        assert.equal(sa?.encryption, ike);
        assert.equal(sa?.children[0]?.encryption, esp);
        assert.equal(sa?.children[0]?.integrity, integrity);
        assert.equal(sa?.children[0]?.mode, 'TUNNEL');
      });
    });
  }
}

test('the first of several proposals that both know is taken', { skip: lacking }, async () => {
  const suite: Suite = {
    profile: 'enc-algorithm=aes-256,aes-128,3des hash-algorithm=sha256 dh-group=modp3072,modp2048,ecp256',
    proposal: 'enc-algorithms=aes-256-cbc,aes-128-gcm,aes-128-cbc auth-algorithms=sha512,sha256 pfs-group=none',
    ike: 'aes128-sha256-ecp256,aes128-sha256-modp2048',
    esp: 'aes128-sha256',
  };
  // Our first guess at the group is wrong: INVALID_KE_PAYLOAD, RFC 7296 1.3.
  await withPair({ suite, initiator: 'routeplane' }, async (pair) => {
    await connect(pair, 'routeplane');
    await assertTraffic(pair);
    const [sa] = await pair.swan.sas();
    assert.equal(sa?.encryption, 'AES_CBC-128');
    assert.equal(sa?.children[0]?.encryption, 'AES_CBC-128');
  });
});

test('a wrong guess at our group is answered with INVALID_KE_PAYLOAD, and a cookie is asked for', {
  skip: lacking,
}, async () => {
  // charon guesses modp3072, which we do not have.
  const suite: Suite = { ...gcm, ike: 'aes128-sha256-modp3072-modp2048' };
  const settings = 'ddos-cookie-threshold=0';
  await withPair({ suite, initiator: 'strongswan', settings }, async (pair) => {
    await connect(pair, 'strongswan');
    await assertTraffic(pair);
    assert.match(pair.swan.log, /peer didn't accept DH group MODP_3072, it requested MODP_2048/);
    assert.match(pair.swan.log, /N\(COOKIE\)/);
  });
});

for (const initiator of both) {
  test(`selectors are narrowed, ${initiator === 'routeplane' ? 'we initiate' : 'we respond'}`, {
    skip: lacking,
  }, async () => {
    const narrow = initiator === 'routeplane' ? '/25' : '/20';
    const child = { local_ts: `10.1.${initiator === 'routeplane' ? '101' : '96'}.0${narrow}` };
    await withPair({ initiator, child }, async (pair) => {
      await connect(pair, initiator);
      await assertTraffic(pair);
      const expected = initiator === 'routeplane' ? '10.1.101.0/25' : '10.1.101.0/24';
      assert.deepEqual((await pair.swan.children())[0]?.localSelectors, [expected]);
    });
  });
}
