import assert from 'node:assert/strict';
import type { Child, IkePairOptions, Plane } from './ike-pair.ts';
import { pairCases } from './modes.ts';

const ah: Child = {
  name: 'ah',
  proposal: 'enc-algorithms=null auth-algorithms=sha256 pfs-group=x25519',
  policy: 'ipsec-protocols=ah',
  ah: 'sha256-x25519',
};

const cases: readonly [Plane, IkePairOptions['initiator'], 'tunnel' | 'transport'][] = [
  ['kernel', 'routeplane', 'tunnel'],
  ['kernel', 'strongswan', 'transport'],
  ['userspace', 'strongswan', 'tunnel'],
  ['userspace', 'routeplane', 'transport'],
];

for (const [plane, initiator, mode] of cases) {
  const who = initiator === 'routeplane' ? 'we initiate' : 'we respond';
  pairCases(
    `AH negotiated with charon, ${plane} data plane, ${mode} mode, ${who}`,
    { plane, initiator, mode, children: [ah] },
    {
      'traffic both ways': async (pair) => {
        const sa = await pair.assertTraffic();
        assert.equal(sa.mode, mode === 'transport' ? 'TRANSPORT' : 'TUNNEL');
        assert.equal(sa.integrity, 'HMAC_SHA2_256_128');
        assert.match(pair.theirNamespace.ip('xfrm', 'state'), /proto ah spi/);
        // Protocol 51, and nothing else but IKE.
        const protocols = new Set(
          pair.capture
            .packets()
            .filter(({ kind }) => kind !== 'ike')
            .map(({ data }) => data[9]),
        );
        assert.deepEqual([...protocols], [51]);
      },
    },
  );
}
