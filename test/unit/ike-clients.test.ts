import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IkeSettings } from '#lib/ike/index.js';
import { child, config } from './ike/configuration.ts';
import { Host, type Outgoing } from './ike/host.ts';
import { seeded } from './ike/random.ts';

const random = seeded(5);

/** One responder and any number of clients, on a wire without latency. */
function office(settings: Partial<IkeSettings> = {}) {
  const hosts = new Map<string, Host>();
  const wire: Outgoing[] = [];
  const add = (name: string, address: string) => {
    const host = new Host(name, address, random, (datagram) => wire.push(datagram), settings);
    hosts.set(address, host);
    return host;
  };
  const settle = (now: number) => {
    for (let message = wire.shift(); message !== undefined; message = wire.shift()) {
      const { local, remote, data } = message;
      const to = hosts.get(remote.address);
      to?.do(to.ike.handleDatagram({ local: remote, remote: local, data }, now));
    }
  };
  const server = add('server', '192.0.2.1');
  const template = child('10.0.0.0/8', '0.0.0.0/0', { name: 'template', template: true });
  const anyone = { remote: '0.0.0.0/0', passive: true, children: [template] };
  server.do(server.ike.setPeers([config('clients', '10.0.0.0/8', '0.0.0.0/0', '0.0.0.0', anyone)], 0));
  const connect = (address: string, overrides: Parameters<typeof config>[4] = {}, now = 0) => {
    const client = add(address, address);
    client.do(client.ike.setPeers([config('server', '172.16.0.0/16', '10.0.0.0/8', '192.0.2.1', overrides)], now));
    client.do(client.ike.initiate('server', now));
    settle(now);
    return client;
  };
  return { server, connect, settle };
}

test('clients of one template each have their own IKE_SA, CHILD_SA and INITIAL_CONTACT', () => {
  const { server, connect, settle } = office();
  const clients = Array.from({ length: 5 }, (_, i) => connect(`198.51.100.${i + 1}`));
  assert.equal(server.ike.ikeSas().length, 5);
  assert.equal(server.sas.size, 5);
  for (const client of clients) {
    const [mine] = client.sas.values();
    const theirs = server.inbound(mine!.keys.spiOut);
    assert.deepEqual(theirs?.keys.keyIn, mine?.keys.keyOut);
    /* The server sends at once, whatever other clients it has. */
    assert.equal(theirs?.outbound, true);
    assert.equal(theirs?.keys.inboundOnly, undefined);
  }
  /* One goes: the others stay. */
  clients[2]!.do(clients[2]!.ike.shutdown(1000));
  settle(1000);
  assert.equal(server.ike.ikeSas().length, 4);
  assert.equal([...server.sas.values()].filter(({ outbound }) => outbound).length, 4);
});

test('INITIAL_CONTACT means the identity, not the address or the peer that it is configured as', () => {
  const { server, connect } = office();
  const named = (value: string) => ({ myId: { type: 'fqdn', value } as const });
  /* A name that reads like an address is not that address. */
  connect('198.51.100.9');
  connect('198.51.100.4', named('198.51.100.9'));
  connect('198.51.100.1', named('one.example'));
  connect('198.51.100.2', named('two.example'));
  assert.equal(server.ike.ikeSas().length, 4);
  /* One of them comes back from elsewhere. */
  connect('198.51.100.3', named('one.example'), 5000);
  assert.deepEqual(
    server.ike.ikeSas().map((sa) => [sa.remoteId, sa.remote.address]),
    [
      ['198.51.100.9', '198.51.100.9'],
      ['198.51.100.9', '198.51.100.4'],
      ['two.example', '198.51.100.2'],
      ['one.example', '198.51.100.3'],
    ],
  );
});

test('a private address as identity is one behind each NAT', () => {
  const { server, connect } = office();
  const home = { myId: { type: 'address', value: '192.168.88.2' } as const };
  connect('198.51.100.1', home);
  connect('198.51.100.2', home);
  assert.equal(server.ike.ikeSas().length, 2);
  /* The first one comes back, and means its own remains. */
  connect('198.51.100.1', home, 5000);
  assert.deepEqual(
    server.ike
      .ikeSas()
      .map((sa) => sa.remote.address)
      .sort(),
    ['198.51.100.1', '198.51.100.2'],
  );
});

