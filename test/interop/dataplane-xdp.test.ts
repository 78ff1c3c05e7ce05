import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { missingKernelFeature, until } from '../lab/index.ts';
import { changed, Gateway } from './dataplane/gateway.ts';
import { net, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();
const gateways = { xdp: ['wan'] };

describe('two userspace data planes over AF_XDP', { skip: lacking, timeout: 240_000 }, () => {
  for (const { outer, udp } of [
    { outer: 4, udp: false },
    { outer: 6, udp: false },
    { outer: 4, udp: true },
  ] as const) {
    test(`IPv4 in IPv${outer}, ${udp ? 'ESP in UDP' : 'plain ESP'}: packets go past the kernel`, async () => {
      await using tunnel = await Tunnel.open({ inner: 4, outer, udp, suite: 'aes-gcm', gateways });
      assert.deepEqual(await tunnel.leftGateway.xdp(), [
        { interface: 'wan', active: true, detail: 'AF_XDP native, copy' },
      ]);
      const before = await tunnel.leftGateway.statistics();
      // The first packets may be the kernel's, while it finds its neighbour.
      assert.ok((await tunnel.a.ping(net.b[4], { count: 5 })).received > 0);
      const start = await tunnel.leftGateway.threadStatistics();
      assert.deepEqual(await tunnel.a.ping(net.b[4], { count: 50, intervalMs: 5 }), { sent: 50, received: 50 });
      const end = await tunnel.leftGateway.threadStatistics();
      assert.equal(end.xdpInPackets - start.xdpInPackets, 50n);
      // Datagrams that UDP_SEGMENT joins are faster than any frame: they stay with the socket.
      if (udp) assert.equal(end.xdpOutPackets, 0n);
      else assert.ok(end.xdpOutPackets - start.xdpOutPackets >= 48n, `${end.xdpOutPackets - start.xdpOutPackets}`);
      assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), {});
      // What is too long for a frame or the path is the kernel's to fragment.
      const large = await tunnel.a.exec('ping', ['-c', '3', '-s', '4000', '-i', '0.1', '-W', '2', net.b[4]]);
      assert.match(large.stdout, / 0% packet loss/);
    });
  }

  for (const outer of [4, 6] as const)
    test(`AF_PACKET, IPv4 in IPv${outer}: each packet once, and past the kernel`, async () => {
      const packet = { xdp: ['wan'], frames: 'packet' } as const;
      await using tunnel = await Tunnel.open({ inner: 4, outer, udp: false, suite: 'aes-gcm', gateways: packet });
      assert.deepEqual(await tunnel.leftGateway.xdp(), [{ interface: 'wan', active: true, detail: 'AF_PACKET' }]);
      assert.ok((await tunnel.a.ping(net.b[4], { count: 5 })).received > 0);
      const before = await tunnel.leftGateway.statistics();
      const start = await tunnel.leftGateway.threadStatistics();
      assert.deepEqual(await tunnel.a.ping(net.b[4], { count: 50, intervalMs: 5 }), { sent: 50, received: 50 });
      const end = await tunnel.leftGateway.threadStatistics();
      assert.equal(end.cipherInPackets - start.cipherInPackets, 50n);
      assert.equal(end.xdpInPackets - start.xdpInPackets, 50n);
      assert.ok(end.xdpOutPackets - start.xdpOutPackets >= 48n, `${end.xdpOutPackets - start.xdpOutPackets}`);
      // Longer than the path: the kernel cuts, and puts together what the raw socket reads.
      const large = await tunnel.a.exec('ping', ['-c', '3', '-s', '4000', '-i', '0.1', '-W', '2', net.b[4]]);
      assert.match(large.stdout, / 0% packet loss/);
      assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), {});
      // Tagged frames are other interfaces', and what is between the gateways themselves is the kernel's.
      assert.equal((await tunnel.left.ping(net.right[outer], { count: 2 })).received, 2);
      await tunnel.rightGateway.crash();
      assert.equal((await tunnel.right.exec('nft', ['list', 'tables'])).stdout.trim(), '');
    });

  test('where AF_XDP is taken, AF_PACKET does it and says why; two threads share it', async () => {
    await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'aes-gcm' });
    const module = new URL('../../../dist/xdp/index.js', import.meta.url).href;
    const taken = tunnel.left.spawn(process.execPath, [
      '--input-type=module',
      '-e',
      `import { XdpProgram } from '${module}';
       globalThis.program = new XdpProgram({ interface: 'wan', steer: { protocols: [254] } });
       console.log('taken');
       setInterval(() => {}, 1000);`,
    ]);
    await taken.waitFor(/taken/);
    await tunnel.leftGateway.stop();
    tunnel.leftGateway = await Gateway.open(tunnel.left, { xdp: 'auto', threads: 2 });
    const states = await tunnel.leftGateway.xdp();
    assert.deepEqual(states.map(({ interface: name }) => name).sort(), ['lan', 'wan']);
    const { active, detail } = states.find(({ interface: name }) => name === 'wan')!;
    assert.equal(active, true);
    assert.match(detail, /^AF_PACKET \(.*wan.*\)$/);
    await tunnel.leftGateway.call('setPolicies', [tunnel.policy('left')]);
    for (const direction of ['in', 'out'] as const)
      await tunnel.leftGateway.call('addSa', tunnel.sa('left', direction));
    await tunnel.rightGateway.call('flushSas');
    for (const direction of ['in', 'out'] as const)
      await tunnel.rightGateway.call('addSa', tunnel.sa('right', direction));
    assert.ok((await tunnel.a.ping(net.b[4], { count: 5 })).received > 0);
    const start = await tunnel.leftGateway.threadStatistics();
    assert.deepEqual(await tunnel.a.ping(net.b[4], { count: 20, intervalMs: 5 }), { sent: 20, received: 20 });
    const end = await tunnel.leftGateway.threadStatistics();
    assert.equal(end.xdpInPackets - start.xdpInPackets, 20n);
    await taken.stop();
  });

  test('several threads, an interface that cannot, and one that is not there', async () => {
    await using tunnel = await Tunnel.open({
      inner: 4,
      outer: 4,
      udp: false,
      suite: 'aes-gcm',
      gateways: { xdp: ['wan', 'lo'], threads: 2 },
    });
    const [wan, lo] = await tunnel.rightGateway.xdp();
    assert.equal(wan?.active, true);
    assert.equal(lo?.interface, 'lo');
    assert.ok((await tunnel.a.ping(net.b[4], { count: 20, intervalMs: 5 })).received > 0);
    assert.ok((await tunnel.rightGateway.threadStatistics()).xdpInPackets > 0n);
    await assert.rejects(
      Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'aes-gcm', gateways: { xdp: ['nothing'] } }),
      /nothing/,
    );
  });

  test('two queues, a thread for each', async () => {
    await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'aes-gcm', withoutSas: true });
    const { left, right } = tunnel;
    for (const gateway of [tunnel.leftGateway, tunnel.rightGateway]) await gateway.stop();
    const queues = ['numrxqueues', '2', 'numtxqueues', '2'];
    left.ip('link', 'del', 'wan');
    left.ip('link', 'add', 'wan', ...queues, 'type', 'veth', 'peer', 'name', 'wan', ...queues, 'netns', right.name);
    left.address('wan', `${net.left[4]}/24`);
    right.address('wan', `${net.right[4]}/24`);
    left.route(net.rightLan[4], net.right[4]);
    right.route(net.leftLan[4], net.left[4]);
    const options = { xdp: ['wan'], threads: 2 };
    tunnel.leftGateway = await Gateway.open(left, options);
    tunnel.rightGateway = await Gateway.open(right, options);
    for (const side of ['left', 'right'] as const) {
      const gateway = side === 'left' ? tunnel.leftGateway : tunnel.rightGateway;
      await gateway.call('setPolicies', [tunnel.policy(side)]);
      for (const direction of ['in', 'out'] as const)
        await gateway.call('addSa', tunnel.sa(side, direction, direction === 'in' ? { replayWindow: 1024 } : {}));
    }
    assert.ok((await tunnel.a.ping(net.b[4], { count: 5 })).received > 0);
    const start = await tunnel.rightGateway.threadStatistics();
    const before = await tunnel.rightGateway.statistics();
    assert.deepEqual(await tunnel.a.ping(net.b[4], { count: 30, intervalMs: 5 }), { sent: 30, received: 30 });
    const end = await tunnel.rightGateway.threadStatistics();
    assert.equal(end.xdpInPackets - start.xdpInPackets, 30n);
    assert.deepEqual(changed(before, await tunnel.rightGateway.statistics()), {});
  });

  for (const frames of ['xdp', 'packet'] as const)
    test(`${frames}: an interface that vanishes under traffic, three times, leaks nothing; a crash neither`, async () => {
      const options = { xdp: ['wan'], frames };
      await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'aes-gcm', gateways: options });
      const { left, right, leftGateway, rightGateway } = tunnel;
      const flood = tunnel.a.spawn('ping', ['-q', '-i', '0.002', net.b[4]]);
      const flows = async (): Promise<void> => {
        const start = await rightGateway.threadStatistics();
        await until(
          async () => {
            const now = await rightGateway.threadStatistics();
            return now.xdpInPackets > start.xdpInPackets + 20n && now.xdpOutPackets > start.xdpOutPackets + 20n;
          },
          20_000,
          'packets past the kernel',
        );
      };
      await flows();
      const descriptors = (): number => readdirSync(`/proc/${rightGateway.pid}/fd`).length;
      const before = descriptors();
      for (let i = 0; i < 3; i++) {
        left.ip('link', 'del', 'wan');
        left.ip('link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'wan', 'netns', right.name);
        left.ip('address', 'add', `${net.left[4]}/24`, 'dev', 'wan');
        right.ip('address', 'add', `${net.right[4]}/24`, 'dev', 'wan');
        for (const namespace of [left, right]) namespace.ip('link', 'set', 'wan', 'up');
        left.route(net.rightLan[4], net.right[4]);
        right.route(net.leftLan[4], net.left[4]);
        for (const gateway of [leftGateway, rightGateway])
          await until(async () => (await gateway.xdp())[0]?.active === true, 10_000, 'the port is made again');
        await flows();
      }
      assert.equal(descriptors(), before);
      await flood.stop();
      const program = (): unknown => (JSON.parse(right.ip('-j', 'link', 'show', 'wan')) as { xdp?: unknown }[])[0]!.xdp;
      assert.equal(program() !== undefined, frames === 'xdp');
      await rightGateway.crash();
      await until(() => program() === undefined, 5000, 'the program to go');
    });

  test('an interface that vanishes takes nothing along, and is used again when it returns', async () => {
    await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: false, suite: 'aes-gcm', gateways });
    const { left, right, leftGateway, rightGateway } = tunnel;
    assert.ok((await tunnel.a.ping(net.b[4], { count: 5 })).received > 0);
    left.ip('link', 'del', 'wan');
    for (const gateway of [leftGateway, rightGateway]) {
      await until(async () => (await gateway.xdp())[0]?.active === false, 5000, 'the port is given up');
    }
    left.ip('link', 'add', 'wan', 'type', 'veth', 'peer', 'name', 'wan', 'netns', right.name);
    left.ip('address', 'add', `${net.left[4]}/24`, 'dev', 'wan');
    right.ip('address', 'add', `${net.right[4]}/24`, 'dev', 'wan');
    for (const namespace of [left, right]) namespace.ip('link', 'set', 'wan', 'up');
    left.route(net.rightLan[4], net.right[4]);
    right.route(net.leftLan[4], net.left[4]);
    for (const gateway of [leftGateway, rightGateway]) {
      await until(async () => (await gateway.xdp())[0]?.active === true, 5000, 'the port is made again');
    }
    await until(
      async () => (await tunnel.a.ping(net.b[4], { count: 1, waitMs: 500 })).received === 1,
      10_000,
      'traffic goes on',
    );
    const before = await leftGateway.threadStatistics();
    assert.deepEqual(await tunnel.a.ping(net.b[4], { count: 10, intervalMs: 10 }), { sent: 10, received: 10 });
    const after = await leftGateway.threadStatistics();
    assert.ok(after.xdpInPackets > before.xdpInPackets && after.xdpOutPackets > before.xdpOutPackets);
  });
});
