import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PolicySpec } from '#lib/dataplane/index.js';
import { changed } from '../interop/dataplane/gateway.ts';
import { inject, ipv4Udp, nullEsp } from '../interop/dataplane/inject.ts';
import { net, selector, spis, suiteKeys } from '../interop/dataplane/tunnel.ts';
import { until } from '../lab/index.ts';
import { type PlanePair, plain, type Side, wire } from './plane-pair.ts';

const patience = 20_000;

/** The SPD: order, actions, levels, what it asks for and what it refuses. */
export function policyCases(title: string, pair: () => PlanePair): void {
  const icmp = (side: Side) => ({ ...pair().tunnel.selector(side), protocol: 1 });
  const both = async (make: (side: Side) => readonly Partial<PolicySpec>[]) => {
    for (const side of ['left', 'right'] as const) await pair().policiesOf(side, ...make(side));
  };

  test(`${title}: the first policy that matches decides`, async () => {
    await pair().reshape(plain);
    await both((side) => [{ action: 'none', selector: icmp(side) }, {}]);
    await pair().clearPackets(2);
    await both((side) => [{}, { action: 'none', selector: icmp(side) }]);
    await pair().protectedPackets(2);
    await both((side) => [{ action: 'discard', selector: icmp(side) }, {}]);
    const before = await pair().gateway('left').statistics();
    await pair().lost(2);
    await pair().gateway('left').counted('outPolicyBlocked', before, 2n);
    await pair().policies({});
    await pair().protectedPackets(2);
  });

  test(`${title}: ICMP types and port ranges select`, async () => {
    await pair().reshape(plain);
    const timestamps = { first: 0x0d00, last: 0x0eff };
    await both((side) => [{ selector: { ...icmp(side), localPorts: timestamps } }]);
    await pair().clearPackets(2);
    const echoes = { first: 0x0000, last: 0x08ff };
    await both((side) => [{ selector: { ...icmp(side), localPorts: echoes } }]);
    await pair().protectedPackets(2);
    const ports = { first: 5000, last: 5010 };
    await both((side) => [
      { selector: { ...pair().tunnel.selector(side), protocol: 17, localPorts: ports, remotePorts: ports } },
    ]);
    await pair().clearPackets(2);
  });

  test(`${title}: level require without an SA drops and asks for one`, async () => {
    await pair().reshape({ ...plain, withoutSas: true });
    const left = pair().gateway('left');
    await pair().policiesOf('left', { id: 42, reqid: 420, saSrc: net.left[4], saDst: net.right[4] });
    const before = await left.statistics();
    await pair().lost(3);
    await left.counted('outNoStates', before, 3n);
    await until(() => left.acquires.length > 0, patience, 'an acquire');
    const echo = { first: 0x0800, last: 0x0800 };
    const { policy, reqid, packet } = left.acquires[0]!;
    assert.deepEqual(
      { policy, reqid, packet },
      {
        policy: 42,
        reqid: 420,
        packet: selector(`${net.a[4]}/32`, `${net.b[4]}/32`, { protocol: 1, localPorts: echo, remotePorts: echo }),
      },
    );
  });

  test(`${title}: level use without an SA lets pass and asks for none; with one it protects`, async () => {
    await pair().reshape({ ...plain, withoutSas: true });
    await pair().policies({ level: 'use' });
    await pair().clearPackets(2);
    assert.deepEqual(pair().gateway('left').acquires, []);
    await pair().tunnel.addSas();
    await pair().protectedPackets(2);
  });

  test(`${title}: level unique takes the SA of its own number, and no other`, async () => {
    await pair().reshape(plain);
    const { tunnel } = pair();
    await both((side) => [{ level: 'unique', reqid: 7, selector: icmp(side) }, {}]);
    await pair().lost(2);
    const own = { spi: 0x77770001, reqid: 7 };
    const back = { spi: 0x77770002, reqid: 7 };
    await pair()
      .gateway('right')
      .call('addSa', { ...tunnel.sa('right', 'in'), ...own });
    await pair()
      .gateway('left')
      .call('addSa', { ...tunnel.sa('left', 'in'), ...back });
    await pair()
      .gateway('right')
      .call('addSa', { ...tunnel.sa('right', 'out'), ...back });
    await pair()
      .gateway('left')
      .call('addSa', { ...tunnel.sa('left', 'out'), ...own });
    await pair().clearPackets(2);
    const key = { spi: own.spi, dst: net.right[4], protocol: 'esp' } as const;
    assert.equal((await pair().state('left', key))?.packets, 2n);
  });

  test(`${title}: a packet in the clear is refused where a policy wants it protected`, async () => {
    await pair().reshape(plain);
    await pair().gateway('left').call('setPolicies', []);
    const before = await pair().gateway('right').statistics();
    await pair().lost(2);
    await pair().gateway('right').counted('inTemplateMismatches', before, 2n);
  });

  test(`${title}: a protected packet is refused without a policy, by another one, and by one that discards`, async () => {
    await pair().reshape({ ...plain, suite: 'null-sha1' });
    const right = pair().gateway('right');
    const key = suiteKeys('null-sha1', 'toRight').integrityKey;
    const inner = ipv4Udp(net.a[4], net.b[4], Buffer.from('hello'));
    let sequence = 0;
    for (const [policies, counter] of [
      [[], 'inNoPolicies'],
      [[{ reqid: 99 }], 'inTemplateMismatches'],
      [[{ action: 'discard' }], 'inPolicyBlocked'],
    ] as const) {
      await pair().policiesOf('right', ...policies);
      const before = await right.statistics();
      const payload = nullEsp(key, spis.leftToRight, ++sequence, inner, 4);
      await inject(pair().tunnel.left, [{ kind: 'esp', ...wire, payload }]);
      await right.counted(counter, before);
      assert.deepEqual(changed(before, await right.statistics()), { [counter]: '+1' });
    }
  });

  test(`${title}: no packet is lost or leaves in the clear while policies are replaced`, async () => {
    await pair().reshape(plain);
    const { tunnel } = pair();
    const count = 100;
    const ping = tunnel.a.ping(net.b[4], { count, intervalMs: 10, waitMs: 10_000 });
    for (let i = 0; i < 20; i++)
      await pair().policiesOf('left', { id: 50, selector: selector(`10.77.${i}.0/24`, net.rightLan[4]) }, {});
    assert.deepEqual(await ping, { sent: count, received: count });
    assert.equal((await pair().state('left', pair().key('left', 'out')))?.packets, BigInt(count));
  });

  test(`${title}: policies that cannot be change nothing`, async () => {
    await pair().reshape(plain);
    const left = pair().gateway('left');
    const policy = pair().tunnel.policy('left');
    await assert.rejects(left.call('setPolicies', [policy, policy]), { name: 'TypeError' });
    const many = Array.from({ length: 3 }, (_, i) => ({ ...policy, id: i + 2, action: 'discard' as const }));
    const wrong = { ...policy, id: 9, selector: selector('10.0.0.0/8', 'no address') };
    await assert.rejects(left.call('setPolicies', [...many, wrong]), { name: 'TypeError' });
    await pair().protectedPackets(2);
  });

  for (const version of [4, 6] as const) {
    test(`${title}: IKE over IPv${version} passes by a policy that discards everything`, async () => {
      await pair().reshape({ ...plain, inner: version, outer: version, withoutSas: true });
      const everything = version === 4 ? '0.0.0.0/0' : '::/0';
      await pair().policies({ action: 'discard', selector: selector(everything, everything) });
      const right = pair().gateway('right');
      for (const port of [500, 4500]) {
        const local = { address: net.left[version], port };
        const remote = { address: net.right[version], port };
        const data = Uint8Array.from({ length: 1200 }, (_, i) => i & 0xff);
        // The next hop may not be known yet.
        await until(
          async () => {
            if (right.ike.length === 0) await pair().gateway('left').call('sendIke', local, remote, data);
            return right.ike.length > 0;
          },
          patience,
          `the IKE message to ${port}`,
          500,
        );
        assert.deepEqual(right.ike[0], { local: remote, remote: local, data });
        right.forget();
      }
    });
  }
}
