import assert from 'node:assert/strict';
import { after as afterAll, before, describe, test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import type { IpsecStatistics, SaSpec } from '#lib/dataplane/index.js';
import { Capture, missingKernelFeature, until } from '../lab/index.ts';
import { changed } from './dataplane/gateway.ts';
import { inject, ipv4Udp, nullEsp } from './dataplane/inject.ts';
import { net, spis, suiteKeys, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();
const left = net.left[4];
const right = net.right[4];

/** Each counter of `/ip ipsec statistics` that can be moved from outside, and that nothing else moves with it. */
describe('ipsec statistics', { skip: lacking, timeout: 240_000 }, () => {
  let tunnel: Tunnel;
  const toRight = suiteKeys('null-sha1', 'toRight').integrityKey;
  const inner = ipv4Udp(net.a[4], net.b[4], Buffer.from('hello'));
  let sequence = 1000;

  before(async () => {
    tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'null-sha1' });
  });
  afterAll(() => tunnel?.close());

  type Side = 'left' | 'right';
  const gateway = (side: Side) => (side === 'left' ? tunnel.leftGateway : tunnel.rightGateway);

  /** Runs `body`, then exactly `expected` must have moved at `side`. */
  async function moves(
    side: Side,
    expected: Partial<Record<keyof IpsecStatistics, number>>,
    body: () => Promise<unknown>,
  ): Promise<void> {
    const start = await gateway(side).statistics();
    await body();
    for (const [counter, by] of Object.entries(expected))
      await gateway(side).counted(counter as keyof IpsecStatistics, start, BigInt(by));
    const want = Object.fromEntries(Object.entries(expected).map(([counter, by]) => [counter, `+${by}`]));
    assert.deepEqual(changed(start, await gateway(side).statistics()), want);
  }

  /** Runs `body`, and waits until one of the right gateway's thread statistics has grown. */
  async function after(counter: 'plainOutPackets' | 'dummies', body: () => Promise<unknown>): Promise<void> {
    const start = (await tunnel.rightGateway.threadStatistics())[counter];
    await body();
    await until(async () => (await tunnel.rightGateway.threadStatistics())[counter] > start, 20_000, counter);
  }

  const esp = (payload: Uint8Array) => inject(tunnel.left, [{ kind: 'esp', src: left, dst: right, payload }]);
  const sealed = (payload: Uint8Array, nextHeader = 4) =>
    nullEsp(toRight, spis.leftToRight, ++sequence, payload, nextHeader);

  async function withPolicies(side: Side, policies: Parameters<Tunnel['policy']>[1][], body: () => Promise<unknown>) {
    await gateway(side).call(
      'setPolicies',
      policies.map((more, i) => tunnel.policy(side, { id: 10 + i, ...more })),
    );
    try {
      await body();
    } finally {
      await gateway(side).call('setPolicies', [tunnel.policy(side)]);
    }
  }

  test('a genuine packet moves none', () =>
    moves('right', {}, async () => {
      const arrived = await Capture.start(tunnel.b, 'eth0', 'udp');
      await after('plainOutPackets', () => esp(sealed(inner)));
      await arrived.stop();
      assert.equal(arrived.packets().length, 1);
      await arrived.close();
    }));

  test('inHeaderErrors: what cannot hold an ESP header', () =>
    moves('right', { inHeaderErrors: 3 }, async () => {
      await esp(Buffer.from([0, 0, 1, 0]));
      await inject(tunnel.left, [{ kind: 'udp', src: left, dst: right, payload: Buffer.from([1, 2]) }]);
      // An inner packet whose length says more than there is.
      const cut = Buffer.from(inner.subarray(0, inner.length - 2));
      await esp(sealed(cut));
    }));

  test('inNoStates: an SPI that nobody knows', () =>
    moves('right', { inNoStates: 1 }, () => esp(nullEsp(toRight, 0x99999999, 1, inner, 4))));

  test('inStateProtocolErrors: forged and truncated packets', () =>
    moves('right', { inStateProtocolErrors: 3 }, async () => {
      const forged = Buffer.from(sealed(inner));
      forged[30]! ^= 1;
      await esp(forged);
      await esp(sealed(inner).subarray(0, 40));
      await esp(nullEsp(Buffer.alloc(20), spis.leftToRight, ++sequence, inner, 4));
    }));

  test('inStateSequenceErrors: a replayed packet', () =>
    moves('right', { inStateSequenceErrors: 2 }, async () => {
      const packet = sealed(inner);
      await esp(packet);
      await esp(packet);
      await esp(nullEsp(toRight, spis.leftToRight, 1, inner, 4));
    }));

  test('the SA counts its own replayed and forged packets', async () => {
    const sa = await tunnel.rightGateway.sa(spis.leftToRight, right);
    assert.equal(sa?.replayErrors, 2n);
    assert.equal(sa?.integrityErrors, 3n);
  });

  test('inStateModeErrors: no IP packet inside a tunnel', () =>
    moves('right', { inStateModeErrors: 1 }, () => esp(sealed(inner.subarray(20), 17))));

  test('a dummy packet is dropped without a word (RFC 4303 2.6)', () =>
    moves('right', {}, () => after('dummies', () => esp(sealed(inner, 59)))));

  test('inStateMismatches: addresses that were not negotiated', () =>
    moves('right', { inStateMismatches: 1 }, () => esp(sealed(ipv4Udp('10.9.9.9', net.b[4], Buffer.from('x'))))));

  test('encapsulated though the SA is not: a peer may choose (RFC 7296 2.23), and no mapping follows from it', () =>
    moves('right', {}, async () => {
      const arrived = await Capture.start(tunnel.b, 'eth0', 'udp');
      const udp = { kind: 'udp', src: left, dst: right, payload: sealed(inner) } as const;
      await after('plainOutPackets', () => inject(tunnel.left, [udp]));
      await arrived.stop();
      assert.equal(arrived.packets().length, 1);
      await arrived.close();
      assert.deepEqual(tunnel.rightGateway.mappings, []);
    }));

  test('inPolicyErrors: a fragment without its first, where a policy asks for ports', async () => {
    const later = Buffer.from(inner);
    // More fragments follow, and this one begins 800 bytes in.
    later.writeUInt16BE(0x2000 | 100, 6);
    later.writeUInt16BE(0, 10);
    let sum = 0;
    for (let i = 0; i < 20; i += 2) sum += later.readUInt16BE(i);
    while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
    later.writeUInt16BE(~sum & 0xffff, 10);
    const whole = tunnel.selector('right');
    const discard = {
      action: 'discard',
      selector: { ...whole, protocol: 17, localPorts: { first: 7, last: 7 } },
    } as const;
    await withPolicies('right', [discard, {}], () => moves('right', { inPolicyErrors: 1 }, () => esp(sealed(later))));
  });

  test('inStateInvalid: the SPI of an SA that only sends', async () => {
    const spec: SaSpec = { ...tunnel.sa('right', 'out'), spi: 0x33330001, src: left, dst: right };
    await tunnel.rightGateway.call('addSa', spec);
    await moves('right', { inStateInvalid: 1 }, () => esp(nullEsp(toRight, 0x33330001, 1, inner, 4)));
    assert.equal(await tunnel.rightGateway.call('deleteSa', { spi: 0x33330001, dst: right, protocol: 'esp' }), true);
  });

  test('inStateExpired: past the hard limit', async () => {
    const key = { spi: 0x33330002, dst: right, protocol: 'esp' } as const;
    const lifetime = { hardPackets: 2 };
    await tunnel.rightGateway.call('addSa', { ...tunnel.sa('right', 'in'), spi: key.spi, lifetime });
    await moves('right', { inStateExpired: 2 }, async () => {
      for (const n of [1, 2, 3, 4]) await esp(nullEsp(toRight, key.spi, n, inner, 4));
    });
    assert.equal((await tunnel.rightGateway.sa(key.spi, right))?.state, 'dead');
    await tunnel.rightGateway.call('deleteSa', key);
  });

  test('inBufferErrors: IPComp that would become longer than a packet may be', async () => {
    const ends = { ...tunnel.sa('right', 'in'), mode: 'transport' } as const;
    const key = { dst: right, protocol: 'esp' } as const;
    const nothing = new Uint8Array(0);
    const comp = { protocol: 'ipcomp', encryption: 'null', integrity: 'none', integrityKey: nothing } as const;
    await tunnel.rightGateway.call('addSa', { ...ends, spi: 0x33330004 });
    await tunnel.rightGateway.call('addSa', { ...ends, ...comp, spi: 3001 });
    // RFC 3173 3: next header, flags, CPI; 70,000 octets of zeros in some eighty.
    const bomb = Buffer.concat([Buffer.from([17, 0, 0x0b, 0xb9]), deflateRawSync(Buffer.alloc(70_000))]);
    const damaged = Buffer.concat([Buffer.from([17, 0, 0x0b, 0xb9]), Buffer.alloc(40, 0xff)]);
    await moves('right', { inBufferErrors: 1, inStateProtocolErrors: 1 }, async () => {
      await esp(nullEsp(toRight, 0x33330004, 1, bomb, 108));
      await esp(nullEsp(toRight, 0x33330004, 2, damaged, 108));
    });
    await tunnel.rightGateway.call('deleteSa', { ...key, spi: 0x33330004 });
    await tunnel.rightGateway.call('deleteSa', { ...key, spi: 3001, protocol: 'ipcomp' });
  });

  test('inTemplateMismatches: protected by another SA than the policy names', () =>
    withPolicies('right', [{ reqid: 99 }], () =>
      moves('right', { inTemplateMismatches: 1 }, () => esp(sealed(inner))),
    ));

  test('inTemplateMismatches: protected where the policy says in the clear', () =>
    withPolicies('right', [{ action: 'none' }], () =>
      moves('right', { inTemplateMismatches: 1 }, () => esp(sealed(inner))),
    ));

  test('inTemplateMismatches: forwarded in the clear where the policy says protected', async () => {
    // Left has no policy for a moment: it routes what comes from the LAN as it is.
    await withPolicies('left', [], async () => {
      await tunnel.leftGateway.call('setPolicies', []);
      const arrived = await Capture.start(tunnel.b, 'eth0', 'icmp');
      await moves('right', { inTemplateMismatches: 3 }, async () => {
        assert.equal(await tunnel.request(3), 0);
      });
      await arrived.stop();
      assert.deepEqual(arrived.packets(), []);
      await arrived.close();
    });
  });

  test('inNoPolicies: an SA but no policy', () =>
    withPolicies('right', [], () => moves('right', { inNoPolicies: 1 }, () => esp(sealed(inner)))));

  test('inPolicyBlocked: the policy discards', () =>
    withPolicies('right', [{ action: 'discard' }], () =>
      moves('right', { inPolicyBlocked: 1 }, () => esp(sealed(inner))),
    ));

  test('inErrors: the device does not take it', async () => {
    tunnel.right.ip('link', 'set', 'rp0', 'down');
    try {
      await moves('right', { inErrors: 1 }, () => esp(sealed(inner)));
    } finally {
      tunnel.right.ip('link', 'set', 'rp0', 'up');
    }
    // The kernel took the routes over the device away with the link; they come back.
    const routed = () => tunnel.right.ip('route', 'show', 'table', '21072').includes('default dev rp0');
    await until(routed, 20_000, 'the route over the device');
    await moves('right', {}, () => after('plainOutPackets', () => esp(sealed(inner))));
  });

  const ping = (count = 2) => tunnel.request(count);

  test('outPolicyBlocked: the policy discards', () =>
    withPolicies('left', [{ action: 'discard' }], () => moves('left', { outPolicyBlocked: 2 }, () => ping())));

  test('outNoStates: an SA of that reqid, but of another protocol', () =>
    withPolicies('left', [{ protocols: ['ah'] }], () => moves('left', { outNoStates: 2 }, () => ping())));

  test('outNoStates: no SA of that reqid', () =>
    withPolicies('left', [{ reqid: 77 }], () => moves('left', { outNoStates: 2 }, () => ping())));

  test('outStateExpired: past the hard limit', async () => {
    const key = { spi: 0x33330003, dst: right, protocol: 'esp' } as const;
    await tunnel.leftGateway.call('addSa', {
      ...tunnel.sa('left', 'out'),
      spi: key.spi,
      reqid: 55,
      lifetime: { hardPackets: 1 },
    });
    await withPolicies('left', [{ reqid: 55 }], () => moves('left', { outStateExpired: 2 }, () => ping(3)));
    await tunnel.leftGateway.call('deleteSa', key);
  });

  test('outStateSequenceErrors: the last sequence number is used', async () => {
    const key = { spi: 0x33330005, dst: right, protocol: 'esp' } as const;
    const sequence = 0xffffffffn - 1n;
    await tunnel.leftGateway.call('addSa', { ...tunnel.sa('left', 'out'), spi: key.spi, reqid: 56, sequence });
    await withPolicies('left', [{ reqid: 56 }], () => moves('left', { outStateSequenceErrors: 2 }, () => ping(3)));
    assert.equal((await tunnel.leftGateway.sa(key.spi, right))?.sequence, 0xffffffffn);
    await tunnel.leftGateway.call('deleteSa', key);
  });

  test('outErrors: no route to the peer', async () => {
    tunnel.left.ip('route', 'add', 'prohibit', `${right}/32`);
    try {
      await moves('left', { outErrors: 2 }, () => ping());
    } finally {
      tunnel.left.ip('route', 'del', 'prohibit', `${right}/32`);
    }
  });

  test('each drop was told at most once per counter and second, with its SPI', async () => {
    const counter = 'outPolicyBlocked';
    await withPolicies('left', [{ action: 'discard' }], async () => {
      const told = () => tunnel.leftGateway.drops.filter((drop) => drop.counter === counter).length;
      const [before, start, began] = [told(), await tunnel.leftGateway.statistics(), performance.now()];
      await ping(100);
      await tunnel.leftGateway.counted(counter, start, 100n);
      // One in each second that has begun since, however slow the machine.
      const seconds = Math.ceil((performance.now() - began) / 1000);
      assert.ok(told() > 0 && told() - before <= seconds + 1, `${told() - before} in ${seconds} s`);
    });
    for (const each of ['outPolicyBlocked', 'outNoStates', 'outErrors'] as const)
      assert.ok(tunnel.leftGateway.drops.some((drop) => drop.counter === each));
    const expired = tunnel.leftGateway.drops.find((drop) => drop.counter === 'outStateExpired');
    assert.equal(expired?.address, net.b[4]);
  });
});
