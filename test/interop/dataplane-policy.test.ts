import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PolicySpec } from '#lib/dataplane/index.js';
import { Capture, missingKernelFeature, until, type WireKind } from '../lab/index.ts';
import { net, selector, spis, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();
const base = { inner: 4, outer: 4, udp: true, suite: 'aes-gcm' } as const;
const icmp = (left: string, right: string) => selector(left, right, { protocol: 1 });

async function onWire(tunnel: Tunnel, body: () => Promise<unknown>): Promise<Partial<Record<WireKind, number>>> {
  const capture = await Capture.start(tunnel.right, 'wan', 'not arp');
  await body();
  await capture.stop();
  const { 'neighbour-discovery': _, ...kinds } = capture.count();
  await capture.close();
  return kinds;
}

describe('SPD of the userspace data plane', { skip: lacking, timeout: 240_000 }, () => {
  const left = net.leftLan[4];
  const right = net.rightLan[4];

  test('the first policy that matches decides: none before encrypt', async () => {
    await using tunnel = await Tunnel.open(base);
    const none = { action: 'none', id: 2 } as const;
    await tunnel.leftGateway.call('setPolicies', [
      tunnel.policy('left', { ...none, selector: icmp(left, right) }),
      tunnel.policy('left'),
    ]);
    await tunnel.rightGateway.call('setPolicies', [
      tunnel.policy('right', { ...none, selector: icmp(right, left) }),
      tunnel.policy('right'),
    ]);
    assert.deepEqual(await onWire(tunnel, () => tunnel.a.ping(net.b[4], { count: 2 })), { icmp: 4 });
    // The other way about, everything is protected.
    await tunnel.leftGateway.call('setPolicies', [
      tunnel.policy('left'),
      tunnel.policy('left', { ...none, selector: icmp(left, right) }),
    ]);
    await tunnel.rightGateway.call('setPolicies', [
      tunnel.policy('right'),
      tunnel.policy('right', { ...none, selector: icmp(right, left) }),
    ]);
    assert.deepEqual(await onWire(tunnel, () => tunnel.a.ping(net.b[4], { count: 2 })), { 'esp-in-udp': 4 });
  });

  test('IPv6: none for ICMP lets ICMP pass and nothing else', async () => {
    await using tunnel = await Tunnel.open({ ...base, inner: 6 });
    for (const [gateway, side] of [
      [tunnel.leftGateway, 'left'],
      [tunnel.rightGateway, 'right'],
    ] as const)
      await gateway.call('setPolicies', [
        tunnel.policy(side, { action: 'none', id: 2, selector: { ...tunnel.selector(side), protocol: 58 } }),
        tunnel.policy(side),
      ]);
    const kinds = await onWire(tunnel, async () => {
      assert.equal((await tunnel.a.ping(net.b[6], { count: 2 })).received, 2);
      const server = tunnel.b.spawn('iperf3', ['-s', '-1', '--forceflush']);
      await server.waitFor(/listening/);
      await tunnel.a.exec('iperf3', ['-c', net.b[6], '-n', '100K']);
    });
    assert.ok((kinds['esp-in-udp'] ?? 0) > 5, JSON.stringify(kinds));
    assert.equal(kinds.tcp, undefined);
  });

  test('a policy for everything, with an exception for the LAN in front of it', async () => {
    await using tunnel = await Tunnel.open({ ...base, withoutSas: true });
    const all = selector('0.0.0.0/0', '0.0.0.0/0');
    await tunnel.addSas({ selectors: [all] });
    for (const [gateway, own] of [
      [tunnel.leftGateway, left],
      [tunnel.rightGateway, right],
    ] as const)
      await gateway.call('setPolicies', [
        tunnel.policy('left', { action: 'none', id: 2, selector: selector('0.0.0.0/0', own) }),
        tunnel.policy('left', { selector: all }),
      ]);
    const kinds = await onWire(tunnel, async () => {
      assert.deepEqual(await tunnel.a.ping(net.b[4], { count: 3 }), { sent: 3, received: 3 });
    });
    assert.deepEqual(kinds, { 'esp-in-udp': 6 });
  });

  test('policies that the kernel refuses leave those before them, in rules and SPD', async () => {
    await using tunnel = await Tunnel.open(base);
    const many = Array.from({ length: 2500 }, (_, id) =>
      tunnel.policy('left', { id, action: 'none', selector: selector('10.50.0.0/16', `10.60.${id % 250}.0/24`) }),
    );
    await assert.rejects(tunnel.leftGateway.call('setPolicies', many), /policies: more than/);
    assert.deepEqual(await onWire(tunnel, () => tunnel.a.ping(net.b[4], { count: 2 })), { 'esp-in-udp': 4 });
  });

  test('port ranges: TCP to 5000-5010 is protected, other ports go in the clear', async () => {
    await using tunnel = await Tunnel.open(base);
    const ports = { first: 5000, last: 5010 };
    const policy = (side: 'left' | 'right'): PolicySpec =>
      tunnel.policy(side, {
        selector:
          side === 'left'
            ? selector(left, right, { protocol: 6, remotePorts: ports })
            : selector(right, left, { protocol: 6, localPorts: ports }),
      });
    await tunnel.leftGateway.call('setPolicies', [policy('left')]);
    await tunnel.rightGateway.call('setPolicies', [policy('right')]);
    for (const [port, kind, other] of [
      [5005, 'esp-in-udp', 'tcp'],
      [5011, 'tcp', 'esp-in-udp'],
    ] as const) {
      const kinds = await onWire(tunnel, async () => {
        const server = tunnel.b.spawn('iperf3', ['-s', '-1', '-p', `${port}`, '--forceflush']);
        await server.waitFor(/listening/);
        await tunnel.a.exec('iperf3', ['-c', net.b[4], '-p', `${port}`, '-n', '100K']);
      });
      assert.ok((kinds[kind] ?? 0) > 5, JSON.stringify(kinds));
      assert.equal(kinds[other], undefined);
    }
  });

  test('ICMP types stand in the ports: what the rule caught beyond them passes in the clear', async () => {
    await using tunnel = await Tunnel.open(base);
    // Timestamp requests (13) and replies (14) only.
    const types = { first: 0x0d00, last: 0x0eff };
    await tunnel.leftGateway.call('setPolicies', [
      tunnel.policy('left', { selector: selector(left, right, { protocol: 1, localPorts: types }) }),
    ]);
    await tunnel.rightGateway.call('setPolicies', [
      tunnel.policy('right', { selector: selector(right, left, { protocol: 1, localPorts: types }) }),
    ]);
    const kinds = await onWire(tunnel, async () => {
      assert.equal((await tunnel.a.ping(net.b[4], { count: 2 })).received, 2);
    });
    assert.deepEqual(kinds, { icmp: 4 });
    assert.equal((await tunnel.leftGateway.threadStatistics()).passedPackets >= 2n, true);
  });

  test('level require drops and asks once a second; level use passes in the clear; an SA ends both', async () => {
    await using tunnel = await Tunnel.open({ ...base, withoutSas: true });
    const start = await tunnel.leftGateway.statistics();
    const began = performance.now();
    const kinds = await onWire(tunnel, async () => {
      assert.equal(await tunnel.request(10), 0);
    });
    assert.deepEqual(kinds, {});
    await tunnel.leftGateway.counted('outNoStates', start, 10n);
    await until(() => tunnel.leftGateway.acquires.length > 0, 20_000, 'the question');
    // However long the ten have taken.
    const seconds = Math.ceil((performance.now() - began) / 1000);
    const [first, ...more] = tunnel.leftGateway.acquires;
    assert.ok(more.length < seconds && more.length < 9, `${more.length} more in ${seconds} s`);
    const echo = { first: 0x0800, last: 0x0800 };
    assert.deepEqual(
      { ...first, type: undefined },
      {
        type: undefined,
        policy: 1,
        reqid: 1,
        packet: selector(`${net.a[4]}/32`, `${net.b[4]}/32`, { protocol: 1, localPorts: echo, remotePorts: echo }),
      },
    );

    for (const [gateway, side] of [
      [tunnel.leftGateway, 'left'],
      [tunnel.rightGateway, 'right'],
    ] as const)
      await gateway.call('setPolicies', [tunnel.policy(side, { id: 3, level: 'use' })]);
    assert.deepEqual(await onWire(tunnel, () => tunnel.a.ping(net.b[4], { count: 2 })), { icmp: 4 });
    assert.equal(
      tunnel.leftGateway.acquires.some((acquire) => acquire.policy === 3),
      false,
    );
    await tunnel.addSas();
    assert.deepEqual(await onWire(tunnel, () => tunnel.a.ping(net.b[4], { count: 2 })), { 'esp-in-udp': 4 });
  });

  test('a local program that has bound no address is protected when its source address will be', async () => {
    for (const version of [4, 6] as const) {
      await using tunnel = await Tunnel.open({ ...base, inner: version, outer: version, mode: 'transport' });
      const capture = await Capture.start(tunnel.right, 'wan', 'not arp');
      assert.deepEqual(await tunnel.left.ping(net.right[version], { count: 2 }), { sent: 2, received: 2 });
      await capture.stop();
      const kinds = capture.count();
      await capture.close();
      assert.equal(kinds['esp-in-udp'], 4);
      assert.equal(kinds.icmp, undefined);
    }
  });

  test('the newest SA of a reqid sends; the older one serves again when it is deleted', async () => {
    await using tunnel = await Tunnel.open(base);
    const newer = { ...tunnel.sa('left', 'out'), spi: 0x44440001 };
    await tunnel.rightGateway.call('addSa', { ...tunnel.sa('right', 'in'), spi: newer.spi });
    await tunnel.leftGateway.call('addSa', newer);
    const packets = async (spi: number) => (await tunnel.leftGateway.sa(spi, net.right[4]))?.packets;
    assert.equal((await tunnel.a.ping(net.b[4], { count: 2 })).received, 2);
    assert.deepEqual([await packets(newer.spi), await packets(spis.leftToRight)], [2n, 0n]);
    await tunnel.leftGateway.call('deleteSa', { spi: newer.spi, dst: net.right[4], protocol: 'esp' });
    assert.equal((await tunnel.a.ping(net.b[4], { count: 2 })).received, 2);
    assert.equal(await packets(spis.leftToRight), 2n);
  });

  test('no packet leaves in the clear while the policies are replaced under traffic', async () => {
    await using tunnel = await Tunnel.open(base);
    const kinds = await onWire(tunnel, async () => {
      const ping = tunnel.a.ping(net.b[4], { count: 200, intervalMs: 4 });
      for (let i = 0; i < 20; i++)
        await tunnel.leftGateway.call('setPolicies', [
          tunnel.policy('left', { id: 50, selector: selector(`10.77.${i}.0/24`, right) }),
          tunnel.policy('left'),
        ]);
      assert.deepEqual(await ping, { sent: 200, received: 200 });
    });
    assert.deepEqual(Object.keys(kinds), ['esp-in-udp']);
  });

  test('a new address makes a policy see local packets that it did not see before', async () => {
    await using tunnel = await Tunnel.open(base);
    // Left's own packets to the far LAN go out with the address of `wan`, which no policy names.
    assert.deepEqual(await onWire(tunnel, () => tunnel.left.ping(net.b[4], { count: 1 })), { icmp: 2 });
    tunnel.left.ip('route', 'replace', right, 'via', net.right[4], 'src', net.leftInner[4]);
    await until(() => /from 0.0.0.0/.test(tunnel.left.ip('rule')), 3000, 'a rule for packets without a source');
    assert.deepEqual(await onWire(tunnel, () => tunnel.left.ping(net.b[4], { count: 2 })), { 'esp-in-udp': 4 });
  });

  test('what cannot be is a TypeError that names the property, and changes nothing', async () => {
    await using tunnel = await Tunnel.open(base);
    const refused = (more: object, pattern: RegExp) =>
      assert.rejects(tunnel.leftGateway.call('setPolicies', [{ ...tunnel.policy('left'), ...more }]), pattern);
    await refused({ action: 'drop' }, /policies\[0\]\.action/);
    await refused({ selector: selector('10.0.0.1/8', right) }, /policies\[0\]\.selector\.local/);
    await refused({ selector: selector(left, '2001:db8::/32') }, /selector\.remote/);
    await refused({ selector: { ...selector(left, right), localPorts: { first: 9, last: 8 } } }, /localPorts\.last/);
    await refused({ reqid: -1 }, /reqid/);
    const sa = (more: object, pattern: RegExp) =>
      assert.rejects(tunnel.leftGateway.call('addSa', { ...tunnel.sa('left', 'out'), ...more }), pattern);
    await sa({}, /spi/);
    await sa({ spi: 255 }, /spi/);
    await sa({ spi: 999, protocol: 'ah' }, /AH/);
    await sa({ spi: 999, encryptionKey: new Uint8Array(3) }, /encryptionKey/);
    await sa({ spi: 999, encryption: 'rot13' }, /rot13/);
    await sa({ spi: 999, udp: { srcPort: 4501, dstPort: 4500 } }, /udp\.srcPort/);
    await sa({ spi: 999, dst: '2001:db8::1' }, /dst/);
    assert.equal(await tunnel.leftGateway.sa(999, net.right[4]), undefined);
    assert.equal((await tunnel.a.ping(net.b[4], { count: 1 })).received, 1);
  });
});
