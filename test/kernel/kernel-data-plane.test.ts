import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readlinkSync } from 'node:fs';
import { test } from 'node:test';
import type { AcquireEvent, DataPlaneEvents, ExpireEvent, IkeDatagram, PolicySpec } from '#lib/dataplane/dataplane.js';
import { KernelDataPlane } from '#lib/dataplane/kernel.js';
import { kernelLacks } from '#lib/dataplane/kernel-probe.js';
import { ClosedError, NetlinkError } from '#lib/errors.js';
import { Xfrm } from '#lib/xfrm/index.js';
import { until } from '../lab/index.ts';
import { inOwnNamespace } from './own-namespace.ts';

/** What needs no transform of the kernel: policies, acquires, SPIs, the sockets of IKE, refusals. */

const any = { first: 0, last: 65535 };
const selector = { local: '10.1.0.0/16', remote: '10.2.0.0/16', protocol: 0, localPorts: any, remotePorts: any };
const policy: PolicySpec = {
  id: 1,
  selector,
  action: 'encrypt',
  level: 'require',
  protocols: ['esp'],
  mode: 'tunnel',
  saSrc: '10.1.0.1',
  saDst: '192.0.2.2',
  reqid: 7,
};

/** An SA but for its name. */
const suite = {
  mode: 'tunnel',
  src: '10.1.0.1',
  encryption: 'aes-gcm',
  encryptionKey: new Uint8Array(20),
  integrity: 'none',
  integrityKey: new Uint8Array(0),
  esn: false,
  reqid: 7,
  selectors: [selector],
} as const;

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
}

function open(more: Partial<DataPlaneEvents> = {}): KernelDataPlane {
  return new KernelDataPlane({ ike() {}, acquire() {}, expire() {}, mapping() {}, ...more });
}

const count = (xfrm: Xfrm) => xfrm.policies.dump().length;

