import assert from 'node:assert/strict';
import { test } from 'node:test';
import { missingKernelFeature } from '../lab/index.ts';
import { assertTraffic, connect, withPair } from './strongswan-peer.ts';

const lacking = missingKernelFeature();

for (const initiator of ['routeplane', 'strongswan'] as const) {
  const who = initiator === 'routeplane' ? 'we are' : 'strongSwan is';
  test(`${who} behind a NAT that moves ports`, { skip: lacking }, async () => {
    await withPair({ initiator, nat: true }, async (pair) => {
      await connect(pair, initiator);
      await assertTraffic(pair);
      const [sa] = await pair.swan.sas();
      assert.equal(initiator === 'routeplane' ? sa?.natRemote : sa?.natLocal, true, 'charon saw the NAT');
      assert.equal(sa?.children[0]?.udpEncapsulation, true);
      if (initiator === 'routeplane') assert.ok(sa!.remotePort >= 20_000, `our port arrived as ${sa!.remotePort}`);
      assert.equal(pair.capture.count().esp ?? 0, 0, 'all ESP is in UDP');
    });
  });
}

for (const initiator of ['routeplane', 'strongswan'] as const) {
  test(`IPv6 outside, ${initiator === 'routeplane' ? 'we initiate' : 'we respond'}`, { skip: lacking }, async () => {
    await withPair({ initiator, ipv6: true }, async (pair) => {
      await connect(pair, initiator);
      await assertTraffic(pair);
      assert.ok(pair.capture.packets().some(({ kind, src }) => kind === 'esp-in-udp' && src.length === 16));
    });
  });
}

for (const initiator of ['routeplane', 'strongswan'] as const) {
  for (const force of ['yes', 'no'] as const) {
    const who = initiator === 'routeplane' ? 'we initiate' : 'we respond';
    test(`force-encapsulation=${force} without a NAT, ${who}`, { skip: lacking }, async () => {
      await withPair({ initiator, profile: `force-encapsulation=${force}` }, async (pair) => {
        await connect(pair, initiator);
        await assertTraffic(pair);
        const [sa] = await pair.swan.sas();
        // charon's own ESP in user space pretends to a NAT of its own; what it is told of ours is in NAT-D (RFC 7296 2.23).
        assert.equal(sa?.natRemote, force === 'yes', 'a NAT in front of us, as charon sees it');
        assert.equal(sa?.children[0]?.udpEncapsulation, true);
        assert.equal(pair.capture.count().esp ?? 0, 0, 'all ESP is in UDP');
      });
    });
  }
}

test('past the kernel, on every interface that can', { skip: lacking }, async () => {
  const forced = 'force-encapsulation=yes';
  await withPair({ initiator: 'routeplane', profile: forced, args: ['--xdp=auto'] }, async (pair) => {
    assert.match(pair.router.log, /past the kernel on \w+: AF_XDP native, copy/);
    await connect(pair, 'routeplane');
    await assertTraffic(pair);
  });
});
