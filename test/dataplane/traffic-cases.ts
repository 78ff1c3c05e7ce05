import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed } from '../interop/dataplane/gateway.ts';
import { ah, esp, ipcomp, type Layer } from '../interop/dataplane/layers.ts';
import type { Suite } from '../interop/dataplane/tunnel.ts';
import type { PlanePair } from './plane-pair.ts';

interface Case {
  readonly inner: 4 | 6;
  readonly outer: 4 | 6;
  readonly udp?: boolean;
  readonly suite?: Suite;
  readonly mode?: 'transport';
  readonly esn?: boolean;
  readonly layers?: readonly Layer[];
}

const cases: Readonly<Record<string, Case>> = {
  'ESP, tunnel mode, IPv4 in IPv4': { inner: 4, outer: 4 },
  'ESP, tunnel mode, IPv6 in IPv6, ESN': { inner: 6, outer: 6, suite: 'aes-cbc-sha256', esn: true },
  'ESP, tunnel mode, IPv6 in IPv4': { inner: 6, outer: 4, suite: 'chacha20-poly1305' },
  'ESP, tunnel mode, IPv4 in IPv6': { inner: 4, outer: 6, suite: 'null-sha1' },
  'ESP in UDP, tunnel mode, IPv4 in IPv4, ESN': { inner: 4, outer: 4, udp: true, esn: true },
  'ESP in UDP, tunnel mode, IPv6 in IPv6': { inner: 6, outer: 6, udp: true },
  'ESP, transport mode, IPv4': { inner: 4, outer: 4, mode: 'transport' },
  'ESP, transport mode, IPv6': { inner: 6, outer: 6, mode: 'transport', suite: 'aes-cbc-sha256' },
  'ESP in UDP, transport mode, IPv4': { inner: 4, outer: 4, mode: 'transport', udp: true },
  'ESP in UDP, transport mode, IPv6': { inner: 6, outer: 6, mode: 'transport', udp: true },
  'AH, tunnel mode, IPv4 in IPv4': { inner: 4, outer: 4, layers: [ah('tunnel', 'sha1-96')] },
  'AH, transport mode, IPv6, ESN': { inner: 6, outer: 6, layers: [ah('transport', 'sha512-256')], esn: true },
  'ESP of tunnel mode in AH': { inner: 4, outer: 4, layers: [esp('tunnel'), ah('transport')] },
  'ESP of transport mode in AH, IPv6': { inner: 6, outer: 6, layers: [esp('transport'), ah('transport')] },
  'IPComp in ESP, tunnel mode': { inner: 4, outer: 4, layers: [ipcomp('tunnel'), esp('transport')] },
};

/** Packets of several lengths come through, are counted by the SAs and nothing else. */
export function trafficCases(title: string, pair: () => PlanePair): void {
  for (const [name, { layers, esn, udp = false, suite = 'aes-gcm', ...shape }] of Object.entries(cases)) {
    test(`${title}: ${name}`, async () => {
      await pair().reshape({ ...shape, udp, suite }, layers, esn);
      const start = await Promise.all(pair().gateways.map((gateway) => gateway.statistics()));
      await pair().protectedPackets(3, 600);
      await pair().protectedPackets(1, 1);
      for (const [i, gateway] of pair().gateways.entries())
        assert.deepEqual(changed(start[i]!, await gateway.statistics()), {});
      for (const side of ['left', 'right'] as const)
        for (const direction of ['in', 'out'] as const) {
          const state = await pair().state(side, pair().key(side, direction));
          assert.equal(state?.packets, 4n);
          assert.equal(state?.sequence, 4n);
          assert.equal(state?.state, 'mature');
          const header = (shape.inner === 4 ? 20n : 40n) + 8n;
          // An SA inside or transport mode adds or leaves out headers.
          if (layers === undefined && shape.mode !== 'transport')
            assert.equal(state?.bytes, 3n * 600n + 1n + 4n * header);
          else assert.ok(state!.bytes > 0n);
          assert.ok(Math.abs((state?.lastUsedAt ?? 0) - Date.now()) < 600_000);
        }
    });
  }

  test(`${title}: a packet larger than the link goes in fragments`, async () => {
    await pair().reshape({ inner: 4, outer: 4, udp: true, suite: 'aes-gcm' });
    assert.equal(await pair().ping(3, 4000), 3);
    const state = await pair().state('left', pair().key('left', 'out'));
    assert.ok((state?.packets ?? 0n) >= 3n);
  });
}