test('a peer that comes back without a word about what it had keeps a few IKE_SAs, the newest', () => {
  const { server, connect } = office({ ikeSasPerIdentity: 4 });
  for (let i = 0; i < 30; i++) connect('198.51.100.1', { sendInitialContact: false }, i * 100);
  connect('198.51.100.2', {}, 3000);
  const ids = server.ike.ikeSas().map((sa) => sa.ikeSa);
  assert.deepEqual(ids, [27, 28, 29, 30, 31]);
  assert.equal([...server.sas.values()].filter(({ outbound }) => outbound).length, 2);
  assert.equal(server.named('ike-sa-closed').filter(({ reason }) => reason.startsWith('too many')).length, 26);
});

test('a peer that invents identities is refused at the limit, others are not', () => {
  const { server, connect } = office({ ikeSasPerPeer: 10 });
  for (let i = 0; i < 30; i++) connect('198.51.100.1', { myId: { type: 'fqdn', value: `${i}.example` } }, i * 100);
  assert.equal(server.ike.ikeSas().length, 10);
  assert.ok(server.named('ike-sa-failed').some(({ reason }) => reason === 'too many IKE_SAs of this peer'));
});

test('IKE_SAs that were deleted are forgotten early when there are many', () => {
  const { server, connect, settle } = office({ halfOpenLimit: 8 });
  for (let i = 0; i < 40; i++) {
    const client = connect('198.51.100.1', {}, i * 10);
    client.do(client.ike.shutdown(i * 10));
    settle(i * 10);
  }
  assert.equal(server.ike.ikeSas().length, 0);
  assert.equal([...server.timers.keys()].filter((id) => id.endsWith(':abandon')).length, 8);
});

test('one client has so many CHILD_SAs of a template, and no more', () => {
  const { server, connect } = office();
  const children = Array.from({ length: 100 }, (_, i) =>
    child(`172.16.${i}.0/24`, '10.0.0.0/8', { name: `net${i}`, reqid: i + 1, autoStart: true }),
  );
  const client = connect('198.51.100.1', { children });
  assert.equal(server.sas.size, 68);
  assert.equal(client.sas.size, 68);
  assert.equal(client.named('child-sa-failed').filter(({ reason }) => reason === 'NO_ADDITIONAL_SAS').length, 32);
  /* All in one second: the first is enough to tell the operator. */
  assert.equal(server.named('child-sa-failed').length, 1);
});

test('an identity that wants strong algorithms is not had with the weak ones of its neighbour', () => {
  const { server, connect } = office();
  const strong = [{ encryption: ['aes-256-gcm'], integrity: [], prf: ['hmac-sha384'], dhGroups: ['ecp384'] }] as const;
  const vip = { type: 'fqdn', value: 'vip.example' } as const;
  const anyone = { remote: '0.0.0.0/0', passive: true };
  server.do(
    server.ike.setPeers(
      [
        config('vip', '10.0.0.0/8', '172.16.0.0/16', '0.0.0.0', { ...anyone, remoteId: vip, proposals: strong }),
        config('others', '10.0.0.0/8', '172.16.0.0/16', '0.0.0.0', {
          ...anyone,
          auth: { method: 'psk', secret: new Uint8Array(8).fill(7) },
        }),
      ],
      0,
    ),
  );
  /* The secret is right, what was negotiated is not. */
  connect('198.51.100.1', { myId: vip });
  assert.equal(server.ike.ikeSas().length, 0);
  assert.equal(server.named('ike-sa-failed')[0]?.reason, 'authentication failed');
  connect('198.51.100.2', { myId: vip, proposals: strong });
  assert.deepEqual(
    server.ike.ikeSas().map(({ peer, state }) => [peer, state]),
    [['vip', 'established']],
  );
});
