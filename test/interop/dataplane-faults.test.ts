import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { Capture, missingKernelFeature, until } from '../lab/index.ts';
import { flood, hostilePackets, interfaceDrops, kernelDrops } from './dataplane/flood.ts';
import type { Gateway } from './dataplane/gateway.ts';
import { net, suiteKeys, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();
const base = { inner: 4, outer: 4, udp: true, suite: 'aes-gcm' } as const;

/** Echo requests come back, now or soon. */
const resumes = (tunnel: Tunnel): Promise<boolean> =>
  until(async () => (await tunnel.request(1)) === 1, 20_000, 'traffic through the tunnel');

/** How many queues of the TUN device the process holds. */
function queues(gateway: Gateway): number {
  const folder = `/proc/${gateway.pid}/fdinfo`;
  const infos = readdirSync(folder).map((fd) => {
    try {
      return readFileSync(`${folder}/${fd}`, 'utf8');
    } catch {
      return ''; // closed meanwhile
    }
  });
  return infos.filter((text) => /^iff:\s*rp0$/m.test(text)).length;
}

describe('devices that vanish and return', { skip: lacking, timeout: 240_000 }, () => {
  for (const threads of [1, 3]) {
    test(`the TUN device, ${threads} threads: it is made again, and nothing leaves in the clear meanwhile`, async () => {
      await using tunnel = await Tunnel.open({ ...base, gateways: { threads } });
      await resumes(tunnel);
      const clear = await Capture.start(tunnel.right, 'wan', 'icmp and net 10.0.0.0/8');
      const { leftGateway: left } = tunnel;
      for (let round = 1; round <= 3; round++) {
        const pinging = tunnel.request(30);
        tunnel.left.ip('link', 'del', 'rp0');
        await until(() => left.failures.length === round, 10_000, 'the failure');
        await until(() => left.recoveries.length === round, 10_000, 'the recovery');
        await pinging;
        await resumes(tunnel);
        await until(
          () => queues(left) === threads,
          10_000,
          () => `${threads} queues, not ${queues(left)}`,
        );
      }
      const [device] = JSON.parse(tunnel.left.ip('-j', 'link', 'show', 'rp0')) as { mtu: number; flags: string[] }[];
      assert.equal(device!.mtu, 1400);
      assert.ok(device!.flags.includes('UP'));
      await clear.stop();
      assert.deepEqual(clear.packets(), []);
      await clear.close();
      // And the other way: what is decrypted has a device to go to.
      assert.deepEqual(await tunnel.b.ping(net.a[4], { count: 3 }), { sent: 3, received: 3 });
    });
  }

  test('the interface to the peer', async () => {
    await using tunnel = await Tunnel.open(base);
    await resumes(tunnel);
    for (let round = 0; round < 2; round++) {
      tunnel.left.ip('link', 'del', 'wan');
      assert.equal(await tunnel.request(2), 0);
      tunnel.connect();
      await resumes(tunnel);
    }
    assert.deepEqual(tunnel.leftGateway.failures, []);
  });
});

const drops = /^\s*\d+: \S+:1194 (?:\S+ +){10}(\d+)\s*$/gm;

describe('queues that overflow', { skip: lacking, timeout: 240_000 }, () => {
  const local = { address: net.left[4], port: 4500 };
  const remote = { address: net.right[4], port: 4500 };

  test('ESP that fills the receive buffer of port 4500 keeps no IKE message out', async () => {
    await using tunnel = await Tunnel.open(base);
    const { leftGateway: left, rightGateway: right } = tunnel;
    process.kill(right.pid, 'SIGSTOP');
    try {
      // More than any buffer holds, and nobody reads.
      const flood = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for i in range(600):
    s.sendto(b'\\x11\\x11\\0\\1' + bytes(60000), ('${net.right[4]}', 4500))
`;
      await tunnel.left.exec('/usr/bin/python3', ['-c', flood]);
      const { stdout } = await tunnel.right.exec('cat', ['/proc/net/udp']);
      const dropped = [...stdout.matchAll(drops)].map(([, n]) => Number(n));
      assert.ok(dropped.length >= 2 && Math.max(...dropped) > 0, `the buffer of ESP overflows: ${stdout}`);
      for (let i = 0; i < 20; i++)
        assert.equal(await left.call('sendIke', local, remote, new Uint8Array(1000).fill(i)), true);
    } finally {
      process.kill(right.pid, 'SIGCONT');
    }
    await until(
      () => right.ike.length === 20,
      20_000,
      () => `20 IKE messages, not ${right.ike.length}`,
    );
    await resumes(tunnel);
  });

  test('ESP that fills the send buffer is dropped and counted, and IKE goes out', async () => {
    await using tunnel = await Tunnel.open({ ...base, gateways: { small: true } });
    const { leftGateway: left, rightGateway: right } = tunnel;
    // A queue that holds more than the socket may send, and empties slowly.
    await tunnel.left.exec('tc', 'qdisc add dev wan root tbf rate 24mbit burst 20k limit 64m'.split(' '));
    const before = await left.statistics();
    const flood = `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
while True:
    s.sendto(bytes(1300), ('${net.b[4]}', 9))
`;
    const flooding = tunnel.a.spawn('/usr/bin/python3', ['-c', flood]);
    await until(async () => (await left.statistics()).outErrors > before.outErrors, 20_000, 'packets that do not fit');
    for (let i = 0; i < 10; i++)
      assert.equal(await left.call('sendIke', local, remote, new Uint8Array(1000).fill(i)), true);
    await until(
      () => right.ike.length === 10,
      20_000,
      () => `10 IKE messages, not ${right.ike.length}`,
    );
    await flooding.stop();
    await tunnel.left.exec('tc', ['qdisc', 'del', 'dev', 'wan', 'root']);
    await resumes(tunnel);
  });
});

const sum = (values: readonly bigint[]): number => Number(values.reduce((a, b) => a + b, 0n));

/** Packets that have come to an end at a gateway, well or with a counter that says why not. */
async function ended(gateway: Gateway): Promise<number> {
  const statistics = Object.entries(await gateway.statistics()).filter(([name]) => name.startsWith('in'));
  const { plainOutPackets, dummies, keepalives, ikeReceived } = await gateway.threadStatistics();
  return sum([...statistics.map(([, count]) => count), plainOutPackets, dummies, keepalives, ikeReceived]);
}

describe('a generator of hostile packets', { skip: lacking, timeout: 240_000 }, () => {
  test('as fast as it can: traffic goes on, every drop has a counter, no memory is lost', async () => {
    await using tunnel = await Tunnel.open({ ...base, udp: false, suite: 'null-sha1' });
    // Jumbo frames get through, and are no fragments.
    for (const side of [tunnel.left, tunnel.right]) side.ip('link', 'set', 'wan', 'mtu', '9000');
    await resumes(tunnel);
    const { rightGateway: right } = tunnel;
    const { integrityKey } = suiteKeys('null-sha1', 'toRight');
    const inside = { src: net.a[4], dst: net.b[4] };
    // An SA of its own: what is forged for one leaves the numbers of the other alone.
    const spi = 0x33330009;
    await right.call('addSa', { ...tunnel.sa('right', 'in'), spi });
    const ends = { src: net.left[4], dst: net.right[4], spi, integrityKey, inside };
    const resident = () => Number(/RssAnon:\s+(\d+)/.exec(readFileSync(`/proc/${right.pid}/status`, 'utf8'))![1]);
    const round = async (seconds: number): Promise<number> => {
      const sending = flood(tunnel.left, ends, hostilePackets(ends), seconds);
      await sending.waitFor(/sending/);
      for (let i = 0; i < 3; i++) await resumes(tunnel);
      await sending.waitFor(/sent \d+/, 60_000);
      return Number(/sent (\d+)/.exec(sending.output)![1]);
    };
    const state = async () => ({
      ended: await ended(right),
      // The pings between are all that the other gateway seals.
      sealed: Number((await tunnel.leftGateway.threadStatistics()).cipherOutPackets),
      drops: kernelDrops(right.pid),
      lost: interfaceDrops(right.pid),
    });
    /** Sends for so long, and waits until all of it has come to an end: what still waits in a queue would be the next round's. */
    const accounted = async (seconds: number): Promise<void> => {
      const before = await state();
      const sent = await round(seconds);
      assert.ok(sent > 1000);
      let [known, lost] = [0, 0];
      await until(
        async () => {
          const now = await state();
          known = now.ended - before.ended + now.drops - before.drops - (now.sealed - before.sealed);
          lost = now.lost - before.lost;
          // What the link lost on a machine that is behind: a packet, or a piece of one.
          return known <= sent + sent / 1000 && known + lost >= sent - sent / 1000;
        },
        20_000,
        () => `${sent} packets sent, ${known} accounted for, ${lost} frames lost by the link`,
      );
    };
    // Long enough for V8's heap to be as large as it gets.
    await accounted(5);
    const before = resident();
    await accounted(5);
    assert.ok(resident() < before + 50_000, `${before} KB before, ${resident()} KB after`);
    assert.deepEqual(right.failures, []);
  });
});

const cpusets = '/sys/fs/cgroup/cpuset';
const withoutCpusets =
  lacking ||
  (!existsSync(`${cpusets}/cpuset.cpus`) && `no cpusets of cgroup v1 (CONFIG_CPUSETS_V1) are mounted at ${cpusets}`) ||
  (availableParallelism() < 2 && 'one CPU only, which cannot be taken away');

describe('cores that are taken away', { skip: withoutCpusets, timeout: 240_000 }, () => {
  test('packet threads that are pinned to one go on with another', async () => {
    await using tunnel = await Tunnel.open({ ...base, gateways: { threads: 2 } });
    const pid = tunnel.leftGateway.pid;
    const folder = `${cpusets}/rp-${pid}`;
    mkdirSync(folder);
    try {
      const all = readFileSync(`${cpusets}/cpuset.cpus`, 'utf8').trim();
      const [first, last] = [/^\d+/.exec(all)![0], /\d+$/.exec(all)![0]];
      writeFileSync(`${folder}/cpuset.mems`, readFileSync(`${cpusets}/cpuset.mems`, 'utf8'));
      writeFileSync(`${folder}/cpuset.cpus`, all);
      writeFileSync(`${folder}/cgroup.procs`, `${pid}`);
      const threads = readdirSync(`/proc/${pid}/task`).filter(
        (tid) => readFileSync(`/proc/${pid}/task/${tid}/comm`, 'utf8') === 'rp-packets\n',
      );
      assert.equal(threads.length, 2);
      for (const tid of threads) await tunnel.left.exec('taskset', ['-pc', last, tid]);
      await resumes(tunnel);
      const pinging = tunnel.request(50);
      writeFileSync(`${folder}/cpuset.cpus`, first);
      await pinging;
      await resumes(tunnel);
      for (const tid of threads)
        assert.match(
          readFileSync(`/proc/${pid}/task/${tid}/status`, 'utf8'),
          new RegExp(`Cpus_allowed_list:\\t${first}\n`),
        );
      assert.deepEqual(tunnel.leftGateway.failures, []);
    } finally {
      await tunnel.leftGateway.stop();
      await until(() => removed(folder), 10_000, `${folder} to be empty`);
    }
  });
});

function removed(folder: string): boolean {
  try {
    rmdirSync(folder);
    return true;
  } catch {
    return false;
  }
}
