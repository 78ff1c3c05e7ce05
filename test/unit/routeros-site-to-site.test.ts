/** The configurations of the manual's IPsec page, as they stand there. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError, Configuration, Console, load } from '#lib/routeros/index.js';

const SITE_1 = `/ip ipsec profile
add dh-group=modp2048 enc-algorithm=aes-128 name=ike1-site2
/ip ipsec proposal
add enc-algorithms=aes-128-cbc name=ike1-site2 pfs-group=modp2048
/ip ipsec peer
add address=192.168.80.1/32 name=ike1-site2 profile=ike1-site2
/ip ipsec identity
add peer=ike1-site2 secret=thisisnotasecurepsk
/ip ipsec policy
add src-address=10.1.202.0/24 src-port=any dst-address=10.1.101.0/24 dst-port=any tunnel=yes action=encrypt proposal=ike1-site2 peer=ike1-site2
`;
const SITE_2 = `/ip ipsec profile
add dh-group=modp2048 enc-algorithm=aes-128 name=ike1-site1
/ip ipsec proposal
add enc-algorithms=aes-128-cbc name=ike1-site1 pfs-group=modp2048
/ip ipsec peer
add address=192.168.90.1/32 name=ike1-site1 profile=ike1-site1
/ip ipsec identity
add peer=ike1-site1 secret=thisisnotasecurepsk
/ip ipsec policy
add src-address=10.1.101.0/24 src-port=any dst-address=10.1.202.0/24 dst-port=any tunnel=yes action=encrypt proposal=ike1-site1 peer=ike1-site1
`;
const GRE_SERVER = `/interface bridge 
add name=loopback
/ip address
add address=192.168.99.1 interface=loopback
/ip ipsec profile
add dh-group=ecp256,modp2048,modp1024 enc-algorithm=aes-256,aes-192,aes-128 name=ike2
/ip ipsec proposal
add auth-algorithms=null enc-algorithms=aes-128-gcm name=ike2-gre pfs-group=none
/ip ipsec mode-config
add address=192.168.99.2 address-prefix-length=32 name=ike2-gre split-include=192.168.99.1/32 system-dns=no
/ip ipsec policy group
add name=ike2-gre
/ip ipsec policy
add dst-address=192.168.99.2/32 group=ike2-gre proposal=ike2-gre src-address=192.168.99.1/32 template=yes
/ip ipsec peer
add exchange-mode=ike2 name=ike2 passive=yes profile=ike2
/ip ipsec identity
add generate-policy=port-strict mode-config=ike2-gre peer=ike2 policy-template-group=ike2-gre secret=test
`;
const GRE_CLIENT = `/ip ipsec profile
add dh-group=ecp256 enc-algorithm=aes-256 name=ike2-gre
/ip ipsec proposal
add auth-algorithms=null enc-algorithms=aes-128-gcm name=ike2-gre pfs-group=none
/ip ipsec mode-config
add name=ike2-gre responder=no
/ip ipsec policy group
add name=ike2-gre
/ip ipsec policy
add dst-address=192.168.99.1/32 group=ike2-gre proposal=ike2-gre src-address=192.168.99.2/32 template=yes
/ip ipsec peer
add address=n.mynetname.net exchange-mode=ike2 name=p1.ez profile=ike2-gre
/ip ipsec identity
add generate-policy=port-strict mode-config=ike2-gre peer=p1.ez policy-template-group=ike2-gre secret=test
`;

for (const [name, text, remote] of [
  ['site 1', SITE_1, '192.168.80.1/32'],
  ['site 2', SITE_2, '192.168.90.1/32'],
] as const) {
  test(`site to site, ${name}`, () => {
    const configuration = new Configuration();
    load(configuration, text, 'site.rsc');
    const [peer] = configuration.items('/ip ipsec peer');
    assert.equal(peer?.values['address'], remote);
    assert.equal(peer?.values['exchange-mode'], 'main');
    assert.equal(peer?.values['port'], '500');
    const [identity] = configuration.items('/ip ipsec identity');
    assert.deepEqual(identity?.set, { peer: peer?.values['name'], secret: 'thisisnotasecurepsk' });
    const profile = configuration.named('/ip ipsec profile', peer?.values['profile'] ?? '');
    assert.deepEqual(profile?.set, { name: peer?.values['name'], 'dh-group': 'modp2048' });
    assert.equal(profile?.values['enc-algorithm'], 'aes-128');
    assert.equal(profile?.values['dpd-interval'], '8s');
    const policy = configuration.items('/ip ipsec policy')[1];
    assert.equal(policy?.values['level'], 'require');
    assert.equal(policy?.values['src-port'], 'any');
    assert.equal(policy?.values['tunnel'], 'yes');
  });
}

test('site to site with exchange-mode=ike2', () => {
  const configuration = new Configuration();
  load(configuration, SITE_1.replace('name=ike1-site2 profile', 'exchange-mode=ike2 name=ike1-site2 profile'));
  assert.equal(configuration.items('/ip ipsec peer')[0]?.values['exchange-mode'], 'ike2');
});

test('GRE over IKEv2, server and client', () => {
  const server = new Configuration();
  load(server, GRE_SERVER);
  assert.equal(server.items('/ip address')[0]?.values['address'], '192.168.99.1/32');
  assert.equal(server.items('/ip ipsec peer')[0]?.values['address'], '0.0.0.0/0');
  assert.deepEqual(server.items('/ip ipsec mode-config')[1]?.set, {
    name: 'ike2-gre',
    address: '192.168.99.2',
    'address-prefix-length': '32',
    'split-include': '192.168.99.1/32',
    'system-dns': 'no',
  });
  const client = new Configuration();
  load(client, GRE_CLIENT);
  assert.equal(client.items('/ip ipsec peer')[0]?.values['address'], 'n.mynetname.net');
  assert.equal(client.items('/ip ipsec policy')[1]?.values['group'], 'ike2-gre');
});

/** What the manual has wrong, or has of an older RouterOS, and what is said about it. */
const ERRATA: readonly (readonly [string, string])[] = [
  ['/ip firewall net', '1:14: unknown menu or command "net" in /ip firewall; did you mean "nat"?'],
  ['/interface l2tp-server set enabled=yes profil=default', '1:12: menu /interface l2tp-server is not supported yet'],
  [
    '/ip route\nadd dst-network=10.1.202.0/24 gateway=172.16.1.2',
    '2:5: unknown property "dst-network" in /ip route; did you mean "dst-address"?',
  ],
  [
    '/ip ipsec peer\nadd address=10.155.130.136/32 local-address=10.155.107.8 secret=test',
    '2:58: property "secret" is no longer in /ip ipsec peer: it is a property of the identity: /ip ipsec identity add peer=NAME secret=...',
  ],
  [
    '/ip ipsec policy\nadd sa-src-address=10.155.107.8 src-address=192.168.1.0/24 dst-address=172.16.0.0/24 sa-dst-address=10.155.130.136 tunnel=yes',
    '2:1: missing property "peer" in /ip ipsec policy: write peer=NAME, the peer that sa-dst-address stood for before RouterOS 6.44',
  ],
  ['/interface gre\nadd local-address=192.168.99.1', '1:12: menu /interface gre is not supported yet'],
  ['/ip pool\nadd name=vpn-pool range=192.168.99.2-192.168.99.100', '1:5: menu /ip pool is not supported yet'],
  ['/ip ipsec key print', '1:11: menu /ip ipsec key is not supported yet'],
  ['/ip ipsec policy add action accept', '1:22: "action" needs a value: write action=...'],
  [
    '/ip ipsec peer add auth-method=pre-shared-key address=1.2.3.4',
    '1:20: property "auth-method" is no longer in /ip ipsec peer: it is a property of the identity: /ip ipsec identity add peer=NAME auth-method=...',
  ],
  [
    '/interface bridge add name=b vlan-filtering=yes',
    '1:45: vlan-filtering=yes in /interface bridge is not supported yet: only no',
  ],
  ['/ip ipsec profile add name=x ppk=no', '1:30: property "ppk" in /ip ipsec profile is not supported yet'],
];

for (const [text, message] of ERRATA) {
  test(`refused: ${text.replace('\n', '; ')}`, () => {
    assert.throws(
      () => new Console(new Configuration()).execute(text),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.message, message);
        return true;
      },
    );
  });
}

test('a set of an entry that was never made changes nothing', () => {
  const configuration = new Configuration();
  new Console(configuration).execute('/ip ipsec mode-conf set [find name="rw-conf"] split-include=10.5.8.0/24');
  assert.deepEqual(
    configuration.items('/ip ipsec mode-config').map((i) => i.values['name']),
    ['request-only'],
  );
});
