import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import {
  Capture,
  missingKernelFeature,
  Routeplane,
  routeplaneCommand,
  type SiteToSite,
  sites,
  siteToSite,
  until,
} from '../lab/index.ts';

const lacking = missingKernelFeature();

function router(own: 'r1' | 'r2', more = ''): string {
  const other = own === 'r1' ? 'r2' : 'r1';
  return `
/ip ipsec profile
set [find default=yes] hash-algorithm=sha256 enc-algorithm=aes-256 dh-group=x25519
/ip ipsec proposal
set [find default=yes] enc-algorithms=aes-128-gcm pfs-group=x25519
/ip ipsec peer
add name=other address=${sites[other].wan}/32 exchange-mode=ike2
/ip ipsec identity
add peer=other secret="a secret of many words"
/ip ipsec policy
add peer=other tunnel=yes src-address=${sites[own].subnet} dst-address=${sites[other].subnet}
${more}`;
}

async function both(net: SiteToSite, more1 = '', more2 = more1): Promise<[Routeplane, Routeplane]> {
  return await Promise.all([
    Routeplane.start(net.r1, router('r1', more1)),
    Routeplane.start(net.r2, router('r2', more2)),
  ]);
}

function logs(...routers: Routeplane[]): () => string {
  return () => routers.map(({ log }) => log).join('\n---\n');
}

/** Both have `count` SAs and one IKE_SA: of two that crossed, one has gone. */
async function settled(count: number, ...routers: Routeplane[]): Promise<void> {
  for (const router of routers) {
    await sas(router, count, logs(...routers));
    const peers = () => router.count('/ip ipsec active-peers', 'state=established');
    await until(async () => (await peers()) === 1, 10_000, logs(...routers));
    await sas(router, count, logs(...routers));
  }
}

async function sas(router: Routeplane, count: number, said: () => string): Promise<void> {
  await until(async () => (await router.count('/ip ipsec installed-sa')) === count, 10_000, said);
}

test('what the console changes happens: disable, enable, flush, discard', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const [r1, r2] = await both(net);
  await using _r1 = r1;
  await using _r2 = r2;
  const said = logs(r1, r2);
  await settled(2, r1, r2);
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3);

  await r1.exec('/ip ipsec policy disable [find peer=other]');
  await sas(r1, 0, said);
  assert.match(await r1.exec('/ip ipsec policy print'), / X /);
  await r1.exec('/ip ipsec policy enable [find peer=other]');
  await settled(2, r1, r2);
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3);

  await r1.exec('/ip ipsec installed-sa flush');
  await sas(r1, 2, said);
  assert.equal((await net.lan1.ping(sites.r2.host, { count: 20 })).received > 0, true);

  // Above the tunnel's policy a discard wins, below it does not matter.
  const discard = `add src-address=${sites.r1.subnet} dst-address=${sites.r2.host}/32 action=discard`;
  await r1.exec(`/ip ipsec policy ${discard} place-before=[find peer=other]`);
  assert.equal((await net.lan1.ping(sites.r2.host, { count: 2, waitMs: 100 })).received, 0);
  assert.match(await r1.exec('/ip ipsec statistics print'), /out-policy-blocked: [1-9]/);
  await r1.exec('/ip ipsec policy move [find action=discard]');
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3);
  assert.equal(await r1.count('/ip ipsec installed-sa'), 2);

  await r1.exec('/ip ipsec policy add copy-from=[find action=discard]');
  assert.equal(await r1.count('/ip ipsec policy', 'invalid=yes'), 1);
});

test('with the peer gone SIGTERM still ends it with 0 and nothing left; a second signal does not wait', {
  skip: lacking,
}, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const [r1, r2] = await both(net);
  await settled(2, r1, r2);
  net.wan.ip('link', 'set', 'to-r1', 'down');
  process.kill(r2.process.pid, 'SIGTERM');
  await until(() => /SIGTERM: closing/.test(r2.log), 3000);
  process.kill(r2.process.pid, 'SIGINT');
  assert.deepEqual(await r2.process.exited, { code: 1, signal: null });
  await r2.close();
  // Routeplane.stop() would make SIGKILL of it after 15 s.
  assert.deepEqual(await r1.stop(), { code: 0, signal: null });
  assert.doesNotMatch(net.r1.ip('rule', 'show') + net.r1.ip('link', 'show'), /rp0|21072/);
  await r1.close();
});

test('when its device is deleted the router says so and makes it again; its SAs stay', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const [r1, r2] = await both(net);
  await using _r1 = r1;
  await using _r2 = r2;
  const said = logs(r1, r2);
  await settled(2, r1, r2);
  const before = await r1.exec('/ip ipsec installed-sa print terse');
  net.r1.ip('link', 'del', 'rp0');
  await until(() => /the data plane works again/.test(r1.log), 20_000, said);
  assert.match(r1.log, /system,error,critical the data plane failed: /);
  await until(async () => (await net.lan1.ping(sites.r2.host, { count: 1, waitMs: 500 })).received === 1, 20_000, said);
  const spis = (text: string): readonly string[] => [...text.matchAll(/spi=\S+/g)].map(String);
  assert.ok(spis(before).length >= 2, before);
  assert.deepEqual(spis(await r1.exec('/ip ipsec installed-sa print terse')), spis(before));
});

