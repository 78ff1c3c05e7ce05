import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingKernelFeature, until } from '../lab/index.ts';
import { assertTraffic, connect, type Pair, type PairOptions, withPair } from './strongswan-peer.ts';

const lacking = missingKernelFeature();

/** What each side may do, and what has to be different afterwards. */
const cases: readonly {
  readonly name: string;
  readonly initiator: PairOptions['initiator'];
  readonly what: 'child' | 'ike';
  readonly rekey: (pair: Pair) => Promise<unknown>;
}[] = [
  {
    name: 'we rekey the CHILD_SA',
    initiator: 'routeplane',
    what: 'child',
    rekey: ({ router }) => router.exec('/ip ipsec installed-sa rekey [find]'),
  },
  {
    name: 'strongSwan rekeys the CHILD_SA',
    initiator: 'routeplane',
    what: 'child',
    rekey: ({ swan }) => swan.rekey({ child: 'lan' }),
  },
  {
    name: 'we rekey the IKE_SA that strongSwan started',
    initiator: 'strongswan',
    what: 'ike',
    rekey: ({ router }) => router.exec('/ip ipsec active-peers rekey [find]'),
  },
  {
    name: 'strongSwan rekeys the IKE_SA that we started',
    initiator: 'routeplane',
    what: 'ike',
    rekey: ({ swan }) => swan.rekey({ ike: 'routeplane' }),
  },
];

for (const { name, initiator, what, rekey } of cases) {
  test(`${name}, and no packet is lost`, { skip: lacking }, async () => {
    await withPair({ initiator }, async (pair) => {
      await connect(pair, initiator);
      const [before] = await pair.swan.sas();
      // 100 a second for a second and a half, in each direction.
      const options = { count: 150, intervalMs: 10 };
      const floods = [
        pair.ourHost.ping(pair.theirHost.address, options),
        pair.theirHost.ping(pair.ourHost.address, options),
      ];
      await rekey(pair);
      const after = await until(
        async () => {
          const sas = (await pair.swan.sas()).filter((sa) => sa.state === 'ESTABLISHED');
          const [sa] = sas.map((one) => ({
            ...one,
            // charon lists a deleted one for some seconds more.
            children: one.children.filter((child) => child.state !== 'DELETED'),
          }));
          if (sas.length !== 1 || sa?.children.length !== 1) return undefined;
          const changed =
            what === 'ike'
              ? sa.initiatorSpi !== before?.initiatorSpi
              : sa.children[0]?.spiIn !== before?.children[0]?.spiIn;
          return changed ? sa : undefined;
        },
        5000,
        'charon has the new SA and not the old one',
      );
      for (const flood of floods) assert.deepEqual(await flood, { sent: 150, received: 150 });
      if (what === 'ike') {
        // RFC 7296 2.18: the CHILD_SAs move to the new IKE_SA as they are.
        assert.equal(after.children[0]?.spiIn, before?.children[0]?.spiIn);
        assert.equal(await pair.router.count('/ip ipsec active-peers', 'state=established'), 1);
      } else {
        assert.equal(after.initiatorSpi, before?.initiatorSpi);
        assert.notEqual(after.children[0]?.spiOut, before?.children[0]?.spiOut);
      }
      await until(
        async () => (await pair.router.count('/ip ipsec installed-sa')) === 2,
        3000,
        'only the new SAs are left',
      );
      await assertTraffic(pair);
    });
  });
}
