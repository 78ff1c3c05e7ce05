import assert from 'node:assert/strict';
import { test } from 'node:test';
import { changed, Gateway } from '../interop/dataplane/gateway.ts';
import { inject, nullEsp } from '../interop/dataplane/inject.ts';
import { net, spis, suiteKeys } from '../interop/dataplane/tunnel.ts';
import { until } from '../lab/index.ts';
import { type PlanePair, plain, wire } from './plane-pair.ts';

const patience = 20_000;
const toRight = { spi: spis.leftToRight, dst: net.right[4], protocol: 'esp' } as const;
const toLeft = { spi: spis.rightToLeft, dst: net.left[4], protocol: 'esp' } as const;
/** An echo request from `a` to `b`, 28 octets of IPv4 and ICMP and eight more. */
const echo = Buffer.from(`450000240001000040010000${'0a01000a'}${'0a02000a'}0800f7fe00000001${'00'.repeat(8)}`, 'hex');

/** The SAD: life and death of SAs, what they count, what they refuse, and what becomes of them when the data plane goes. */
export function saCases(title: string, pair: () => PlanePair): void {
  const integrityKey = suiteKeys('null-sha1', 'toRight').integrityKey;
  const send = (sequence: number, more: { key?: Uint8Array; spi?: number; srcPort?: number } = {}) =>
    inject(pair().tunnel.left, [
      {
        kind: more.srcPort === undefined ? 'esp' : 'udp',
        ...wire,
        ...(more.srcPort !== undefined && { srcPort: more.srcPort }),
        payload: nullEsp(more.key ?? integrityKey, more.spi ?? toRight.spi, sequence, echo, 4),
      },
    ]);
  const told = () =>
    pair()
      .gateway('left')
      .expires.map(({ sa, direction, reqid, hard }) => `${sa.spi} ${direction} ${reqid} ${hard ? 'hard' : 'soft'}`);

  test(`${title}: soft and hard limits of packets and octets, each told once; then no packet takes the SA`, async () => {
    // 100 octets of data with 28 of headers.
    await pair().reshape({ ...plain, lifetime: { softPackets: 2, hardBytes: 4 * 128 } });
    assert.equal(await pair().ping(4, 100), 4);
    const left = pair().gateway('left');
    await pair().lost(2);
    // Whether the packet that reaches the limit or the next one ends an inbound SA is its owner's affair.
    const outbound = () => told().filter((text) => text.includes(' out '));
    await until(() => outbound().length >= 2, patience, 'expiries');
    assert.deepEqual(outbound(), [`${toRight.spi} out 1 soft`, `${toRight.spi} out 1 hard`]);
    assert.deepEqual(new Set(told()).size, told().length);
    assert.ok(told().includes(`${toLeft.spi} in 1 soft`));
    // The kernel has no SA any more, our own SAD keeps a dead one until IKE deletes it.
    const dead = await left.sa(toRight.spi, toRight.dst);
    assert.ok(dead === undefined || dead.state === 'dead', JSON.stringify(dead?.state));
  });

  test(`${title}: seconds run on an SA that carries nothing`, async () => {
    await pair().reshape({ ...plain, lifetime: { softSeconds: 1, hardSeconds: 15 } });
    await until(() => told().length >= 2, patience, 'soft expiries of both directions');
    assert.equal((await pair().state('left', toRight))?.state, 'dying');
    await until(() => told().length >= 4, 3 * patience, 'hard expiries of both directions');
    assert.deepEqual(
      told().map((text) => text.split(' ')[3]),
      ['soft', 'soft', 'hard', 'hard'],
    );
  });

  test(`${title}: updateSa changes the lifetime, and traffic goes on`, async () => {
    await pair().reshape(plain);
    await pair().protectedPackets(2);
    const left = pair().gateway('left');
    await left.call('updateSa', toRight, { lifetime: { hardPackets: 4 } });
    await pair().protectedPackets(2);
    await pair().lost(1);
    await until(() => told().length > 0, patience, 'a hard expiry');
    assert.deepEqual(told(), [`${toRight.spi} out 1 hard`]);
  });

  test(`${title}: updateSa moves the peer to another address`, async () => {
    await pair().reshape({ ...plain, udp: true });
    await pair().protectedPackets(2);
    const other = '192.0.2.3';
    pair().tunnel.right.ip('address', 'add', `${other}/24`, 'dev', 'wan');
    try {
      const [left, right] = [pair().gateway('left'), pair().gateway('right')];
      const udp = { srcPort: 4500, dstPort: 4500 };
      await right.call('updateSa', toRight, { src: wire.src, dst: other, udp });
      await left.call('updateSa', toLeft, { src: other, dst: wire.src, udp });
      await right.call('updateSa', toLeft, { src: other, dst: wire.src, udp });
      await left.call('updateSa', toRight, { src: wire.src, dst: other, udp });
      assert.equal(await left.sa(toRight.spi, wire.dst), undefined);
      const before = await left.sa(toRight.spi, other);
      // The key stays in use, so the sequence numbers do.
      assert.equal(before?.sequence, 2n);
      assert.equal(await pair().ping(3), 3);
      assert.equal((await left.sa(toRight.spi, other))?.sequence, 5n);
      await assert.rejects(
        left.call('updateSa', { ...toRight, spi: 5000 }, { src: wire.src, dst: wire.dst }),
        /no such SA/,
      );
    } finally {
      pair().tunnel.right.ip('address', 'del', `${other}/24`, 'dev', 'wan');
    }
  });

  test(`${title}: a peer that moved is told on an authenticated packet; updateSa follows it`, async () => {
    await pair().reshape({ ...plain, suite: 'null-sha1', udp: true });
    const right = pair().gateway('right');
    const before = await right.statistics();
    await send(5, { srcPort: 31000, key: Buffer.alloc(20) });
    await right.counted('inStateProtocolErrors', before);
    await send(6, { srcPort: 31000 });
    await until(() => right.mappings.length > 0, patience, 'a mapping');
    const { sa, reqid, remote } = right.mappings[0]!;
    assert.deepEqual({ sa, reqid, remote }, { sa: toRight, reqid: 1, remote: { address: wire.src, port: 31000 } });
    const packets = async () => (await right.sa(toRight.spi, toRight.dst))?.packets;
    const udp = { srcPort: 31000, dstPort: 4500 };
    await right.call('updateSa', toRight, { ...wire, udp });
    right.forget();
    await send(7, { srcPort: 31000 });
    await until(async () => (await packets()) === 2n, patience, 'the packet');
    assert.deepEqual(right.mappings, []);
  });

  test(`${title}: replayed, late, forged and unknown packets are refused and counted`, async () => {
    await pair().reshape({ ...plain, suite: 'null-sha1', withoutSas: true });
    await pair().tunnel.addSas({ replayWindow: 64 });
    const right = pair().gateway('right');
    const moves = async (expected: Readonly<Record<string, string>>, body: () => Promise<void>) => {
      const before = await right.statistics();
      await body();
      await until(
        async () => Object.keys(changed(before, await right.statistics())).length === Object.keys(expected).length,
        patience,
        () => `counters ${JSON.stringify(expected)}`,
      );
      assert.deepEqual(changed(before, await right.statistics()), expected);
    };
    const state = async () => (await right.sa(toRight.spi, toRight.dst))!;
    await send(100);
    await until(async () => (await state()).sequence === 100n, patience, 'the first packet');
    await moves({ inStateSequenceErrors: '+1' }, () => send(100));
    await moves({ inStateSequenceErrors: '+1' }, () => send(36));
    await moves({ inStateProtocolErrors: '+1' }, () => send(101, { key: Buffer.alloc(20) }));
    await moves({ inNoStates: '+1' }, () => send(1, { spi: 0x99999999 }));
    // Inside of the window, in whatever order.
    await send(37);
    await until(async () => (await state()).packets === 2n, patience, 'the late packet');
    const { sequence, replayErrors, integrityErrors } = await state();
    assert.deepEqual([sequence, replayErrors, integrityErrors], [100n, 2n, 1n]);
  });

  test(`${title}: the newest SA sends; the older one serves again when it is deleted`, async () => {
    await pair().reshape(plain);
    const { tunnel } = pair();
    const newer = { ...toRight, spi: 0x44440001 };
    await pair()
      .gateway('right')
      .call('addSa', { ...tunnel.sa('right', 'in'), spi: newer.spi });
    await pair()
      .gateway('left')
      .call('addSa', { ...tunnel.sa('left', 'out'), spi: newer.spi });
    const packets = async () => [
      (await pair().state('left', newer))?.packets,
      (await pair().state('left', toRight))?.packets,
    ];
    assert.equal(await pair().ping(2), 2);
    assert.deepEqual(await packets(), [2n, 0n]);
    assert.equal(await pair().gateway('left').call('deleteSa', newer), true);
    assert.equal(await pair().gateway('left').call('deleteSa', newer), false);
    assert.equal(await pair().ping(2), 2);
    assert.deepEqual(await packets(), [undefined, 2n]);
  });

  test(`${title}: an SA that is refused leaves nothing; an SPI that was handed out is free for it`, async () => {
    await pair().reshape(plain);
    const left = pair().gateway('left');
    const seen = new Set<number>();
    for (let i = 0; i < 20; i++) seen.add((await left.call('allocateSpi', net.left[4], 'esp')) as number);
    assert.equal(seen.size, 20);
    const [spi] = seen;
    assert.ok(spi! >= 256 && spi! <= 0xffffffff);
    const spec = { ...pair().tunnel.sa('left', 'in'), spi: spi! };
    await assert.rejects(left.call('addSa', { ...spec, encryptionKey: new Uint8Array(3) }));
    assert.equal(await left.sa(spi!, net.left[4]), undefined);
    await left.call('addSa', spec);
    await assert.rejects(left.call('addSa', spec), 'the same one again');
    assert.equal((await left.sa(spi!, net.left[4]))?.packets, 0n);
    await pair().protectedPackets(2);
  });

  test(`${title}: flushSas takes all of them, and the policies want new ones`, async () => {
    await pair().reshape(plain);
    await pair().protectedPackets(1);
    await pair().gateway('left').call('flushSas');
    assert.equal(await pair().state('left', toRight), undefined);
    assert.equal(await pair().state('left', toLeft), undefined);
    const before = await pair().gateway('left').statistics();
    await pair().lost(2);
    await pair().gateway('left').counted('outNoStates', before, 2n);
  });

  test(`${title}: after a crash nothing leaves in the clear, and the next one starts anew`, async () => {
    await pair().reshape(plain);
    await pair().protectedPackets(1);
    const { tunnel } = pair();
    await tunnel.leftGateway.crash();
    await tunnel.rightGateway.call('flushSas');
    await tunnel.rightGateway.call('setPolicies', []);
    await pair().lost(2);
    tunnel.leftGateway = await Gateway.open(tunnel.left, {}, pair().kind);
    assert.equal(await pair().state('left', toRight), undefined);
    await pair().reshape(plain);
    await pair().protectedPackets(2);
  });

  test(`${title}: close leaves nothing behind, is idempotent, and then every call is a ClosedError`, async () => {
    await pair().reshape(plain);
    const { tunnel } = pair();
    const { leftGateway: left } = tunnel;
    await left.call('close');
    await left.call('close');
    await assert.rejects(left.call('flushSas'), { name: 'ClosedError' });
    // An SPI of 0 is the kernel's note that it has asked for an SA.
    assert.doesNotMatch(tunnel.left.ip('xfrm', 'state'), /spi 0x(?!00000000)/);
    // The sockets of IKE, and those of other programs, have policies of their own.
    assert.doesNotMatch(tunnel.left.ip('xfrm', 'policy'), /dir (in|out|fwd)/);
    assert.doesNotMatch(tunnel.left.ip('rule') + tunnel.left.ip('-6', 'rule'), /proto 82/);
    assert.doesNotMatch(tunnel.left.ip('link'), /rp0/);
    await left.stop();
    tunnel.leftGateway = await Gateway.open(tunnel.left, {}, pair().kind);
  });
}
