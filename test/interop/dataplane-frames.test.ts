import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingKernelFeature } from '../lab/index.ts';
import { changed } from './dataplane/gateway.ts';
import { ah, bundlePolicy, esp, type Layer, layerOf } from './dataplane/layers.ts';
import { Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();

const cases: { title: string; outer: 4 | 6; layers: Layer[] }[] = [
  { title: 'AH, tunnel mode', outer: 4, layers: [ah('tunnel')] },
  { title: 'AH, transport mode', outer: 4, layers: [ah('transport')] },
  { title: 'AH, transport mode', outer: 6, layers: [ah('transport')] },
  { title: 'AH around ESP of tunnel mode', outer: 4, layers: [esp('tunnel'), ah('transport')] },
  { title: 'AH around ESP of transport mode', outer: 6, layers: [esp('transport'), ah('transport')] },
  { title: 'ESP, transport mode', outer: 4, layers: [esp('transport')] },
];

/** What one frame holds comes past the kernel, what the path has cut through it: either way it is the same packet. */
describe('AH, bundles and fragments past the kernel', { skip: lacking, timeout: 240_000 }, () => {
  for (const frames of ['xdp', 'packet'] as const)
    for (const { title, outer, layers } of cases)
      test(`${frames}: ${title}, IPv${outer}`, async () => {
        const transport = layers[0]!.mode === 'transport';
        await using tunnel = await Tunnel.open({
          inner: outer,
          outer,
          udp: false,
          suite: 'aes-gcm',
          mode: transport ? 'transport' : 'tunnel',
          withoutSas: true,
          gateways: { xdp: ['wan'], frames },
        });
        for (const [side, gateway] of [
          ['left', tunnel.leftGateway],
          ['right', tunnel.rightGateway],
        ] as const) {
          await gateway.call('setPolicies', [tunnel.policy(side, bundlePolicy(layers))]);
          for (const direction of ['in', 'out'] as const)
            for (const layer of layers) await gateway.call('addSa', layerOf(tunnel.sa(side, direction), layer));
        }
        const from = transport ? tunnel.left : tunnel.a;
        assert.ok((await from.ping(tunnel.innerTarget, { count: 5 })).received > 0);
        const before = await tunnel.rightGateway.statistics();
        const start = await tunnel.rightGateway.threadStatistics();
        assert.deepEqual(await from.ping(tunnel.innerTarget, { count: 10 }), { sent: 10, received: 10 });
        const small = await tunnel.rightGateway.threadStatistics();
        assert.equal(small.xdpInPackets - start.xdpInPackets, 10n);
        assert.equal(small.cipherInPackets - start.cipherInPackets, 10n);
        assert.deepEqual(await from.ping(tunnel.innerTarget, { count: 5, bytes: 3000 }), { sent: 5, received: 5 });
        const large = await tunnel.rightGateway.threadStatistics();
        // In transport mode the outer packets are fragments; in tunnel mode the inner ones were.
        if (transport) {
          assert.equal(large.cipherInPackets - small.cipherInPackets, 5n);
          assert.equal(large.xdpInPackets, small.xdpInPackets);
        } else {
          assert.equal(large.xdpInPackets - small.xdpInPackets, large.cipherInPackets - small.cipherInPackets);
        }
        assert.deepEqual(changed(before, await tunnel.rightGateway.statistics()), {});
      });
});