test('a router that lost its power comes back, and so does the tunnel', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const [r1, r2] = await both(net);
  await using _r1 = r1;
  const said = logs(r1, r2);
  await settled(2, r1, r2);
  const stale = await r1.exec('/ip ipsec installed-sa print');
  await r2.kill();
  await r2.close();
  await using again = await Routeplane.start(net.r2, router('r2'));
  // INITIAL_CONTACT (RFC 7296 2.4) makes r1 forget what the other no longer knows.
  await settled(2, r1, again);
  assert.notEqual(await r1.exec('/ip ipsec installed-sa print'), stale);
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3, said());
});

test('transport mode protects what the routers say to each other', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const [r1, r2] = await both(net, 'add peer=other protocol=icmp');
  await using _r1 = r1;
  await using _r2 = r2;
  const said = logs(r1, r2);
  await settled(4, r1, r2);
  await using capture = await Capture.start(net.wan, 'to-r1');
  assert.deepEqual(await net.r1.ping(sites.r2.wan, { count: 4 }), { sent: 4, received: 4 }, said());
  await capture.stop();
  assert.equal(capture.count()['esp-in-udp'], 8);
  assert.equal(capture.count().icmp ?? 0, 0);
  const policies = await r1.exec('/ip ipsec policy print detail where protocol=icmp');
  assert.match(policies, /tunnel=no/);
  assert.match(policies, /sa-dst-address=192\.168\.80\.1/);
});

test('routers over IPv6 carry both families', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const over6 = (text: string) =>
    text
      .replace(sites.r1.wan, sites.r1.wan6)
      .replace(sites.r2.wan, sites.r2.wan6)
      .replace('/32 exchange', '/128 exchange');
  const [r1, r2] = await Promise.all([
    Routeplane.start(net.r1, over6(router('r1'))),
    Routeplane.start(net.r2, over6(router('r2'))),
  ]);
  await using _r1 = r1;
  await using _r2 = r2;
  await settled(2, r1, r2);
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3, logs(r1, r2)());
  assert.match(await r1.exec('/ip ipsec installed-sa print'), /src-address=\[?2001:db8:90::1\b/);
});

test('a failed negotiation says what each side offered', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const [r1, r2] = await Promise.all([
    Routeplane.start(net.r1, router('r1').replace('enc-algorithm=aes-256', 'enc-algorithm=aes-128')),
    Routeplane.start(net.r2, router('r2'), { args: ['--log=json'] }),
  ]);
  await using _r1 = r1;
  await using _r2 = r2;
  const said = logs(r1, r2);
  await until(() => /configured here/.test(r2.log) && /configured here/.test(r1.log), 10_000, said);
  assert.match(
    r1.log,
    /ipsec,error 192\.168\.80\.1 peer offered: IKE:aes-256-cbc.*\n.*ipsec,error 192\.168\.80\.1 configured here: IKE:aes-128-cbc/,
  );
  assert.match(r1.log, /ipsec,error no suitable proposal found\./);
  assert.match(r1.log, /ipsec,error 192\.168\.80\.1 failed to get valid proposal\./);
  const entries = r2.log
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.ok(
    entries.some(({ topics, message }) => topics.includes('error') && /phase1 negotiation failed/.test(message)),
  );

  // And with the same algorithms but another secret: no word about the secret.
  r1.reload(router('r1').replace('many words', 'other words'));
  await until(() => /phase1 negotiation failed: authentication failed/i.test(r1.log), 15_000, said);
  assert.doesNotMatch(said(), /words/);
});

test('a second daemon, a port in use and a bad file are refused in words, with status 1', {
  skip: lacking,
}, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  await using r1 = await Routeplane.start(net.r1, router('r1'));
  const run = (...args: string[]) =>
    spawnSync('ip', ['netns', 'exec', net.r1.name, process.execPath, routeplaneCommand, ...args], { encoding: 'utf8' });
  const twice = run('run', r1.file, `--socket=${r1.socket}`);
  assert.deepEqual([twice.status, twice.stderr], [1, `routeplane: another routeplane listens at ${r1.socket}\n`]);
  const busy = run('run', r1.file, `--socket=${r1.socket}2`);
  assert.equal(busy.status, 1);
  assert.match(busy.stderr, /^routeplane: .*rp0.*busy/);
  assert.equal(run('run', '--check', r1.file).status, 0);
  const missing = run('run', '/nonexistent.rsc');
  assert.deepEqual([missing.status, /^routeplane: .*nonexistent\.rsc/.test(missing.stderr)], [1, true]);
  assert.equal(run('run', r1.file, '--data-plane=hardware').status, 2);
  assert.equal(run('walk').status, 2);
  assert.equal(await r1.count('/ip ipsec peer'), 1);
});

test('the example of routeplane/ike talks to a router', { skip: lacking }, async () => {
  const net = siteToSite();
  using _topology = net.topology;
  const text = router('r2')
    .replace('exchange-mode=ike2', 'exchange-mode=ike2 passive=yes')
    .replace('enc-algorithm=aes-256', 'enc-algorithm=aes-256-gcm');
  await using r2 = await Routeplane.start(net.r2, text);
  const script = fileURLToPath(new URL('../../examples/ike.js', import.meta.url));
  const example = net.r1.node(script, [sites.r2.wan, sites.r1.subnet, sites.r2.subnet, 'a secret of many words']);
  await example.waitFor(/^up: 10\.1\.202\.0\/24 === 10\.1\.101\.0\/24 ESP:aes-128-gcm/m, 10_000);
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3);
  assert.deepEqual(await example.stop('SIGINT'), { code: 0, signal: null });
  await sas(r2, 0, logs(r2));
});
