import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PolicySpec } from '#lib/dataplane/index.js';
import { missingKernelFeature, until } from '../lab/index.ts';
import { changed } from './dataplane/gateway.ts';
import { net, selector, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();

/** The gateway itself, as its LAN knows it. */
const own = { 4: net.rightInner[4], 6: net.rightInner[6] } as const;

describe('packets in the clear to the gateway itself', { skip: lacking, timeout: 240_000 }, () => {
  for (const inner of [4, 6] as const)
    test(`IPv${inner}: dropped and counted where protection is demanded, taken where they come protected`, async () => {
      await using tunnel = await Tunnel.open({ inner, outer: 4, udp: false, suite: 'aes-gcm' });
      const { leftGateway, rightGateway } = tunnel;
      const before = await rightGateway.statistics();
      assert.deepEqual(await tunnel.a.ping(own[inner], { count: 3 }), { sent: 3, received: 3 });
      assert.deepEqual(changed(before, await rightGateway.statistics()), {});
      // From here on the left gateway protects nothing.
      await leftGateway.call('setPolicies', []);
      assert.deepEqual(await tunnel.a.ping(own[inner], { count: 4, waitMs: 200 }), { sent: 4, received: 0 });
      await rightGateway.counted('inTemplateMismatches', before, 4n);
      await until(() => rightGateway.drops.some(({ counter }) => counter === 'inTemplateMismatches'), 3000, 'an event');
      // Fragments: of IPv6 the first one is the one that is dropped, and without it there is no datagram.
      const large = await tunnel.a.exec('ping', ['-c', '1', '-W', '1', '-s', '4000', own[inner]], { check: false });
      assert.match(large.stdout, / 0 received/);
      await rightGateway.counted('inTemplateMismatches', before, 5n);
      assert.deepEqual(Object.keys(changed(before, await rightGateway.statistics())), ['inTemplateMismatches']);
      // Between the gateways nothing is demanded.
      assert.equal((await tunnel.left.ping(net.right[inner], { count: 2 })).received, 2);
    });

  test('the first policy that matches decides, with its ports', async () => {
    await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'aes-gcm' });
    const { leftGateway, rightGateway } = tunnel;
    await leftGateway.call('setPolicies', []);
    const [mine, peer] = [net.rightLan[4], '10.1.0.0/20'];
    const port = (first: number, last = first) => ({ protocol: 6, localPorts: { first, last } });
    const policy = (id: number, more: Partial<PolicySpec>, what = {}): PolicySpec =>
      tunnel.policy('right', { id, selector: selector(mine, peer, what), ...more });
    await rightGateway.call('setPolicies', [
      policy(1, { action: 'none' }, port(5001)),
      policy(2, { action: 'discard' }, port(5002)),
      // Without an SA it answers in the clear.
      policy(3, { level: 'use', reqid: 9 }, port(5003)),
      policy(4, {}, port(5000, 5010)),
    ]);
    const server = tunnel.right.spawn('/usr/bin/python3', [
      '-c',
      `import select, socket
servers = [socket.create_server(('', port)) for port in range(5001, 5012)]
print('up', flush=True)
while True:
    for s in select.select(servers, [], [])[0]: s.accept()[0].close()`,
    ]);
    await server.waitFor(/up/);
    const connects = async (to: number, seconds: number): Promise<boolean> => {
      const script = `import socket; socket.create_connection(('${own[4]}', ${to}), ${seconds})`;
      return (await tunnel.a.exec('/usr/bin/python3', ['-c', script], { check: false })).stderr === '';
    };
    const before = await rightGateway.statistics();
    for (const [to, expected] of [
      [5001, true],
      [5002, false],
      [5003, true],
      [5004, false],
      [5010, false],
      [5011, true],
    ] as const)
      assert.equal(await connects(to, expected ? 20 : 1), expected, `port ${to}`);
    await rightGateway.counted('inPolicyBlocked', before);
    await rightGateway.counted('inTemplateMismatches', before, 2n);
    // No policy: nothing is demanded any more.
    await rightGateway.call('setPolicies', []);
    assert.equal(await connects(5004, 20), true);
    await server.stop();
  });

  test('IKE and what is between neighbours go on under a policy for everything; a crash leaves no table', async () => {
    await using tunnel = await Tunnel.open({ inner: 6, outer: 6, udp: false, suite: 'aes-gcm', mode: 'transport' });
    const { leftGateway, rightGateway } = tunnel;
    await leftGateway.call('setPolicies', []);
    const all = selector('::/0', '::/0');
    await rightGateway.call('setPolicies', [tunnel.policy('right', { selector: all })]);
    const before = await rightGateway.statistics();
    assert.equal((await tunnel.left.ping(net.right[6], { count: 2, waitMs: 200 })).received, 0);
    await rightGateway.counted('inTemplateMismatches', before, 2n);
    tunnel.left.ip('neighbour', 'flush', 'dev', 'wan');
    for (const port of [500, 4500]) {
      rightGateway.ike.length = 0;
      const [local, remote] = [net.left[6], net.right[6]].map((address) => ({ address, port }));
      // Longer than the link: fragments.
      await leftGateway.call('sendIke', local!, remote!, new Uint8Array(3000).fill(1));
      await until(() => rightGateway.ike.length > 0, 5000, 'the IKE message');
      assert.equal(rightGateway.ike[0]!.data.length, 3000);
    }
    const tables = async (): Promise<string> => (await tunnel.right.exec('nft', ['list', 'tables'])).stdout.trim();
    assert.match(await tables(), /^table inet routeplane-rp0/);
    await rightGateway.crash();
    assert.equal(await tables(), '');
  });
});
