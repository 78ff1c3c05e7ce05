import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Configuration, Console } from '#lib/routeros/index.js';
import { isTemplate } from '#lib/runtime/ike/spd.js';
import { type IpsecPlan, PolicyNumbers, planIpsec, readItems } from '#lib/runtime/ipsec/plan.js';

type Add = readonly [menu: string, values: Record<string, string>];

function plan(adds: readonly Add[], numbers = new PolicyNumbers(), source = '192.168.90.1'): IpsecPlan {
  const configuration = new Configuration();
  configuration.transaction((draft) => {
    for (const [menu, values] of adds) draft.add(`/ip ipsec ${menu}`, values);
  });
  return planIpsec(readItems(configuration), numbers, {
    sourceAddress: () => source,
    resolve: (name) => (name === 'vpn.example.org' ? '203.0.113.7' : undefined),
  });
}

/** Office 1 of the RouterOS manual's site-to-site example, with IKEv2. */
const site: readonly Add[] = [
  ['profile', { name: 'site2', 'dh-group': 'modp2048', 'enc-algorithm': 'aes-128' }],
  ['proposal', { name: 'site2', 'enc-algorithms': 'aes-128-cbc', 'pfs-group': 'modp2048' }],
  ['peer', { name: 'site2', address: '192.168.80.1/32', 'exchange-mode': 'ike2', profile: 'site2' }],
  ['identity', { peer: 'site2', secret: 'thisisnotasecurepsk' }],
];
const lanPolicy: Add = [
  'policy',
  { 'src-address': '10.1.202.0/24', 'dst-address': '10.1.101.0/24', tunnel: 'yes', proposal: 'site2', peer: 'site2' },
];
const lan = { protocol: 0, startPort: 0, endPort: 65535 };

test("the manual's site-to-site configuration becomes one peer with one child, and its policy", () => {
  const { peers, spd, policies, refusals } = plan([...site, lanPolicy]);
  assert.deepEqual(refusals, []);
  assert.deepEqual(peers, [
    {
      name: 'site2',
      remote: '192.168.80.1/32',
      port: 500,
      passive: false,
      sendInitialContact: true,
      proposals: [{ encryption: ['aes-128-cbc'], integrity: ['sha1-96'], prf: ['hmac-sha1'], dhGroups: ['modp2048'] }],
      lifetimeSeconds: 86400,
      dpdIntervalSeconds: 8,
      auth: { method: 'psk', secret: new TextEncoder().encode('thisisnotasecurepsk') },
      dpdMaximumFailures: 4,
      forceEncapsulation: false,
      prefersEncapsulation: true,
      natTraversal: true,
      children: [
        {
          name: '10.1.202.0/24-10.1.101.0/24',
          mode: 'tunnel',
          local: [{ ...lan, startAddress: '10.1.202.0', endAddress: '10.1.202.255' }],
          remote: [{ ...lan, startAddress: '10.1.101.0', endAddress: '10.1.101.255' }],
          proposals: [
            {
              protocol: 'esp',
              encryption: ['aes-128-cbc'],
              integrity: ['sha1-96'],
              dhGroups: ['modp2048'],
              esn: ['no'],
            },
          ],
          lifetimeSeconds: 1800,
          lifetimeBytes: 0,
          reqid: 1,
          autoStart: true,
          template: false,
        },
      ],
    },
  ]);
  const any = { first: 0, last: 65535 };
  assert.deepEqual(spd, [
    {
      id: 1,
      selector: { local: '10.1.202.0/24', remote: '10.1.101.0/24', protocol: 0, localPorts: any, remotePorts: any },
      action: 'encrypt',
      level: 'require',
      protocols: ['esp'],
      mode: 'tunnel',
      reqid: 1,
    },
  ]);
  const state = policies.get('*2');
  assert.equal(state?.saSrc, '192.168.90.1');
  assert.equal(state?.saDst, '192.168.80.1');
});

test('policies keep their order, discard and none need no peer, disabled ones are left out', () => {
  const { spd } = plan([
    ...site,
    [
      'policy',
      { 'src-address': '10.0.0.0/8', 'dst-address': '10.9.0.0/16', action: 'none', protocol: 'tcp', 'dst-port': '22' },
    ],
    lanPolicy,
    ['policy', { ...lanPolicy[1], 'dst-address': '10.3.0.0/16', disabled: 'yes' }],
    ['policy', { 'src-address': '0.0.0.0/0', 'dst-address': '0.0.0.0/0', action: 'discard' }],
  ]);
  assert.deepEqual(
    spd.map((entry) =>
      isTemplate(entry) ? 'template' : `${entry.action} ${entry.selector.remote} ${entry.selector.protocol}`,
    ),
    ['none 10.9.0.0/16 6', 'encrypt 10.1.101.0/24 0', 'discard 0.0.0.0/0 0'],
  );
  const none = spd[0]!;
  assert.ok(!isTemplate(none));
  assert.deepEqual(none.selector.remotePorts, { first: 22, last: 22 });
});

