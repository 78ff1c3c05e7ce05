import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { parseAddress } from '#lib/wire/ip-address.js';
import { Capture, missingKernelFeature, type Namespace, type WireKind } from '../lab/index.ts';
import { changed } from './dataplane/gateway.ts';
import { net, type Suite, selector, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();

const BYTES = 24 * 1024 * 1024;
const server = `
const hash = require('node:crypto').createHash('sha256');
const server = require('node:net').createServer({ allowHalfOpen: true }, (s) => {
  s.on('data', (d) => hash.update(d));
  s.on('end', () => s.end(hash.digest('hex')));
});
server.listen(7000, '::', () => console.log('listening'));
`;
const client = `
const { createHash } = require('node:crypto');
const s = require('node:net').connect(7000, process.argv[1], () => {
  let left = ${BYTES};
  let n = 0;
  const push = () => {
    while (left > 0) {
      const block = createHash('shake256', { outputLength: Math.min(left, 65000) }).update(String(n++)).digest();
      left -= block.length;
      if (!s.write(block)) return s.once('drain', push);
    }
    s.end();
  };
  push();
});
s.setEncoding('utf8').on('data', (d) => process.stdout.write(d));
`;

function expectedHash(): string {
  const hash = createHash('sha256');
  for (let left = BYTES, n = 0; left > 0; n++) {
    const block = createHash('shake256', { outputLength: Math.min(left, 65000) })
      .update(String(n))
      .digest();
    hash.update(block);
    left -= block.length;
  }
  return hash.digest('hex');
}

async function transfer(from: Namespace, to: Namespace, target: string): Promise<string> {
  const listening = to.spawn(process.execPath, ['-e', server]);
  await listening.waitFor(/listening/);
  const { stdout } = await from.exec(process.execPath, ['-e', client, target], { timeoutMs: 30_000 });
  await listening.stop();
  return stdout;
}

const allowed: readonly WireKind[] = ['arp', 'neighbour-discovery', 'esp', 'esp-in-udp'];

/** Sends the second fragment of a UDP datagram, and never the first: 64 octets of it, 800 octets in. */
function orphan(version: 4 | 6): string {
  const packet = Buffer.alloc(version === 4 ? 20 : 48, 0);
  if (version === 4) {
    packet.writeUInt32BE(0x45000054, 0);
    packet.writeUInt16BE(4711, 4);
    packet.writeUInt16BE(100, 6);
    packet.set([64, 17], 8);
    packet.set([...net.a[4].split('.'), ...net.b[4].split('.')].map(Number), 12);
  } else {
    packet[0] = 0x60;
    packet.writeUInt16BE(8 + 64, 4);
    packet.set([44, 64], 6);
    packet.set(parseAddress(net.a[6]), 8);
    packet.set(parseAddress(net.b[6]), 24);
    packet[40] = 17;
    packet.writeUInt16BE(100 << 3, 42);
    packet.writeUInt32BE(4711, 44);
  }
  return `
import socket
s = socket.socket(socket.${version === 4 ? 'AF_INET' : 'AF_INET6'}, socket.SOCK_RAW, socket.IPPROTO_RAW)
s.sendto(bytes.fromhex('${packet.toString('hex')}') + b'x' * 64, ('${net.b[version]}', 0))
`;
}

/** Multicast listener reports stand behind a hop-by-hop header (RFC 3810 5). */
const noNeighbours = 'not arp and not icmp6 and not (ip6 and ip6[6] = 0)';

describe('traffic through two userspace data planes', { skip: lacking, timeout: 180_000 }, () => {
  const expected = expectedHash();
  const cases: { inner: 4 | 6; outer: 4 | 6; udp: boolean; suite: Suite; mode?: 'tunnel' | 'transport' }[] = [
    { inner: 4, outer: 4, udp: true, suite: 'aes-gcm' },
    { inner: 6, outer: 6, udp: true, suite: 'aes-gcm' },
    { inner: 6, outer: 4, udp: false, suite: 'aes-gcm' },
    { inner: 4, outer: 6, udp: true, suite: 'aes-cbc-sha256' },
    { inner: 4, outer: 4, udp: true, suite: 'aes-gcm', mode: 'transport' },
    { inner: 6, outer: 6, udp: false, suite: 'chacha20-poly1305', mode: 'transport' },
  ];
  for (const c of cases) {
    const what = `IPv${c.inner} in IPv${c.outer}, ${c.udp ? 'ESP in UDP' : 'plain ESP'}, ${c.suite}, ${c.mode ?? 'tunnel'} mode`;
    test(`TCP: ${BYTES >> 20} MB arrive unchanged and only ESP crosses: ${what}`, async () => {
      await using tunnel = await Tunnel.open(c);
      const before = await tunnel.leftGateway.statistics();
      const capture = await Capture.start(tunnel.right, 'wan');
      const [from, to] = tunnel.transport ? [tunnel.left, tunnel.right] : [tunnel.a, tunnel.b];
      assert.equal(await transfer(from, to, tunnel.innerTarget), expected);
      await capture.stop();
      const kinds = capture.count();
      await capture.close();
      assert.ok((kinds[c.udp ? 'esp-in-udp' : 'esp'] ?? 0) > 0);
      for (const kind of Object.keys(kinds) as WireKind[]) assert.ok(allowed.includes(kind), `${kind} on the wire`);
      assert.deepEqual(changed(before, await tunnel.rightGateway.statistics()), {});
      const right = await tunnel.rightGateway.threadStatistics();
      // Super-packets: many packets per call. Plain ESP comes one by one, and how many of them wait depends on luck.
      if (!c.udp) return;
      assert.ok(right.plainOutPackets > 2n * right.deviceWrites, `${right.plainOutPackets} in ${right.deviceWrites}`);
      const left = await tunnel.leftGateway.threadStatistics();
      assert.ok(left.plainInPackets > 2n * left.deviceReads, `${left.plainInPackets} in ${left.deviceReads}`);
    });
  }

  test('a datagram larger than the MTU goes in fragments, also under a policy for its port alone', async () => {
    await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: true, suite: 'aes-gcm', mode: 'tunnel' });
    const ports = { protocol: 17, remotePorts: { first: 9000, last: 9000 } };
    const left = selector(`${net.leftInner[4]}/32`, net.rightLan[4], ports);
    const right = selector(net.rightLan[4], `${net.leftInner[4]}/32`, {
      protocol: 17,
      localPorts: { first: 9000, last: 9000 },
    });
    await tunnel.leftGateway.call('setPolicies', [tunnel.policy('left', { selector: left })]);
    await tunnel.rightGateway.call('setPolicies', [tunnel.policy('right', { selector: right })]);
    const capture = await Capture.start(tunnel.right, 'wan', 'udp');
    const sink = tunnel.b.spawn(process.execPath, [
      '-e',
      `require('node:dgram').createSocket('udp4').on('message', (m) => console.log('got', m.length)).bind(9000, () => console.log('bound'))`,
    ]);
    await sink.waitFor(/bound/);
    await tunnel.left.exec(process.execPath, [
      '-e',
      `const s = require('node:dgram').createSocket('udp4'); s.bind(0, '${net.leftInner[4]}', () => s.send(Buffer.alloc(5000), 9000, '${net.b[4]}', () => s.close()))`,
    ]);
    await sink.waitFor(/got 5000/);
    await sink.stop();
    await capture.stop();
    // The kernel may show joined packets as one.
    assert.deepEqual(Object.keys(capture.count()), ['esp-in-udp']);
    await capture.close();
    assert.equal((await tunnel.rightGateway.threadStatistics()).cipherInPackets, 4n);
  });

  test('fragments that are forwarded under a policy for one port are protected too, those of another pass', async () => {
    for (const version of [4, 6] as const) {
      await using tunnel = await Tunnel.open({ inner: version, outer: version, udp: true, suite: 'aes-gcm' });
      const nine = { first: 9000, last: 9000 };
      const policy = (side: 'left' | 'right') =>
        tunnel.policy(side, {
          selector: {
            ...tunnel.selector(side),
            protocol: 17,
            ...(side === 'left' ? { remotePorts: nine } : { localPorts: nine }),
          },
        });
      await tunnel.leftGateway.call('setPolicies', [policy('left')]);
      await tunnel.rightGateway.call('setPolicies', [policy('right')]);
      const send = (port: number) =>
        tunnel.a.exec(process.execPath, [
          '-e',
          // More than once: an IPv6 sender hears first that its fragments are too long for the device.
          `const s = require('node:dgram').createSocket('udp${version}'); let n = 0; const t = setInterval(() => { if (++n > 5) { clearInterval(t); s.close(); } else s.send(Buffer.alloc(5000), ${port}, '${net.b[version]}'); }, 100)`,
        ]);
      const receive = (port: number) =>
        tunnel.b.spawn(process.execPath, [
          '-e',
          `require('node:dgram').createSocket('udp${version}').on('message', (m) => console.log('got', m.length)).bind(${port}, () => console.log('bound'))`,
        ]);
      for (const [port, kinds] of [
        [9000, ['esp-in-udp']],
        [9001, ['udp']],
      ] as const) {
        const sink = receive(port);
        await sink.waitFor(/bound/);
        const capture = await Capture.start(tunnel.right, 'wan', noNeighbours);
        await send(port);
        await sink.waitFor(/got 5000/);
        await sink.stop();
        await capture.stop();
        assert.equal(capture.count()['esp-in-udp'] !== undefined, kinds[0] === 'esp-in-udp');
        if (kinds[0] === 'esp-in-udp') assert.deepEqual(Object.keys(capture.count()), kinds);
        await capture.close();
      }
      // A later fragment whose first nobody saw: whether the policy is for it nobody knows.
      const start = await tunnel.leftGateway.statistics();
      const capture = await Capture.start(tunnel.right, 'wan', noNeighbours);
      await tunnel.a.exec('/usr/bin/python3', ['-c', orphan(version)]);
      await tunnel.leftGateway.counted('outPolicyErrors', start);
      await capture.stop();
      assert.deepEqual(capture.count(), {});
      await capture.close();
    }
  });

  test('padded to what the path carries (RFC 4303 2.7), in super-packets of UDP: all packets are as long', async () => {
    for (const suite of ['aes-gcm', 'aes-cbc-sha256'] as const) {
      await using tunnel = await Tunnel.open({ inner: 4, outer: 4, udp: true, suite, withoutSas: true });
      await tunnel.addSas({ tfc: { padTo: 'mtu' } });
      const capture = await Capture.start(tunnel.right, 'wan', 'udp port 4500');
      assert.equal(await transfer(tunnel.a, tunnel.b, net.b[4]), expected);
      await capture.stop();
      // What the kernel has not cut yet is several of them, after one IPv4 and UDP header.
      const payloads = capture.frames().map(({ data }) => Buffer.from(data).readUInt16BE(2) - 28);
      const one = Math.min(...payloads);
      assert.ok(one > 1400, `${one}`);
      assert.deepEqual([...new Set(payloads.map((bytes) => bytes % one))], [0]);
      assert.ok(payloads.some((bytes) => bytes > one));
      await capture.close();
    }
  });

  test('a path narrower than the device: the sender is told (RFC 1191, RFC 4443 3.2)', async () => {
    for (const version of [4, 6] as const) {
      await using tunnel = await Tunnel.open({ inner: version, outer: 4, udp: true, suite: 'aes-gcm' });
      tunnel.left.ip('link', 'set', 'wan', 'mtu', '1360');
      tunnel.right.ip('link', 'set', 'wan', 'mtu', '1360');
      const heard = await Capture.start(tunnel.a, 'eth0', version === 4 ? 'icmp' : 'icmp6');
      assert.equal(await transfer(tunnel.a, tunnel.b, net.b[version]), expected);
      await heard.stop();
      // The first ones speak of the device's own MTU.
      const mtus = heard
        .packets()
        .map(({ data }) => Buffer.from(data))
        .filter((data) => (version === 4 ? data[20] === 3 && data[21] === 4 : data[40] === 2))
        .map((data) => (version === 4 ? data.readUInt16BE(26) : data.readUInt32BE(44)));
      await heard.close();
      // 1360 less IPv4, UDP, SPI, sequence number, IV, trailer and ICV, and what aligns to 4.
      assert.equal(Math.min(...mtus), 1298);
    }
  });
});
