import { after, before, describe, test } from 'node:test';
import { type Shape, StaticPair, title } from './static-pair.ts';

const ahShapes: readonly Shape[] = [
  { mode: 'transport', inner: 4, outer: 4, protocols: ['ah'] },
  { mode: 'transport', inner: 6, outer: 6, protocols: ['ah'] },
  { mode: 'tunnel', inner: 4, outer: 4, protocols: ['ah'] },
  { mode: 'tunnel', inner: 6, outer: 6, protocols: ['ah'] },
  { mode: 'transport', inner: 4, outer: 4, protocols: ['esp', 'ah'] },
  { mode: 'tunnel', inner: 4, outer: 4, protocols: ['esp', 'ah'] },
];
const allIntegrity = [
  'md5-96',
  'sha1-96',
  'sha256-128',
  'sha384-192',
  'sha512-256',
  'aes-xcbc-96',
  'aes-cmac-96',
] as const;

/** RFC 791 3.1, RFC 2113, RFC 8200 4.2 to 4.6. The router on the way writes into the first two. */
const options = [
  ['IPv4 with Record Route', 'IPPROTO_IP', 'IP_OPTIONS', `070f04${'00'.repeat(12)}00`],
  ['IPv4 with Timestamp', 'IPPROTO_IP', 'IP_OPTIONS', `440c0500${'00'.repeat(8)}`],
  ['IPv4 with Router Alert', 'IPPROTO_IP', 'IP_OPTIONS', '94040000'],
  ['IPv6 with hop-by-hop options', 'IPPROTO_IPV6', 'IPV6_HOPOPTS', '0000050200000100'],
  ['IPv6 with destination options', 'IPPROTO_IPV6', 'IPV6_DSTOPTS', '00001e04aabbccdd'],
  ['IPv6 with a changing destination option', 'IPPROTO_IPV6', 'IPV6_DSTOPTS', '00003e04aabbccdd'],
] as const;

const cbc = { encryption: 'aes-cbc', keyBytes: 16, integrity: 'sha256-128' } as const;

describe('manual SAs of AH, our data plane and the kernel', () => {
  let pair: StaticPair;
  before(async () => {
    pair = await StaticPair.open();
  });
  after(() => pair?.close());

  for (const shape of ahShapes) {
    for (const integrity of shape === ahShapes[0] ? allIntegrity : (['sha256-128'] as const)) {
      test(`manual SAs with the kernel: ${title(shape)}, ${integrity}`, async () => {
        await pair.setShape(shape);
        await pair.setSas(cbc, { encryption: 'null', keyBytes: 0, integrity });
        await pair.assertTraffic();
      });
    }
  }
  test('manual SAs with the kernel: AH with extended sequence numbers', async () => {
    await pair.setShape(ahShapes[0]!);
    await pair.setSas({ encryption: 'null', keyBytes: 0, integrity: 'sha512-256', more: { esn: true } });
    await pair.assertTraffic();
  });

  for (const [name, level, option, bytes] of options) {
    test(`manual SAs with the kernel: AH in transport mode over ${name}`, async () => {
      const outer = level === 'IPPROTO_IP' ? 4 : 6;
      await pair.setShape({ mode: 'transport', inner: outer, outer, protocols: ['ah'] });
      await pair.setSas({ encryption: 'null', keyBytes: 0, integrity: 'sha256-128' });
      await pair.assertOptions(level, option, bytes);
    });
  }
});