test('a duplicate, a mix of families and a disabled peer make a policy invalid', () => {
  const { spd, policies } = plan([
    ...site,
    ['peer', { name: 'off', address: '192.0.2.1', 'exchange-mode': 'ike2', disabled: 'yes' }],
    lanPolicy,
    lanPolicy,
    ['policy', { ...lanPolicy[1], 'dst-address': '2001:db8::/32' }],
    ['policy', { ...lanPolicy[1], 'dst-address': '10.4.0.0/16', peer: 'off' }],
  ]);
  assert.equal(spd.length, 1);
  assert.deepEqual(
    ['*2', '*3', '*4', '*5'].map((id) => policies.get(id)?.invalid),
    [false, true, true, true],
  );
});

test('numbers stay with what a policy matches, whatever else changes', () => {
  const numbers = new PolicyNumbers();
  const other: Add = ['policy', { ...lanPolicy[1], 'dst-address': '10.7.0.0/16' }];
  const before = plan([...site, lanPolicy, other], numbers);
  const after = plan([...site, other, lanPolicy], numbers);
  const reqids = ({ spd }: IpsecPlan) => spd.map((entry) => (isTemplate(entry) ? 0 : entry.reqid));
  assert.deepEqual(reqids(before), [1, 2]);
  assert.deepEqual(reqids(after), [2, 1]);
  assert.deepEqual(before.peers[0]?.children[0], after.peers[0]?.children[1]);
});

test('GCM ignores authentication, lists become lists, prf-algorithm overrides the hash', () => {
  const { peers, refusals } = plan([
    [
      'profile',
      {
        name: 'site2',
        'hash-algorithm': 'sha256',
        'prf-algorithm': 'sha512',
        'enc-algorithm': 'aes-256,3des',
        'dh-group': 'ecp256,x25519',
        'dpd-interval': 'disable-dpd',
        lifetime: '2h',
      },
    ],
    [
      'proposal',
      {
        name: 'site2',
        'enc-algorithms': 'aes-256-gcm,aes-128-ctr',
        'auth-algorithms': 'sha512,null',
        'pfs-group': 'none',
      },
    ],
    ...site.slice(2),
    lanPolicy,
  ]);
  assert.deepEqual(refusals, []);
  const [peer] = peers;
  assert.deepEqual(peer?.proposals, [
    {
      encryption: ['aes-256-cbc', '3des-cbc'],
      integrity: ['sha256-128'],
      prf: ['hmac-sha512'],
      dhGroups: ['ecp256', 'curve25519'],
    },
  ]);
  assert.equal(peer?.dpdIntervalSeconds, 0);
  assert.equal(peer?.lifetimeSeconds, 7200);
  assert.deepEqual(peer?.children[0]?.proposals, [
    {
      protocol: 'esp',
      encryption: ['aes-256-gcm', 'aes-128-ctr'],
      integrity: ['sha512-256'],
      dhGroups: ['none'],
      esn: ['no'],
    },
  ]);
});

test('transport mode protects what the two peers say to each other, whatever the addresses of the policy', () => {
  const { peers, spd, policies } = plan([
    ...site,
    [
      'policy',
      { 'src-address': '1.2.3.4', 'dst-address': '5.6.7.8', peer: 'site2', proposal: 'site2', protocol: 'gre' },
    ],
  ]);
  const child = peers[0]?.children[0];
  assert.equal(child?.mode, 'transport');
  assert.deepEqual(child?.local, [{ ...lan, protocol: 47, startAddress: '192.168.90.1', endAddress: '192.168.90.1' }]);
  assert.deepEqual(child?.remote, [{ ...lan, protocol: 47, startAddress: '192.168.80.1', endAddress: '192.168.80.1' }]);
  assert.ok(!isTemplate(spd[0]!));
  assert.equal(policies.get('*2')?.invalid, false);
});

