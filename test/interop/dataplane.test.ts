import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Capture, missingKernelFeature, type WireKind } from '../lab/index.ts';
import { changed } from './dataplane/gateway.ts';
import { net, type Suite, spis, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();
const quiet: readonly WireKind[] = ['arp', 'neighbour-discovery'];

describe('two userspace data planes, static SAs', { skip: lacking, timeout: 240_000 }, () => {
  const cases: { inner: 4 | 6; outer: 4 | 6; udp: boolean; suite: Suite }[] = [];
  for (const outer of [4, 6] as const)
    for (const inner of [4, 6] as const)
      for (const udp of [true, false])
        for (const suite of ['aes-gcm', 'aes-cbc-sha256'] as const) cases.push({ inner, outer, udp, suite });
  cases.push({ inner: 4, outer: 4, udp: true, suite: 'chacha20-poly1305' });
  cases.push({ inner: 4, outer: 4, udp: false, suite: 'null-sha1' });

  for (const c of cases) {
    test(`IPv${c.inner} in IPv${c.outer}, ${c.udp ? 'ESP in UDP' : 'plain ESP'}, ${c.suite}`, async () => {
      await using tunnel = await Tunnel.open(c);
      const before = await tunnel.leftGateway.statistics();
      const capture = await Capture.start(tunnel.right, 'wan');
      const ping = await tunnel.a.ping(tunnel.innerTarget, { count: 4, bytes: 600 });
      await capture.stop();
      const kinds = capture.count();
      await capture.close();
      assert.deepEqual(ping, { sent: 4, received: 4 });

      const expected = c.udp ? 'esp-in-udp' : 'esp';
      // Joined packets show as one on the wire; the packet thread counts each.
      assert.ok((kinds[expected] ?? 0) > 0);
      for (const kind of Object.keys(kinds) as WireKind[])
        assert.ok(kind === expected || quiet.includes(kind), `${kind} on the wire`);

      for (const gateway of [tunnel.leftGateway, tunnel.rightGateway]) {
        assert.deepEqual(changed(before, await gateway.statistics()), {});
        const thread = await gateway.threadStatistics();
        assert.deepEqual(
          [thread.cipherInPackets, thread.cipherOutPackets, thread.plainInPackets, thread.plainOutPackets],
          [4n, 4n, 4n, 4n],
        );
      }
      const header = c.inner === 4 ? 28n : 48n;
      for (const direction of ['out', 'in'] as const) {
        const spi = direction === 'out' ? spis.leftToRight : spis.rightToLeft;
        const dst = direction === 'out' ? net.right[c.outer] : net.left[c.outer];
        const state = await tunnel.leftGateway.sa(spi, dst);
        assert.equal(state?.packets, 4n);
        assert.equal(state?.bytes, 4n * (600n + header));
        assert.equal(state?.sequence, 4n);
        assert.equal(state?.state, 'mature');
        assert.ok(Math.abs((state?.lastUsedAt ?? 0) - Date.now()) < 60_000);
      }
    });
  }
});
