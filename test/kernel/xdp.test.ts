import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ClosedError, SystemError } from '#lib/errors.js';
import { FrameBatch, queues, Umem, XdpProgram, XdpSocket } from '#lib/xdp/index.js';
import { inOwnNamespace } from './own-namespace.ts';

const ETHER_TYPE = 0x88b5;

/** An Ethernet frame of the type for experiments, numbered. */
function frame(number: number, bytes = 60): Uint8Array {
  const data = new Uint8Array(bytes);
  new DataView(data.buffer).setUint16(12, ETHER_TYPE);
  new DataView(data.buffer).setUint32(14, number);
  return data;
}

const numberOf = (data: Uint8Array) => new DataView(data.buffer, data.byteOffset).getUint32(14);

function send(socket: XdpSocket, packets: readonly Uint8Array[]): number {
  const batch = new FrameBatch(socket.umem, packets.length);
  const room = socket.allocate(batch);
  for (let i = 0; i < room; i++) batch.write(i, packets[i]!);
  const sent = socket.send(batch);
  socket.release(batch);
  return sent;
}

inOwnNamespace(import.meta.url, () => {
  execFileSync('ip', 'link add left type veth peer name right'.split(' '));
  for (const name of ['left', 'right']) execFileSync('ip', ['link', 'set', name, 'up']);

  test('frames from socket to socket, in order, and each is somebody’s', async () => {
    using umem = new Umem({ frames: 512 });
    using program = new XdpProgram({ interface: 'right', steer: { etherTypes: [ETHER_TYPE] } });
    assert.deepEqual([program.hook, program.fallback], ['native', '']);
    using left = new XdpSocket({ umem, interface: 'left', ringEntries: 64 });
    using otherMemory = new Umem({ frames: 256, frameBytes: 4096, headroom: 256 });
    using right = new XdpSocket({ umem: otherMemory, interface: 'right', ringEntries: 128 });
    program.add(right);
    const total = 5000;
    let sent = 0;
    let next = 0;
    const sender = (async () => {
      while (sent < total) {
        // No more on their way than any queue between the two holds.
        if (sent - next >= 64) {
          await new Promise(setImmediate);
          continue;
        }
        const packets = Array.from({ length: Math.min(32, total - sent) }, (_, i) => frame(sent + i, 60 + i));
        sent += send(left, packets);
        await new Promise(setImmediate);
      }
    })();
    for await (const batch of right) {
      for (let i = 0; i < batch.count; i++) {
        const data = batch.frame(i);
        assert.equal(numberOf(data), next++);
        assert.ok(data.byteOffset % 4096 >= 256, 'headroom');
      }
      if (next >= total) break;
    }
    await sender;
    assert.equal(next, total);
    // An empty TX ring is no loss.
    const { txRingEmpty: _, ...lost } = right.statistics();
    assert.deepEqual(lost, { rxDropped: 0, rxInvalid: 0, txInvalid: 0, rxRingFull: 0, fillRingEmpty: 0 });
    while (left.inFlight > 0) left.send(new FrameBatch(umem));
    assert.equal(umem.free, 512 - 64);
    right.close();
    assert.equal(otherMemory.free, 256);
  });

  test('what is received goes out again from where it lies', async () => {
    using umem = new Umem({ frames: 256 });
    using program = new XdpProgram({ interface: 'right', steer: { all: true }, hook: 'generic' });
    assert.equal(program.hook, 'generic');
    using echo = new XdpSocket({ umem, interface: 'right', ringEntries: 64 });
    program.add(echo);
    using back = new XdpProgram({ interface: 'left', steer: { etherTypes: [ETHER_TYPE] } });
    using left = new XdpSocket({ umem: new Umem({ frames: 256 }), interface: 'left', ringEntries: 64 });
    back.add(left);
    const echoing = (async () => {
      for await (const batch of echo) {
        let ours = 0;
        for (let i = 0; i < batch.count; i++)
          if (new DataView(batch.frame(i).buffer, batch.addresses[i]! + 12).getUint16(0) === ETHER_TYPE) ours++;
        if (ours > 0 && echo.send(batch) > 0) break;
      }
    })();
    send(left, [frame(7)]);
    const batch = new FrameBatch(left.umem);
    while ((await left.readable()) && left.receive(batch) === 0);
    assert.equal(numberOf(batch.frame(0)), 7);
    left.release(batch);
    await echoing;
  });

  test('steering: the tunnels that are ours, whole and plain; everything else is the kernel’s', async () => {
    const ours = [192, 0, 2, 1] as const;
    const ours6 = [0x20, 1, 0xd, 0xb8, ...new Uint8Array(11), 1];
    const ethernet = (type: number, ...rest: readonly (readonly number[])[]): Uint8Array => {
      const header = [...new Uint8Array(12), type >> 8, type & 0xff];
      return Uint8Array.from([...header, ...rest.flat(), ...new Uint8Array(64)]);
    };
    const v4 = (protocol: number, more: { to?: readonly number[]; fragment?: number; options?: boolean } = {}) => {
      const { to = ours, fragment = 0, options = false } = more;
      const first = [options ? 0x46 : 0x45, 0, 0, 84, 0, 1, fragment >> 8, fragment & 0xff, 64, protocol, 0, 0];
      return [...first, 192, 0, 2, 2, ...to, ...(options ? [1, 1, 1, 0] : [])];
    };
    const v6 = (next: number, to: readonly number[] = ours6) => [
      ...[0x60, 0, 0, 0, 0, 64, next, 64],
      ...new Uint8Array(16),
      ...to,
    ];
    const udp = (port: number, ...payload: readonly number[]) => [
      0x11,
      0x94,
      port >> 8,
      port & 0xff,
      0,
      40,
      0,
      0,
      ...payload,
    ];
    const spi = [0, 0, 0x10, 0];
    const frames: Record<string, [boolean, Uint8Array]> = {
      ESP: [true, ethernet(0x800, v4(50), spi)],
      AH: [true, ethernet(0x800, v4(51))],
      'GRE, and so EoIP': [true, ethernet(0x800, v4(47))],
      IPIP: [true, ethernet(0x800, v4(4))],
      '6to4': [true, ethernet(0x800, v4(41))],
      'ESP behind IPv4 options': [true, ethernet(0x800, v4(50, { options: true }), spi)],
      'ESP with DF': [true, ethernet(0x800, v4(50, { fragment: 0x4000 }), spi)],
      'ESP in UDP': [true, ethernet(0x800, v4(17), udp(4500, ...spi))],
      'ESP in UDP behind IPv4 options': [true, ethernet(0x800, v4(17, { options: true }), udp(4500, ...spi))],
      'ESP over IPv6': [true, ethernet(0x86dd, v6(50), spi)],
      'ESP in UDP over IPv6': [true, ethernet(0x86dd, v6(17), udp(4500, ...spi))],
      IKE: [false, ethernet(0x800, v4(17), udp(500, ...spi))],
      'IKE behind its marker': [false, ethernet(0x800, v4(17), udp(4500, 0, 0, 0, 0))],
      'ESP for somebody else': [false, ethernet(0x800, v4(50, { to: [192, 0, 2, 9] }), spi)],
      'ESP for somebody else over IPv6': [false, ethernet(0x86dd, v6(50, ours6.with(15, 9)), spi)],
      'a first fragment': [false, ethernet(0x800, v4(50, { fragment: 0x2000 }), spi)],
      'a last fragment': [false, ethernet(0x800, v4(50, { fragment: 0x0010 }))],
      'a fragment of IPv6': [false, ethernet(0x86dd, v6(44), [50, 0, 0, 1])],
      'ESP behind an IPv6 extension header': [false, ethernet(0x86dd, v6(0), [50, 0, 1, 4, 0, 0, 0, 0], spi)],
      'a VLAN tag': [false, ethernet(0x8100, [0, 7, 8, 0], v4(50), spi)],
      TCP: [false, ethernet(0x800, v4(6))],
      ARP: [false, ethernet(0x806)],
      'a header length that cannot be': [false, ethernet(0x800, [0x44, ...v4(50).slice(1)], spi)],
    };
    const steer = {
      protocols: [50, 51, 47, 4, 41],
      espInUdpPorts: [4500],
      addresses: ['192.0.2.1', '2001:db8::1'],
    };
    for (const hook of ['native', 'generic'] as const) {
      using program = new XdpProgram({ interface: 'right', steer, hook });
      using right = new XdpSocket({ umem: new Umem({ frames: 256 }), interface: 'right', ringEntries: 64 });
      program.add(right);
      using left = new XdpSocket({ umem: new Umem({ frames: 256 }), interface: 'left', ringEntries: 64 });
      const list = Object.entries(frames);
      // The number of each stands where no header is.
      const numbered = list.map(([, [, data]], i) => Uint8Array.from([...data, i]));
      assert.equal(send(left, numbered), list.length);
      const expected = list.flatMap(([name, [steered]]) => (steered ? [name] : []));
      const got: string[] = [];
      const batch = new FrameBatch(right.umem);
      while (got.length < expected.length && (await right.readable())) {
        right.receive(batch);
        for (let i = 0; i < batch.count; i++) got.push(list[batch.frame(i).at(-1)!]![0]);
        right.release(batch);
      }
      assert.deepEqual(got, expected, hook);
      // They came in order: what was sent before the last of ours and did not come is the kernel's. Now the rest is, too.
      assert.equal(send(left, [numbered[0]!]), 1);
      await right.readable();
      assert.equal(right.receive(batch), 1);
      assert.equal(list[batch.frame(0).at(-1)!]![0], 'ESP');
      right.release(batch);
    }
  });

  test('two queues, whose sockets share one memory; one of them polls busily', async () => {
    const many = 'numrxqueues 2 numtxqueues 2';
    execFileSync('ip', `link add near ${many} type veth peer name far ${many}`.split(' '));
    for (const name of ['near', 'far']) execFileSync('ip', ['link', 'set', name, 'up']);
    assert.equal(queues('far'), 2);
    let umem = new Umem({ frames: 1024 });
    const program = new XdpProgram({ interface: 'far', steer: { etherTypes: [ETHER_TYPE] } });
    const socketOf = (name: string, queue: number, sibling?: XdpSocket): XdpSocket =>
      new XdpSocket({
        umem: sibling?.umem ?? umem,
        interface: name,
        queue,
        ringEntries: 128,
        ...(sibling ? { sibling } : {}),
        ...(queue === 1 ? { busyPoll: { microseconds: 20, budget: 16 } } : {}),
      });
    const far0 = socketOf('far', 0);
    const far1 = socketOf('far', 1, far0);
    // Another interface may share it, too.
    const near0 = socketOf('near', 0, far0);
    const near1 = socketOf('near', 1, far0);
    for (const socket of [far0, far1]) program.add(socket);
    for (const [from, to] of [
      [near0, far0],
      [near1, far1],
    ] as const) {
      const batch = new FrameBatch(umem, 32);
      let next = 0;
      for (let sent = 0; next < 300; ) {
        if (sent < 300 && sent - next < 60)
          sent += send(
            from,
            Array.from({ length: Math.min(20, 300 - sent) }, (_, i) => frame(sent + i)),
          );
        else await to.readable();
        to.receive(batch);
        for (let i = 0; i < batch.count; i++) assert.equal(numberOf(batch.frame(i)), next++);
        to.release(batch);
      }
      assert.equal(next, 300);
    }
    // A queue without a socket is the kernel's.
    program.remove(far1);
    send(near1, [frame(1)]);
    send(near0, [frame(2)]);
    await far0.readable();
    const batch = new FrameBatch(umem);
    assert.equal(far0.receive(batch), 1);
    assert.equal(numberOf(batch.frame(0)), 2);
    assert.equal(far1.receive(new FrameBatch(umem)), 0);
    far0.release(batch);
    program.close();
    for (const socket of [near1, near0, far1, far0]) socket.close();
    assert.equal(umem.free, 1024);
    umem.close();
    umem = new Umem({ frames: 256 });
    // The interface has neither program nor socket any more: others may have both.
    using again = new XdpProgram({ interface: 'far', steer: { all: true } });
    using socket = socketOf('far', 0, undefined);
    assert.throws(() => again.add(far0), ClosedError);
    assert.equal(socket.receive(new FrameBatch(socket.umem)), 0);
  });

  test('bad input is refused before anything is done', () => {
    using umem = new Umem({ frames: 64 });
    using socket = new XdpSocket({ umem, interface: 'left', ringEntries: 64 });
    const batch = new FrameBatch(umem, 8);
    assert.equal(socket.allocate(batch, 2), 2);
    batch.lengths.fill(100);
    batch.addresses[1] = batch.addresses[0]!;
    assert.throws(() => socket.send(batch), /^TypeError: addresses\[1\]: not a frame of the caller's/);
    assert.throws(() => socket.release(batch), TypeError);
    batch.addresses[1] = 0xffff_f800;
    assert.throws(() => socket.send(batch), /addresses\[1\]/);
    batch.count = 1;
    batch.lengths[0] = 2049;
    assert.throws(() => socket.send(batch), /^TypeError: addresses\[0\]: does not fit its frame/);
    batch.lengths[0] = 0;
    assert.throws(() => socket.send(batch), TypeError);
    assert.throws(() => batch.write(0, new Uint8Array(2049)), RangeError);
    assert.throws(() => batch.frame(1), RangeError);
    batch.lengths[0] = 100;
    socket.release(batch);
    assert.throws(() => {
      batch.count = 1;
      socket.release(batch);
    }, /not a frame of the caller's/);
    assert.throws(() => socket.receive(new FrameBatch(new Umem({ frames: 2 }))), /another UMEM/);
    for (const options of [
      { frames: 1 },
      { frameBytes: 3000 },
      { headroom: 1900 },
      { frames: 1 << 20, frameBytes: 4096 },
    ]) {
      assert.throws(() => new Umem(options), TypeError, JSON.stringify(options));
    }
    assert.throws(() => new FrameBatch(umem, 0), RangeError);
    assert.throws(
      () => new XdpSocket({ umem, interface: 'nothing' }),
      (error: unknown) => error instanceof SystemError && error.code === 'ENODEV',
    );
    assert.throws(() => new XdpSocket({ umem, interface: 'left', queue: 50, ringEntries: 64 }), /left queue 50/);
    assert.throws(() => new XdpSocket({ umem, interface: 'left', binding: 'zero-copy', ringEntries: 64 }), SystemError);
    assert.throws(() => new XdpProgram({ interface: 'left', steer: {} }), /steering/);
    assert.throws(() => new XdpProgram({ interface: 'left', steer: { protocols: [256] } }), /steer.protocols\[0\]/);
    assert.throws(
      () => new XdpProgram({ interface: 'left', steer: { protocols: [50], addresses: ['10.0.0.300'] } }),
      TypeError,
    );
    assert.equal(queues('left'), 1);
  });

  test('what is closed says so, and takes its reader along', async () => {
    const umem = new Umem({ frames: 64 });
    const socket = new XdpSocket({ umem, interface: 'left', ringEntries: 64 });
    const reading = (async () => {
      for await (const _ of socket) assert.fail('nothing comes');
    })();
    const waiting = assert.rejects(socket.readable(), /another readable/);
    umem.close();
    assert.equal(umem.memory.length, 0);
    socket.close();
    socket.close();
    await Promise.all([reading, waiting]);
    assert.equal(await socket.readable(), false);
    assert.throws(() => socket.statistics(), ClosedError);
    assert.throws(() => umem.free, ClosedError);
  });

  test('a worker that ends leaves nothing behind', async () => {
    const url = new URL('../../../dist/xdp/index.js', import.meta.url).href;
    for (let i = 0; i < 3; i++) {
      const worker = new Worker(
        `import('${url}').then(async ({ Umem, XdpProgram, XdpSocket }) => {
           const umem = new Umem({ frames: 64 });
           const socket = new XdpSocket({ umem, interface: 'left', ringEntries: 64 });
           globalThis.program = new XdpProgram({ interface: 'left', steer: { all: true } });
           program.add(socket);
           require('node:worker_threads').parentPort.postMessage('up');
           await socket.readable();
         });`,
        { eval: true },
      );
      await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      await worker.terminate();
    }
  });
});
