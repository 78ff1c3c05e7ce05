import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingKernelFeature, Topology } from '../lab/index.ts';

const folder = new URL('../../examples/', import.meta.url);

/** What each example prints at its end, or nothing for one that a test of its own has as a peer. */
const last: Record<string, RegExp | undefined> = {
  crypto: /./,
  dataplane: /3 received, 0% packet loss/,
  esp: /./,
  ike: undefined,
  phc: undefined,
  'ptp-engine': /15 s {2}SLAVE +-?\d{1,2}\.\d ns/,
  'ptp-follow': undefined,
  'ptp-grandmaster': undefined,
  routeros: /./,
  'static-gateway': undefined,
  rtnl: /changes heard, the last one: rule there/,
  xfrm: undefined,
  xdp: /5 received, 0% packet loss.*inside is closed/s,
};

const examples = readdirSync(folder)
  .filter((name) => name.endsWith('.js'))
  .map((name) => basename(name, '.js'));

test('every example is run', () => {
  for (const name of examples) assert.ok(name in last, `${name} is missing in the list`);
});

for (const name of examples) {
  const expected = last[name];
  if (expected === undefined) continue;
  test(`examples/${name}`, { skip: missingKernelFeature(), timeout: 60_000 }, async () => {
    const script = fileURLToPath(new URL(`${name}.js`, folder));
    const child = spawn('unshare', ['--net', process.execPath, script], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    assert.equal(code, 0, output);
    assert.match(output, expected);
  });
}

const script = (name: string) => fileURLToPath(new URL(`${name}.js`, folder));

test('examples/static-gateway on both ends', { skip: missingKernelFeature(), timeout: 120_000 }, async () => {
  using topology = new Topology();
  const [left, right] = [topology.namespace('left'), topology.namespace('right')];
  topology.link(
    { namespace: left, device: 'ether1', addresses: ['192.0.2.1/24'] },
    { namespace: right, device: 'ether1', addresses: ['192.0.2.2/24'] },
  );
  left.address('lo', '10.1.0.1/32');
  right.address('lo', '10.2.0.1/32');
  const [here, there] = [
    ['192.0.2.1', '10.1.0.0/24', '0x1001'],
    ['192.0.2.2', '10.2.0.0/24', '0x1002'],
  ] as const;
  const env = { KEY: '00112233445566778899aabbccddeeff01234567' };
  const gateways = [
    left.node(script('static-gateway'), [...here, ...there], { env }),
    right.node(script('static-gateway'), [...there, ...here], { env }),
  ];
  for (const gateway of gateways) await gateway.waitFor(/ether1: AF_XDP native, copy\nready/, 30_000);
  // The first packets may be lost, while the kernel finds its neighbour.
  assert.ok((await left.ping('10.2.0.1', { count: 5, source: '10.1.0.1', waitMs: 10_000 })).received > 0);
  const after = await left.ping('10.2.0.1', { count: 5, source: '10.1.0.1', waitMs: 10_000 });
  assert.deepEqual(after, { sent: 5, received: 5 });
  for (const gateway of gateways) await gateway.stop();
});

test('examples/ptp-follow follows examples/ptp-grandmaster', {
  skip: missingKernelFeature(),
  timeout: 60_000,
}, async () => {
  using topology = new Topology();
  const [master, slave] = [topology.namespace('master'), topology.namespace('slave')];
  topology.link(
    { namespace: master, device: 'ether1', addresses: ['192.0.2.1/24'] },
    { namespace: slave, device: 'ether1', addresses: ['192.0.2.2/24'] },
  );
  const grandmaster = master.node(script('ptp-grandmaster'), ['ether1']);
  const follower = slave.node(script('ptp-follow'), ['ether1']);
  await grandmaster.waitFor(/ether1: MASTER/i, 30_000);
  await follower.waitFor(/offset -?\d+ ns, delay -?\d+ ns/, 30_000);
  await follower.stop('SIGKILL');
  await grandmaster.stop('SIGINT');
});

test('examples/xfrm tells what the kernel does', { skip: missingKernelFeature(), timeout: 60_000 }, async () => {
  using topology = new Topology();
  const namespace = topology.namespace('xfrm');
  const monitor = namespace.node(script('xfrm'));
  const policy = ['src', '10.1.0.0/24', 'dst', '10.2.0.0/24', 'dir', 'out'];
  const until = Date.now() + 30_000;
  while (!/out .*10\.2\.0\.0\/24/s.test(monitor.output) && Date.now() < until) {
    namespace.ip('xfrm', 'policy', 'update', ...policy, 'action', 'block');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.match(monitor.output, /out .*10\.2\.0\.0\/24/s);
  await monitor.stop('SIGKILL');
});
