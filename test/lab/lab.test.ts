import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  Capture,
  missingKernelFeature,
  type Namespace,
  networkPackages,
  removeStaleNamespaces,
  requirePackages,
  StrongSwan,
  sites,
  siteToSite,
  Topology,
  until,
} from './index.ts';

const lacking = missingKernelFeature();
if (!lacking) requirePackages(networkPackages);

test('links lose and translate packets as told', { skip: lacking }, async () => {
  using topology = new Topology();
  const [inside, box, outside] = ['inside', 'box', 'outside'].map((label) => topology.namespace(label)) as [
    Namespace,
    Namespace,
    Namespace,
  ];
  topology.link(
    { namespace: inside, device: 'eth0', addresses: ['10.0.0.2/24'] },
    { namespace: box, device: 'in', addresses: ['10.0.0.1/24'] },
    1400,
  );
  topology.link(
    { namespace: box, device: 'out', addresses: ['203.0.113.1/24'] },
    { namespace: outside, device: 'eth0', addresses: ['203.0.113.2/24'] },
  );
  inside.route('default', '10.0.0.1');
  topology.nat(box, 'out');
  await using capture = await Capture.start(outside, 'eth0');
  assert.deepEqual(await inside.ping('203.0.113.2', { count: 3 }), { sent: 3, received: 3 });
  await capture.stop();
  assert.ok((capture.count().icmp ?? 0) >= 6);
  const sources = new Set(capture.packets().flatMap(({ kind, src }) => (kind === 'icmp' ? [src.join('.')] : [])));
  assert.deepEqual([...sources].sort(), ['203.0.113.1', '203.0.113.2']);
  assert.match(inside.ip('link', 'show', 'eth0'), /mtu 1400/);

  topology.impair(outside, 'eth0', { lossPercent: 100 });
  assert.equal((await inside.ping('203.0.113.2', { count: 2, waitMs: 100 })).received, 0);
  topology.impair(outside, 'eth0', undefined);
  assert.equal((await inside.ping('203.0.113.2', { count: 2 })).received, 2);
});

/** Gone, or a zombie that its new parent has not collected yet. */
function ended(pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return true;
  }
}

test('nothing outlives a process that ends by a signal, and the next one removes what SIGKILL left', {
  skip: lacking,
}, async () => {
  const script = `
    const { Namespace } = await import(${JSON.stringify(new URL('./namespace.js', import.meta.url))});
    const ns = new Namespace('victim');
    const child = ns.spawn('sleep', ['100']);
    process.stdout.write(ns.name + ' ' + child.pid + '\\n');
    setInterval(() => {}, 1000);`;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGKILL'] as const) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const line = await new Promise<string>((resolve) => child.stdout.once('data', (data) => resolve(String(data))));
    const [name, pid] = line.trim().split(' ') as [string, string];
    assert.ok(existsSync(`/run/netns/${name}`));
    const exited = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await exited;
    if (signal === 'SIGKILL') removeStaleNamespaces();
    await until(() => !readdirSync('/run/netns').includes(name), 2000, `${name} removed after ${signal}`);
    await until(() => ended(pid), 2000, `child of ${name} ended after ${signal}`);
  }
});

test('two strongSwans make a tunnel, rekey it and tell about it', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const connection = (own: typeof sites.r1 | typeof sites.r2, other: typeof sites.r1 | typeof sites.r2) => ({
    connections: {
      peer: {
        version: 2,
        local_addrs: own.wan,
        remote_addrs: other.wan,
        proposals: 'aes128-sha256-modp2048',
        local: { auth: 'psk' },
        remote: { auth: 'psk' },
        children: { lan: { local_ts: own.subnet, remote_ts: other.subnet, esp_proposals: 'aes128gcm16' } },
      },
    },
    secrets: { ike: { secret: 'a secret with "blanks'.replace('"', '') } },
  });
  await using one = await StrongSwan.start(net.r1, { swanctl: connection(sites.r1, sites.r2) });
  await using two = await StrongSwan.start(net.r2, { swanctl: connection(sites.r2, sites.r1) });
  await using capture = await Capture.start(net.wan, 'to-r1');
  await one.initiate('lan');
  assert.deepEqual(await net.lan1.ping(sites.r2.host, { count: 5 }), { sent: 5, received: 5 });

  const [before] = await two.sas();
  assert.equal(before?.state, 'ESTABLISHED');
  assert.equal(before?.initiator, false);
  assert.equal(before?.children[0]?.encryption, 'AES_GCM_16-128');
  assert.deepEqual(before?.children[0]?.localSelectors, [sites.r2.subnet]);
  assert.ok((before?.children[0]?.packetsIn ?? 0) >= 5);

  await two.rekey({ child: 'lan' });
  await until(async () => (await one.children()).some((child) => child.spiOut !== before?.children[0]?.spiIn), 3000);
  await one.rekey({ ike: 'peer' });
  await until(async () => (await two.sas()).some((sa) => sa.initiatorSpi !== before?.initiatorSpi), 3000);
  assert.equal((await net.lan2.ping(sites.r1.host, { count: 3 })).received, 3);

  await one.terminate({ ike: 'peer' });
  await until(async () => (await two.sas()).length === 0, 3000, 'the peer took the delete');
  await capture.stop();
  const { ike, 'esp-in-udp': esp, arp: _arp, 'neighbour-discovery': _nd, ...rest } = capture.count();
  assert.ok((esp ?? 0) >= 16, `${esp} ESP packets`);
  assert.ok((ike ?? 0) >= 12, `${ike} IKE messages`);
  assert.deepEqual(rest, {}, 'only IKE and ESP cross the wire');
  const init = await capture.decode({ filter: 'isakmp.exchangetype == 34' });
  assert.equal(init.length, 2);
});