inOwnNamespace(import.meta.url, () => {
  test('policies are replaced, and gone when it is closed; those of others stay', () => {
    using xfrm = new Xfrm();
    const foreign = { selector: { src: '10.9.0.0/16', dst: '10.8.0.0/16' }, direction: 'out' } as const;
    xfrm.policies.add(foreign);
    using plane = open();
    plane.setPolicies([policy]);
    assert.equal(count(xfrm), 4);
    const index = () => xfrm.policies.dump({ direction: 'fwd' }).find((p) => p.selector.src === selector.remote)?.index;
    const before = index();
    assert.ok(before);
    plane.setPolicies([
      policy,
      { ...policy, id: 2, selector: { ...selector, remote: '10.3.0.0/16' }, action: 'discard' },
    ]);
    assert.equal(count(xfrm), 7);
    assert.equal(index(), before, 'an unchanged policy is not touched');
    assert.throws(() => plane.setPolicies([policy, policy]), /two with id 1/);
    plane.close();
    plane.close();
    assert.equal(count(xfrm), 1);
    assert.throws(() => plane.setPolicies([]), ClosedError);
    xfrm.policies.delete(foreign);
  });

  test('a set with a policy that the kernel refuses changes nothing', () => {
    using xfrm = new Xfrm();
    using plane = open();
    plane.setPolicies([policy]);
    const before = xfrm.policies.dump();
    const foreign = { selector: { src: '10.7.0.0/16', dst: '10.1.0.0/16' }, direction: 'fwd', priority: 3 } as const;
    xfrm.policies.add(foreign);
    const clash = { ...policy, id: 2, selector: { ...selector, remote: '10.7.0.0/16' } };
    // The first is new, the second changed, one of the third's is somebody else's.
    const set = [
      { ...policy, id: 3, selector: { ...selector, remote: '10.6.0.0/16' } },
      { ...policy, reqid: 8 },
      clash,
    ];
    assert.throws(
      () => plane.setPolicies(set),
      (error: unknown) => error instanceof NetlinkError && error.code === 'EEXIST',
    );
    xfrm.policies.delete(foreign);
    const bare = (all: typeof before) => all.map(({ index: _, usage: __, ...rest }) => rest);
    assert.deepEqual(bare(xfrm.policies.dump()), bare(before));
  });

  test('what a killed daemon left is replaced by the first set, without a moment of none', () => {
    using xfrm = new Xfrm();
    using first = open();
    first.setPolicies([policy]);
    first.detach();
    assert.equal(count(xfrm), 3);
    using second = open();
    assert.equal(count(xfrm), 3);
    second.setPolicies([{ ...policy, selector: { ...selector, remote: '10.4.0.0/16' } }]);
    assert.deepEqual(
      xfrm.policies.dump({ direction: 'out' }).map((p) => p.selector.dst),
      ['10.4.0.0/16'],
    );
  });

  test('an acquire names the policy and the packet', async () => {
    // The loopback knows no IPsec.
    ip('link', 'add', 'd0', 'type', 'veth', 'peer', 'name', 'd1');
    ip('link', 'set', 'd1', 'up');
    ip('link', 'set', 'd0', 'up');
    ip('addr', 'add', '10.1.0.1/32', 'dev', 'd0');
    for (const network of ['10.2.0.0/16', '192.0.2.0/24']) ip('route', 'add', network, 'dev', 'd0');
    const events: AcquireEvent[] = [];
    using plane = open({ acquire: (event) => events.push(event) });
    plane.setPolicies([{ ...policy, id: 42 }]);
    const socket = createSocket('udp4');
    await new Promise<void>((resolve) => socket.bind(4242, '10.1.0.1', resolve));
    socket.send('x', 53, '10.2.0.9', () => {});
    await until(() => events.length > 0, 20_000, 'an acquire');
    socket.close();
    assert.deepEqual(events[0], {
      policy: 42,
      reqid: 7,
      packet: {
        local: '10.1.0.1/32',
        remote: '10.2.0.9/32',
        protocol: 17,
        localPorts: { first: 4242, last: 4242 },
        remotePorts: { first: 53, last: 53 },
      },
    });
    assert.ok(plane.statistics().outNoStates >= 1n);
  });

  test('level use without an SA lets pass and acquires nothing; discard does not', async () => {
    const events: AcquireEvent[] = [];
    using plane = open({ acquire: (event) => events.push(event) });
    const send = async (to: string) => {
      const socket = createSocket('udp4');
      await new Promise<void>((resolve) => socket.bind(0, '10.1.0.1', resolve));
      const error = await new Promise<NodeJS.ErrnoException | null>((resolve) => socket.send('x', 53, to, resolve));
      socket.close();
      return error?.code;
    };
    const to = (remote: string) => ({ ...selector, remote });
    plane.setPolicies([
      { ...policy, level: 'use', selector: to('10.2.7.0/24') },
      { ...policy, id: 2, action: 'discard', selector: to('10.2.8.0/24') },
    ]);
    const before = plane.statistics();
    assert.equal(await send('10.2.7.1'), undefined);
    assert.equal(await send('10.2.8.1'), 'EPERM');
    const after = plane.statistics();
    assert.deepEqual(events, []);
    assert.equal(after.outNoStates, before.outNoStates);
    assert.equal(after.outPolicyBlocked, before.outPolicyBlocked + 1n);
  });

  test('IKE passes by policies that discard everything, both ways', async () => {
    const peer = spawn('unshare', ['--net', 'sleep', '300']);
    try {
      // unshare has to have done its work before the link may follow.
      const own = readlinkSync('/proc/self/ns/net');
      await until(() => readlinkSync(`/proc/${peer.pid}/ns/net`) !== own, 20_000, 'a namespace for the peer');
      const there = ['-t', String(peer.pid), '-n'];
      ip('link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1', 'netns', String(peer.pid));
      ip('addr', 'add', '10.5.0.1/24', 'dev', 'v0');
      ip('link', 'set', 'v0', 'up');
      const setUp = 'ip addr add 10.5.0.2/24 dev v1; ip link set v1 up';
      assert.equal(spawnSync('nsenter', [...there, 'sh', '-c', setUp]).status, 0);

      const received: IkeDatagram[] = [];
      using plane = open({ ike: (datagrams) => received.push(...datagrams) });
      const all = { local: '0.0.0.0/0', remote: '0.0.0.0/0', protocol: 0, localPorts: any, remotePorts: any };
      plane.setPolicies([{ ...policy, selector: all, action: 'discard' }]);
      assert.notEqual(spawnSync('ping', ['-c1', '-W1', '10.5.0.2']).status, 0);
      // Answers what comes to 500 and 4500, and sends a keepalive, which is none of IKE's.
      const echo = `const { createSocket } = require('node:dgram');
        for (const port of [500, 4500]) {
          const socket = createSocket('udp4');
          socket.on('message', (data, { port: to, address }) => {
            socket.send(Buffer.of(0xff), to, address);
            socket.send(data, to, address);
          });
          socket.bind(port, () => console.log('up'));
        }`;
      const answering = spawn('nsenter', [...there, process.execPath, '-e', echo]);
      let up = '';
      answering.stdout.on('data', (text) => {
        up += text;
      });
      try {
        await until(() => up === 'up\nup\n', 60_000, 'the peer');
        for (const port of [500, 4500]) {
          const ends = [
            { address: '10.5.0.1', port },
            { address: '10.5.0.2', port },
          ] as const;
          assert.equal(plane.sendIke(...ends, Uint8Array.of(1, 2, 3, port & 0xff)), true);
        }
        await until(() => received.length >= 3, 20_000, 'the answers');
      } finally {
        answering.kill();
      }
      // Which socket is read first is anybody's guess.
      received.sort((a, b) => a.local.port - b.local.port);
      assert.deepEqual(
        received.map(({ local, remote, data }) => [local, remote.port, ...data]),
        [
          [{ address: '10.5.0.1', port: 500 }, 500, 0xff],
          [{ address: '10.5.0.1', port: 500 }, 500, 1, 2, 3, 500 & 0xff],
          [{ address: '10.5.0.1', port: 4500 }, 4500, 1, 2, 3, 4500 & 0xff],
        ],
        'on 500 a keepalive is a message of one octet, on 4500 the kernel keeps it',
      );
    } finally {
      peer.kill();
    }
  });

  test('a policy that somebody deletes or flushes is there again', async () => {
    using xfrm = new Xfrm();
    using plane = open();
    plane.setPolicies([policy, { ...policy, id: 2, selector: { ...selector, remote: '10.3.0.0/16' } }]);
    const texts = () => {
      const all = xfrm.policies
        .dump()
        .map((p) => [p.direction, p.selector.src, p.selector.dst, p.priority, p.templates]);
      return all.map((one) => JSON.stringify(one)).sort();
    };
    const before = texts();
    assert.equal(before.length, 6);
    for (const { selector, direction } of xfrm.policies.dump().slice(0, 2))
      xfrm.policies.delete({ selector, direction });
    await until(() => count(xfrm) === 6, 20_000, 'those that were deleted');
    assert.deepEqual(texts(), before);
    xfrm.policies.flush();
    await until(() => count(xfrm) === 6, 20_000, 'those that were flushed');
    assert.deepEqual(texts(), before);
    plane.setPolicies([policy]);
    assert.equal(count(xfrm), 3);
  });

  test('a policy that cannot come back is told of, and does when it can', async () => {
    const failures: Error[] = [];
    let recoveries = 0;
    using xfrm = new Xfrm();
    using plane = open({ failed: (error) => failures.push(error), recovered: () => recoveries++ });
    plane.setPolicies([policy]);
    const place = { selector: { src: selector.remote, dst: selector.local }, direction: 'fwd' } as const;
    xfrm.policies.flush();
    xfrm.policies.add({ ...place, priority: 3 });
    await until(() => failures.length > 0, 20_000, 'the refusal');
    assert.match(String(failures[0]), /XFRM_MSG_NEWPOLICY.*File exists/);
    // The others are back at once.
    assert.deepEqual(
      xfrm.policies
        .dump({ minimumPriority: 4 })
        .map(({ direction }) => direction)
        .sort(),
      ['in', 'out'],
    );
    // Nor does it stand in the way of another.
    plane.setPolicies([policy, { ...policy, id: 2, selector: { ...selector, remote: '10.3.0.0/16' } }]);
    assert.equal(xfrm.policies.dump({ minimumPriority: 4 }).length, 5);
    xfrm.policies.delete(place);
    await until(() => recoveries > 0, 20_000, 'another attempt');
    assert.equal(xfrm.policies.dump({ minimumPriority: 4 }).length, 6);
    assert.deepEqual([failures.length, recoveries], [1, 1]);
  });

  test('an SA that somebody deletes has expired', { skip: kernelLacks()?.message ?? false }, async () => {
    const expired: ExpireEvent[] = [];
    using xfrm = new Xfrm();
    using plane = open({ expire: (event) => expired.push(event) });
    plane.setPolicies([policy]);
    const keys = [0x7101, 0x7102, 0x7103].map((spi) => ({ spi, dst: '192.0.2.2', protocol: 'esp' }) as const);
    for (const key of keys) plane.addSa({ ...suite, ...key, direction: 'out' });
    xfrm.sas.delete(keys[0]!);
    // What we take away ourselves has not.
    plane.deleteSa(keys[1]!);
    await until(() => expired.length > 0, 20_000, 'the first');
    xfrm.sas.flush();
    await until(() => expired.length > 1, 20_000, 'the third');
    assert.deepEqual(
      expired,
      [keys[0]!, keys[2]!].map((sa) => ({ sa, direction: 'out', reqid: 7, hard: true })),
    );
  });

  test('when events were lost, what they would have said is found out', async () => {
    const expired: ExpireEvent[] = [];
    const acquired: AcquireEvent[] = [];
    using xfrm = new Xfrm();
    xfrm.sas.flush(); // Notes of earlier acquires.
    using plane = open({ expire: (event) => expired.push(event), acquire: (event) => acquired.push(event) });
    plane.setPolicies([{ ...policy, mode: 'transport' }]);
    const before = count(xfrm);
    const [gone, dying] = [0x7001, 0x7002].map((spi) => ({ spi, dst: '192.0.2.2', protocol: 'esp' }) as const);
    const withSas = kernelLacks() === undefined;
    if (withSas) {
      plane.addSa({ ...suite, ...gone!, reqid: 99, direction: 'out' });
      plane.addSa({
        ...suite,
        ...dying!,
        reqid: 99,
        direction: 'out',
        lifetime: { softSeconds: 1, hardSeconds: 1000 },
      });
    }
    // Each destination is an acquire of its own. Nobody reads them while this process waits.
    const flood = `
import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('10.1.0.1', 0))
for n in range(1000):
    try: s.sendto(b'x', ('10.2.%d.%d' % (n >> 8, n & 255), 9))
    except OSError: pass
time.sleep(2)`;
    const { status, stderr } = spawnSync('/usr/bin/python3', ['-I', '-S', '-c', flood], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    if (withSas) xfrm.sas.delete(gone!);
    xfrm.policies.flush();
    assert.equal(count(xfrm), 0);
    await until(() => count(xfrm) === before, 30_000, 'the policies are back');
    // Whom nobody heard the kernel has not asked, and asks again with the next packet. What it has a note of is told, and once more
    // because of the loss.
    const noted = xfrm.sas.dump({ reqid: 7 }).flatMap(({ spi, selector: s }) => (spi === 0 && s?.dst ? [s.dst] : []));
    assert.ok(noted.length > 0 && noted.length < 1000, `${noted.length}`);
    await until(
      () => acquired.length >= 2 * noted.length,
      30_000,
      () => `${acquired.length} for ${noted.length}`,
    );
    const asked = new Set(acquired.map(({ packet }) => packet.remote));
    assert.deepEqual(asked, new Set(noted));
    if (withSas) {
      await until(() => expired.length >= 2, 30_000, 'two expiries');
      const hard = (event: ExpireEvent) => (event.hard ? 'hard' : 'soft');
      assert.deepEqual(expired.map((event) => `${event.sa.spi} ${hard(event)}`).sort(), [
        `${gone!.spi} hard`,
        `${dying!.spi} soft`,
      ]);
    }
    xfrm.sas.flush();
  });

  test('SPIs that nobody came to use are given back', () => {
    using xfrm = new Xfrm();
    using plane = open();
    const spis = new Set(Array.from({ length: 20 }, () => plane.allocateSpi('192.0.2.1', 'esp')));
    assert.equal(spis.size, 20);
    const cpi = plane.allocateSpi('192.0.2.1', 'ipcomp');
    assert.ok(cpi >= 256 && cpi <= 61439);
    assert.equal(xfrm.sas.dump({ dst: '192.0.2.1' }).length, 21);
    plane.close();
    assert.equal(xfrm.sas.dump({ dst: '192.0.2.1' }).length, 0);
  });

  test('an SA that is refused leaves neither SA nor reservation', () => {
    using xfrm = new Xfrm();
    using plane = open();
    const spi = plane.allocateSpi('192.0.2.1', 'esp');
    const key = new Uint8Array(16);
    const spec = {
      direction: 'in',
      spi,
      protocol: 'esp',
      mode: 'tunnel',
      src: '192.0.2.2',
      dst: '192.0.2.1',
      // No kernel has it.
      encryption: 'camellia-ctr',
      encryptionKey: new Uint8Array(20),
      integrity: 'sha1-96',
      integrityKey: key,
      esn: false,
      reqid: 7,
      selectors: [selector],
    } as const;
    assert.throws(
      () => plane.addSa(spec),
      /camellia-ctr with sha1-96 in the kernel is not available here \((ENOSYS|EPROTONOSUPPORT)/,
    );
    assert.equal(xfrm.sas.dump({ dst: '192.0.2.1' }).length, 0);
    assert.equal(plane.sa(spec), undefined);
    assert.throws(() => plane.addSa({ ...spec, header: { ttl: 3 } }), /header\.ttl=3 in the kernel data plane/);
  });
});
