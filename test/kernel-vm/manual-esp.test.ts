import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Capture } from '../lab/index.ts';
import { type Shape, StaticPair, type Suite, title } from './static-pair.ts';

const suites: Readonly<Record<string, Suite>> = {
  'AES-128-GCM': { encryption: 'aes-gcm', keyBytes: 20, integrity: 'none' },
  'AES-192-GCM': { encryption: 'aes-gcm', keyBytes: 28, integrity: 'none' },
  'AES-256-GCM': { encryption: 'aes-gcm', keyBytes: 36, integrity: 'none' },
  'AES-256-GCM with 8 octets of ICV': {
    encryption: 'aes-gcm',
    keyBytes: 36,
    integrity: 'none',
    more: { icvBytes: 8 },
  },
  'AES-256-GCM with 12 octets of ICV': {
    encryption: 'aes-gcm',
    keyBytes: 36,
    integrity: 'none',
    more: { icvBytes: 12 },
  },
  'AES-128-CCM': { encryption: 'aes-ccm', keyBytes: 19, integrity: 'none' },
  'AES-256-CCM with 8 octets of ICV': { encryption: 'aes-ccm', keyBytes: 35, integrity: 'none', more: { icvBytes: 8 } },
  'null with AES-128-GMAC': { encryption: 'null-aes-gmac', keyBytes: 20, integrity: 'none' },
  'null with AES-256-GMAC': { encryption: 'null-aes-gmac', keyBytes: 36, integrity: 'none' },
  'ChaCha20-Poly1305': { encryption: 'chacha20-poly1305', keyBytes: 36, integrity: 'none' },
  'AES-128-CBC with HMAC-SHA1': { encryption: 'aes-cbc', keyBytes: 16, integrity: 'sha1-96' },
  'AES-192-CBC with HMAC-SHA-256': { encryption: 'aes-cbc', keyBytes: 24, integrity: 'sha256-128' },
  'AES-256-CBC with HMAC-SHA-512': { encryption: 'aes-cbc', keyBytes: 32, integrity: 'sha512-256' },
  'AES-128-CTR with HMAC-SHA-256': { encryption: 'aes-ctr', keyBytes: 20, integrity: 'sha256-128' },
  'AES-192-CTR with HMAC-SHA-384': { encryption: 'aes-ctr', keyBytes: 28, integrity: 'sha384-192' },
  'AES-256-CTR with HMAC-MD5': { encryption: 'aes-ctr', keyBytes: 36, integrity: 'md5-96' },
  'DES-CBC with HMAC-MD5': { encryption: 'des-cbc', keyBytes: 8, integrity: 'md5-96' },
  '3DES-CBC with HMAC-SHA1': { encryption: '3des-cbc', keyBytes: 24, integrity: 'sha1-96' },
  'Blowfish-128-CBC with HMAC-SHA1': { encryption: 'blowfish-cbc', keyBytes: 16, integrity: 'sha1-96' },
  'Blowfish-448-CBC with HMAC-SHA1': { encryption: 'blowfish-cbc', keyBytes: 56, integrity: 'sha1-96' },
  'Twofish-128-CBC with HMAC-SHA1': { encryption: 'twofish-cbc', keyBytes: 16, integrity: 'sha1-96' },
  'Twofish-256-CBC with HMAC-SHA-256': { encryption: 'twofish-cbc', keyBytes: 32, integrity: 'sha256-128' },
  'Camellia-128-CBC with HMAC-SHA-256': { encryption: 'camellia-cbc', keyBytes: 16, integrity: 'sha256-128' },
  'Camellia-192-CBC with HMAC-SHA-256': { encryption: 'camellia-cbc', keyBytes: 24, integrity: 'sha256-128' },
  'Camellia-256-CBC with HMAC-SHA-256': { encryption: 'camellia-cbc', keyBytes: 32, integrity: 'sha256-128' },
  'null with AES-XCBC': { encryption: 'null', keyBytes: 0, integrity: 'aes-xcbc-96' },
  'null with AES-CMAC': { encryption: 'null', keyBytes: 0, integrity: 'aes-cmac-96' },
  'null with HMAC-SHA-512': { encryption: 'null', keyBytes: 0, integrity: 'sha512-256' },
  'AES-128-GCM, extended sequence numbers': {
    encryption: 'aes-gcm',
    keyBytes: 20,
    integrity: 'none',
    more: { esn: true },
  },
  'AES-128-CBC with HMAC-SHA-256, extended sequence numbers': {
    encryption: 'aes-cbc',
    keyBytes: 16,
    integrity: 'sha256-128',
    more: { esn: true, replayWindow: 1024 },
  },
  'AES-128-GCM without anti-replay': {
    encryption: 'aes-gcm',
    keyBytes: 20,
    integrity: 'none',
    more: { replayWindow: 0 },
  },
};

const gcm = suites['AES-128-GCM']!;
const cbc = suites['AES-192-CBC with HMAC-SHA-256']!;

const shapes: readonly Shape[] = [
  { mode: 'tunnel', inner: 4, outer: 4, protocols: ['esp'] },
  { mode: 'tunnel', inner: 6, outer: 6, protocols: ['esp'] },
  { mode: 'tunnel', inner: 6, outer: 4, protocols: ['esp'] },
  { mode: 'tunnel', inner: 4, outer: 6, protocols: ['esp'] },
  { mode: 'transport', inner: 4, outer: 4, protocols: ['esp'] },
  { mode: 'transport', inner: 6, outer: 6, protocols: ['esp'] },
];

describe('manual SAs, our data plane and the kernel', () => {
  let pair: StaticPair;
  before(async () => {
    pair = await StaticPair.open();
  });
  after(() => pair?.close());

  for (const [index, shape] of shapes.entries()) {
    for (const [name, suite] of index === 0
      ? Object.entries(suites)
      : ([
          ['AES-128-GCM', gcm],
          ['AES-192-CBC with HMAC-SHA-256', cbc],
        ] as const)) {
      test(`manual SAs with the kernel: ${title(shape)}, ${name}`, async () => {
        await pair.setShape(shape);
        await pair.setSas(suite);
        await pair.assertTraffic();
      });
    }
  }

  test('manual SAs with the kernel: nothing crosses in clear', async () => {
    await pair.setShape(shapes[0]!);
    await pair.setSas(gcm);
    await using capture = await Capture.start(pair.ours, 'wan', 'ip');
    await pair.assertTraffic();
    await capture.stop();
    assert.deepEqual(Object.keys(capture.count()), ['esp']);
  });
});
