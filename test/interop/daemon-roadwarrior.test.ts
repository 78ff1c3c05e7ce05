import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Capture, missingKernelFeature, Routeplane, sites, siteToSite, until } from '../lab/index.ts';

const lacking = missingKernelFeature();

/** Behind the NAT: knows where the office is. */
const client = `
/ip ipsec profile
add name=rw hash-algorithm=sha256 enc-algorithm=aes-256 dh-group=x25519
/ip ipsec proposal
add name=rw enc-algorithms=aes-256-gcm pfs-group=x25519
/ip ipsec peer
add name=office address=${sites.r2.wan}/32 exchange-mode=ike2 profile=rw
/ip ipsec identity
add peer=office secret=0x00112233445566778899aabbccddeeff my-id=fqdn:laptop.example.org remote-id=fqdn:office.example.org
/ip ipsec policy
add peer=office tunnel=yes proposal=rw src-address=${sites.r1.subnet} dst-address=${sites.r2.subnet}
`;

/** Knows nobody's address: takes who has the secret and asks for what the template allows. */
const office = `
/ip ipsec profile
add name=rw hash-algorithm=sha256 enc-algorithm=aes-256 dh-group=x25519
/ip ipsec proposal
add name=rw enc-algorithms=aes-256-gcm pfs-group=x25519
/ip ipsec policy group
add name=rw
/ip ipsec peer
add name=any exchange-mode=ike2 passive=yes profile=rw
/ip ipsec identity
add peer=any secret=wrong remote-id=fqdn:desktop.example.org generate-policy=port-strict policy-template-group=rw
add peer=any secret=0x00112233445566778899AABBCCDDEEFF my-id=fqdn:office.example.org \\
    remote-id=fqdn:laptop.example.org generate-policy=port-strict policy-template-group=rw
/ip ipsec policy
add template=yes group=rw proposal=rw src-address=10.1.0.0/16 dst-address=10.1.0.0/16
`;

test('a client behind a NAT, a responder with templates: UDP encapsulation and a generated policy', {
  skip: lacking,
}, async () => {
  const net = siteToSite({ nat: true });
  using _topology = net.topology;
  await using server = await Routeplane.start(net.r2, office, { args: ['--topics=ipsec'] });
  await using laptop = await Routeplane.start(net.r1, client, { args: ['--topics=ipsec'] });
  const logs = () => `${laptop.log}\n${server.log}`;
  // The responder has its SAs first.
  for (const router of [server, laptop]) {
    await until(async () => (await router.count('/ip ipsec installed-sa')) === 2, 10_000, logs);
  }

  await using capture = await Capture.start(net.wan, 'to-r2');
  assert.deepEqual(await net.lan1.ping(sites.r2.host, { count: 5 }), { sent: 5, received: 5 }, logs());
  assert.deepEqual(await net.lan2.ping(sites.r1.host, { count: 5 }), { sent: 5, received: 5 }, logs());
  await capture.stop();
  assert.equal(capture.count()['esp-in-udp'], 20);

  const policies = await server.exec('/ip ipsec policy print detail where dynamic=yes');
  assert.match(policies, / DA? /);
  assert.match(policies, /src-address=10\.1\.101\.0\/24/);
  assert.match(policies, /dst-address=10\.1\.202\.0\/24/);
  assert.match(policies, /ph2-count=1/);
  assert.equal(await server.count('/ip ipsec active-peers', 'natt-peer=yes'), 1);
  assert.match(await server.exec('/ip ipsec active-peers print'), /laptop\.example\.org/);

  await laptop.exec('/ip ipsec installed-sa rekey [find]');
  await until(() => /child SA rekeyed/.test(server.log), 5000, logs);
  assert.equal((await net.lan2.ping(sites.r1.host, { count: 5 })).received, 5, logs());
  assert.equal(await server.count('/ip ipsec policy', 'dynamic=yes'), 1);

  // The box in between forgets: the client's next packet comes from another port, and the answers follow it there.
  const port = async () =>
    /dst-address=192\.168\.80\.254:(\d+)/.exec(await server.exec('/ip ipsec installed-sa print'))?.[1];
  const before = await port();
  assert.ok(before !== undefined);
  await net.wan.exec('conntrack', ['-F']);
  await net.lan1.ping(sites.r2.host, { count: 10 });
  await until(async () => (await port()) !== before, 3000, logs);
  assert.equal((await net.lan2.ping(sites.r1.host)).received, 3, logs());

  await laptop.exec('/ip ipsec active-peers kill-connections');
  await until(async () => (await server.count('/ip ipsec active-peers')) === 0, 5000, logs);
  await until(async () => (await server.count('/ip ipsec policy', 'dynamic=yes')) === 0, 5000, logs);
  // Its policy is still there and not passive: it comes back by itself.
  for (const router of [server, laptop]) {
    await until(async () => (await router.count('/ip ipsec installed-sa')) === 2, 10_000, logs);
  }
  assert.equal((await net.lan1.ping(sites.r2.host)).received, 3, logs());
});
