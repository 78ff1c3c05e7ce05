import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingKernelFeature, type Namespace, Topology, until } from '../lab/index.ts';
import { Gateway } from './dataplane/gateway.ts';
import { inject, nullEsp } from './dataplane/inject.ts';
import { net, selector, spis, suiteKeys, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();
const base = { inner: 4, outer: 4, udp: true, suite: 'aes-gcm' } as const;

describe('lifetimes and mappings', { skip: lacking, timeout: 240_000 }, () => {
  test('soft and hard limits of packets and bytes, each told once; a dead SA carries nothing', async () => {
    await using tunnel = await Tunnel.open({ ...base, lifetime: { softPackets: 2, hardBytes: 84 * 4 } });
    const ping = await tunnel.a.ping(net.b[4], { count: 6, waitMs: 2000 });
    assert.equal(ping.received, 4);
    const told = (gateway: Gateway) =>
      gateway.expires.map(({ sa, direction, hard }) => `${sa.spi} ${direction} ${hard}`);
    await until(() => told(tunnel.leftGateway).length >= 4, 3000, 'four expire events');
    assert.deepEqual(told(tunnel.leftGateway).sort(), [
      `${spis.leftToRight} out false`,
      `${spis.leftToRight} out true`,
      `${spis.rightToLeft} in false`,
      `${spis.rightToLeft} in true`,
    ]);
    assert.equal((await tunnel.leftGateway.sa(spis.leftToRight, net.right[4]))?.state, 'dead');
    // With the SA gone for good, the next packet asks for a new one.
    assert.ok(tunnel.leftGateway.acquires.length >= 1);
  });

  test('seconds run on an SA that carries nothing; a longer lifetime brings none back', async () => {
    await using tunnel = await Tunnel.open({ ...base, lifetime: { softSeconds: 1, hardSeconds: 2 } });
    await until(() => tunnel.leftGateway.expires.length === 4, 5000, 'soft and hard of both directions');
    assert.deepEqual(
      tunnel.leftGateway.expires.map(({ hard }) => hard),
      [false, false, true, true],
    );
    const key = { spi: spis.leftToRight, dst: net.right[4], protocol: 'esp' } as const;
    await tunnel.leftGateway.call('updateSa', key, { lifetime: { hardSeconds: 100 } });
    assert.equal((await tunnel.leftGateway.sa(key.spi, key.dst))?.state, 'dead');
  });

  test('a peer that moved is told once, on an authenticated packet; updateSa follows it', async () => {
    await using tunnel = await Tunnel.open({ ...base, suite: 'null-sha1' });
    const key = suiteKeys('null-sha1', 'toRight').integrityKey;
    const echo = Buffer.from(
      '450000240001000040010000' + '0a01000a' + '0a02000a' + '0800f7fe00000001' + '0000000000000000',
      'hex',
    );
    const from = (srcPort: number, sequence: number, authentic = true) =>
      inject(tunnel.left, [
        {
          kind: 'udp',
          src: net.left[4],
          dst: net.right[4],
          srcPort,
          payload: nullEsp(authentic ? key : Buffer.alloc(20), spis.leftToRight, sequence, echo, 4),
        },
      ]);
    await from(31000, 5, false);
    await sleep(100);
    assert.deepEqual(tunnel.rightGateway.mappings, []);
    await from(31000, 5);
    await until(() => tunnel.rightGateway.mappings.length > 0, 3000, 'a mapping event');
    await from(31000, 6);
    // An older packet says nothing of where the peer is now.
    await from(32000, 4);
    await sleep(100);
    assert.deepEqual(
      tunnel.rightGateway.mappings.map(({ sa, reqid, remote }) => ({ sa, reqid, remote })),
      [
        {
          sa: { spi: spis.leftToRight, dst: net.right[4], protocol: 'esp' },
          reqid: 1,
          remote: { address: net.left[4], port: 31000 },
        },
      ],
    );
    const inbound = { spi: spis.leftToRight, dst: net.right[4], protocol: 'esp' } as const;
    const udp = { srcPort: 31000, dstPort: 4500 };
    await tunnel.rightGateway.call('updateSa', inbound, { src: net.left[4], dst: net.right[4], udp });
    await from(31000, 7);
    await sleep(100);
    assert.equal(tunnel.rightGateway.mappings.length, 1);
    const outbound = { spi: spis.rightToLeft, dst: net.left[4], protocol: 'esp' } as const;
    const back = { src: net.right[4], dst: net.left[4], udp: { srcPort: 4500, dstPort: 31000 } };
    await tunnel.rightGateway.call('updateSa', outbound, back);
    await assert.rejects(tunnel.rightGateway.call('updateSa', { ...outbound, spi: 5000 }, back), /no such SA/);
  });
});

describe('IKE through the userspace data plane', { skip: lacking, timeout: 240_000 }, () => {
  for (const version of [4, 6] as const)
    for (const port of [500, 4500])
      test(`IPv${version}, port ${port}: a message arrives as it was sent, with both ends' addresses`, async () => {
        await using tunnel = await Tunnel.open(base);
        const local = { address: net.left[version], port };
        const remote = { address: net.right[version], port };
        const data = Uint8Array.from({ length: 1200 }, (_, i) => i & 0xff);
        assert.equal(await tunnel.leftGateway.call('sendIke', local, remote, data), true);
        await until(() => tunnel.rightGateway.ike.length > 0, 3000, 'the IKE message');
        assert.deepEqual(tunnel.rightGateway.ike, [{ local: remote, remote: local, data }]);
      });

  test('an IKE message is not what a policy for everything protects', async () => {
    await using tunnel = await Tunnel.open({ ...base, withoutSas: true });
    const everything = selector('0.0.0.0/0', '0.0.0.0/0');
    await tunnel.leftGateway.call('setPolicies', [tunnel.policy('left', { selector: everything })]);
    const local = { address: net.left[4], port: 500 };
    const remote = { address: net.right[4], port: 500 };
    assert.equal(await tunnel.leftGateway.call('sendIke', local, remote, Uint8Array.of(1, 2, 3)), true);
    await until(() => tunnel.rightGateway.ike.length > 0, 3000, 'the IKE message');
  });

  test('keepalives are swallowed; a flood beyond the ring is dropped and counted, and what follows arrives', async () => {
    await using tunnel = await Tunnel.open(base);
    const keepalive = { kind: 'udp', src: net.left[4], dst: net.right[4], payload: Uint8Array.of(0xff) } as const;
    await inject(tunnel.left, [keepalive, keepalive]);
    await until(async () => (await tunnel.rightGateway.threadStatistics()).keepalives === 2n, 3000, 'two keepalives');
    assert.deepEqual(tunnel.rightGateway.ike, []);
    const local = { address: net.left[4], port: 500 };
    const remote = { address: net.right[4], port: 500 };
    await assert.rejects(
      tunnel.leftGateway.call('sendIke', { ...local, port: 501 }, remote, new Uint8Array(1)),
      /port/,
    );
    await tunnel.rightGateway.block(40);
    for (let i = 0; i < 40; i++) await tunnel.leftGateway.call('sendIke', local, remote, new Uint8Array(60000));
    await until(
      async () => {
        const { ikeReceived, ikeOverflows } = await tunnel.rightGateway.threadStatistics();
        return ikeOverflows > 0n && BigInt(tunnel.rightGateway.ike.length) + ikeOverflows === ikeReceived;
      },
      5000,
      'every message either delivered or counted as overflow',
    );
    await tunnel.leftGateway.call('sendIke', local, remote, Uint8Array.of(7));
    await until(() => tunnel.rightGateway.ike.at(-1)?.data[0] === 7, 3000, 'the message after the flood');
  });
});

describe('opening and closing', { skip: lacking, timeout: 240_000 }, () => {
  const alone = async (body: (namespace: Namespace) => Promise<void>): Promise<void> => {
    const topology = new Topology();
    try {
      await body(topology.namespace('alone'));
    } finally {
      topology.close();
    }
  };
  const everything = {
    id: 1,
    selector: selector('10.0.0.0/8', '10.0.0.0/8'),
    action: 'encrypt',
    level: 'require',
    protocols: ['esp'],
    mode: 'tunnel',
    reqid: 1,
  } as const;
  const ours = (namespace: Namespace): string =>
    namespace
      .ip('rule')
      .concat(namespace.ip('-6', 'rule'))
      .split('\n')
      .filter((line) => /proto 82/.test(line))
      .join('\n');

  test('close takes rules, routes and device away, is idempotent, and then every call is a ClosedError', () =>
    alone(async (namespace) => {
      const clean = namespace.ip('rule') + namespace.ip('-6', 'rule') + namespace.ip('route', 'show', 'table', 'all');
      const gateway = await Gateway.open(namespace);
      await gateway.call('setPolicies', [everything]);
      assert.notEqual(ours(namespace), '');
      await gateway.call('close');
      await gateway.call('close');
      await assert.rejects(gateway.call('flushSas'), { name: 'ClosedError' });
      await gateway.threadStatistics();
      assert.equal(
        namespace.ip('rule') + namespace.ip('-6', 'rule') + namespace.ip('route', 'show', 'table', 'all'),
        clean,
      );
      assert.throws(() => namespace.ip('link', 'show', 'rp0'), /does not exist/);
      await gateway.stop();
    }));

  test('after a crash nothing leaves in the clear, and the next start cleans up', async () => {
    await using tunnel = await Tunnel.open(base);
    assert.equal((await tunnel.a.ping(net.b[4], { count: 1 })).received, 1);
    await tunnel.leftGateway.crash();
    await tunnel.rightGateway.call('setPolicies', []);
    assert.equal((await tunnel.a.ping(net.b[4], { count: 2, waitMs: 100 })).received, 0);
    tunnel.leftGateway = await Gateway.open(tunnel.left);
    assert.equal(ours(tunnel.left), '');
    assert.equal((await tunnel.a.ping(net.b[4], { count: 2 })).received, 2);
  });

  test('what is taken is named: ports, device, table', () =>
    alone(async (namespace) => {
      const first = await Gateway.open(namespace);
      await assert.rejects(
        Gateway.open(namespace, { device: 'rp1', table: 30000 }),
        (error: Error & { code: string }) => {
          assert.equal(error.name, 'SystemError');
          assert.equal(error.code, 'EADDRINUSE');
          assert.match(error.message, /0\.0\.0\.0:500/);
          return true;
        },
      );
      await assert.rejects(Gateway.open(namespace), { name: 'SystemError', code: 'EBUSY' });
      const ports = { device: 'rp1', ikePort: 1500, natPort: 14500 };
      await assert.rejects(Gateway.open(namespace, ports), /table: 21072 is in use for rp0/);
      const second = await Gateway.open(namespace, { ...ports, table: 30000, mark: 77 });
      await second.stop();
      await first.stop();
    }));

  test('options that cannot be are TypeErrors', () =>
    alone(async (namespace) => {
      for (const [options, pattern] of [
        [{ mtu: 100 }, /mtu/],
        [{ device: 'a/b' }, /device/],
        [{ device: 'a-name-that-is-too-long' }, /device/],
        [{ ikePort: 0 }, /ikePort/],
        [{ natPort: 500 }, /natPort/],
        [{ table: 0 }, /table/],
        [{ preference: 30000 }, /preference/],
        [{ maximumPolicies: 0 }, /maximumPolicies/],
        [{ mark: -1 }, /mark/],
      ] as const)
        await assert.rejects(Gateway.open(namespace, options), (error: Error) => {
          assert.equal(error.name, 'TypeError');
          assert.match(error.message, pattern);
          return true;
        });
    }));

  test('a device that somebody deletes is told as a failure; close still works', () =>
    alone(async (namespace) => {
      const gateway = await Gateway.open(namespace);
      namespace.ip('link', 'del', 'rp0');
      await until(() => gateway.failures.length > 0, 3000, 'the failure');
      await gateway.call('close');
      await gateway.stop();
    }));

  test('SPIs that are handed out are free and not reserved', () =>
    alone(async (namespace) => {
      const gateway = await Gateway.open(namespace);
      const seen = new Set<number>();
      for (let i = 0; i < 50; i++) seen.add((await gateway.call('allocateSpi', '192.0.2.1', 'esp')) as number);
      assert.equal(seen.size, 50);
      assert.ok([...seen].every((spi) => spi >= 256 && spi <= 0xffffffff));
      await gateway.stop();
    }));
});