test('templates of the identity group become children and slots in the order of the policies', () => {
  const { peers, spd, refusals } = plan([
    ['policy group', { name: 'rw' }],
    ['peer', { name: 'any', 'exchange-mode': 'ike2', passive: 'yes' }],
    [
      'identity',
      {
        peer: 'any',
        secret: '0x00ff7A',
        'generate-policy': 'port-override',
        'policy-template-group': 'rw',
        'my-id': 'fqdn:vpn.example.org',
        'remote-id': 'user-fqdn:a@example.org',
      },
    ],
    ['identity', { peer: 'any', secret: 'b', 'generate-policy': 'port-strict', 'remote-id': 'address:10.0.0.9' }],
    ['policy', { template: 'yes', group: 'rw', 'src-address': '10.5.0.0/16', 'dst-address': '10.6.0.0/16' }],
    ['policy', { 'src-address': '0.0.0.0/0', 'dst-address': '0.0.0.0/0', action: 'discard' }],
  ]);
  assert.deepEqual(refusals, []);
  assert.equal(peers.length, 2);
  const [first, second] = peers;
  assert.equal(first?.name, 'any');
  assert.equal(first?.localAddress, undefined);
  assert.equal(first?.passive, true);
  assert.deepEqual(first?.myId, { type: 'fqdn', value: 'vpn.example.org' });
  assert.deepEqual(first?.remoteId, { type: 'user-fqdn', value: 'a@example.org' });
  assert.deepEqual(first?.auth, { method: 'psk', secret: Uint8Array.of(0x00, 0xff, 0x7a) });
  assert.deepEqual(second?.remoteId, { type: 'address', value: '10.0.0.9' });
  assert.deepEqual(
    first?.children.map((c) => [c.template, c.autoStart, c.local.map((s) => s.startAddress)]),
    [[true, false, ['10.5.0.0']]],
  );
  // RouterOS's ::/0 means every address of either family.
  assert.deepEqual(
    second?.children[0]?.remote.map((s) => s.endAddress),
    ['255.255.255.255', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
  );
  assert.deepEqual(
    spd.map((entry) => (isTemplate(entry) ? [entry.peer, entry.anyPort] : entry.action)),
    [[second?.name, false], ['any', true], 'discard'],
  );
});

test('what is not there yet is refused by its name, and the rest of the plan stands', () => {
  const message = (adds: readonly Add[]): string[] => plan([...site, lanPolicy, ...adds]).refusals.map((r) => r.reason);
  const peer = (values: Record<string, string>): Add[] => [
    ['peer', { name: 'x', address: '192.0.2.1', 'exchange-mode': 'ike2', ...values }],
  ];
  assert.deepEqual(message(peer({ 'exchange-mode': 'main' })), ['exchange-mode=main is not supported yet; use ike2']);
  assert.deepEqual(message(peer({ 'exchange-mode': 'aggressive', disabled: 'yes' })), []);
  assert.deepEqual(message([...peer({}), ['identity', { peer: 'x', 'auth-method': 'digital-signature' }]]), [
    'auth-method=digital-signature is not supported yet; use pre-shared-key',
  ]);
  assert.deepEqual(message([...peer({}), ['identity', { peer: 'x', secret: 's', 'mode-config': 'request-only' }]]), [
    'mode-config=request-only is not supported yet; use none',
  ]);
  const all = 'des,3des,blowfish,camellia-128,camellia-192,camellia-256,aes-128-ctr,chacha20poly1305';
  assert.deepEqual(message([['profile', { name: 'p', 'enc-algorithm': all }], ...peer({ profile: 'p' })]), []);
  assert.deepEqual(
    message([
      ['proposal', { name: 'p', 'enc-algorithms': 'blowfish,twofish', 'auth-algorithms': 'sha1' }],
      ...peer({}),
      ['policy', { ...lanPolicy[1], peer: 'x', 'dst-address': '10.8.0.0/16', proposal: 'p' }],
    ]),
    [],
  );
  assert.deepEqual(
    message([['policy', { ...lanPolicy[1], 'dst-address': '10.8.0.0/16', 'ipsec-protocols': 'ah,esp' }]]),
    ['ipsec-protocols=ah,esp cannot be negotiated by IKEv2; use esp or ah'],
  );
  assert.deepEqual(
    message([['policy', { ...lanPolicy[1], 'dst-address': '10.8.0.0/16', 'ipsec-protocols': 'ah' }]]),
    [],
  );
  assert.deepEqual(
    message([
      ['proposal', { name: 'none', 'enc-algorithms': 'aes-128-gcm', 'auth-algorithms': 'null' }],
      ['policy', { ...lanPolicy[1], 'dst-address': '10.8.0.0/16', 'ipsec-protocols': 'ah', proposal: 'none' }],
    ]),
    ['ipsec-protocols=ah needs auth-algorithms other than null'],
  );
  assert.deepEqual(
    message([
      ['proposal', { name: 'bare', 'enc-algorithms': 'aes-128-cbc', 'auth-algorithms': 'null' }],
      ['policy', { ...lanPolicy[1], 'dst-address': '10.8.0.0/16', proposal: 'bare' }],
    ]),
    ['enc-algorithms=aes-128-cbc needs auth-algorithms other than null'],
  );
  const secret = plan([...site, ...peer({}), ['identity', { peer: 'x' }]]);
  assert.deepEqual(
    secret.refusals.map((r) => r.reason),
    ['secret is empty'],
  );
  assert.equal(secret.peers[0]?.name, 'site2');
});

test('a peer known by name is there when the name has an address', () => {
  const by = (name: string): Add[] => site.map(([menu, v]) => [menu, menu === 'peer' ? { ...v, address: name } : v]);
  const known = plan([...by('vpn.example.org'), lanPolicy]);
  assert.deepEqual(
    known.peers.map((peer) => [peer.remote, peer.children.length]),
    [['203.0.113.7/32', 1]],
  );
  assert.equal(known.policies.get('*2')?.saDst, '203.0.113.7');
  const unknown = plan([...by('nowhere.example.org'), lanPolicy]);
  assert.deepEqual([unknown.peers, unknown.refusals], [[], []]);
  // Its traffic is caught all the same: unprotected is not what the policy says.
  assert.equal(unknown.spd.length, 1);
  assert.equal(unknown.policies.get('*2')?.invalid, false);
});

test('what a peer has of its profile reaches IKE', () => {
  const { peers, refusals } = plan([
    ['profile', { name: 'p', 'dpd-interval': '20s', 'dpd-maximum-failures': '7', 'nat-traversal': 'no' }],
    ['peer', { name: 'site2', address: '192.168.80.1/32', 'exchange-mode': 'ike2', profile: 'p' }],
    ['identity', { peer: 'site2', secret: 'thisisnotasecurepsk' }],
  ]);
  assert.deepEqual(refusals, []);
  assert.equal(peers[0]?.dpdIntervalSeconds, 20);
  assert.equal(peers[0]?.dpdMaximumFailures, 7);
  assert.equal(peers[0]?.natTraversal, false);
});

test('what would have no effect is refused by its name', () => {
  const identity = (values: Record<string, string>): Add => ['identity', { peer: 'site2', secret: 'x', ...values }];
  const fields = ['username', 'password', 'certificate', 'remote-certificate', 'key', 'remote-key'];
  for (const property of fields) {
    const { refusals } = plan([...site.slice(0, 3), identity({ [property]: 'leaked' })]);
    assert.deepEqual(
      refusals.map((refusal) => [refusal.property, refusal.message.includes('leaked')]),
      [[property, false]],
    );
  }
  assert.equal(
    plan([...site.slice(0, 3), identity({ 'eap-methods': 'eap-peap' })]).refusals[0]?.property,
    'eap-methods',
  );
  for (const [menu, property, value] of [
    ['profile', 'lifebytes', '1000'],
    ['profile', 'proposal-check', 'strict'],
    ['settings', 'interim-update', '1m'],
  ]) {
    const configuration = new Configuration();
    const set = menu === 'settings' ? 'set' : 'set default';
    assert.throws(
      () => new Console(configuration).execute(`/ip ipsec ${menu} ${set} ${property}=${value}`),
      { property: property ?? '', message: /is not supported yet/ },
      property,
    );
  }
});

test('the ends of a policy are those of its peer, or refused', () => {
  const peer: Add = [
    'peer',
    { name: 'site2', address: '192.168.80.1/32', 'local-address': '192.168.90.1', 'exchange-mode': 'ike2' },
  ];
  const identity: Add = ['identity', { peer: 'site2', secret: 'x' }];
  const policy = (values: Record<string, string>): Add => [
    'policy',
    { 'src-address': '10.1.0.0/16', 'dst-address': '10.2.0.0/16', tunnel: 'yes', peer: 'site2', ...values },
  ];
  const refused = (values: Record<string, string>) =>
    plan([peer, identity, policy(values)]).refusals.map(({ property }) => property);
  assert.deepEqual(refused({ 'sa-src-address': '192.168.90.1', 'sa-dst-address': '192.168.80.1' }), []);
  assert.deepEqual(refused({ 'sa-src-address': '0.0.0.0', 'sa-dst-address': '::' }), []);
  assert.deepEqual(refused({ 'sa-src-address': '192.168.90.2' }), ['sa-src-address']);
  assert.deepEqual(refused({ 'sa-dst-address': '192.168.80.2' }), ['sa-dst-address']);
  assert.deepEqual(refused({ 'sa-dst-address': '192.168.80.2', action: 'none' }), []);
});
