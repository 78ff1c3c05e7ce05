import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IkeProposalConfig } from '#lib/ike/index.js';
import { encodeMessage } from '#lib/ike/message.js';
import { ExchangeType } from '#lib/ike/payloads/constants.js';
import { NotifyType } from '#lib/ike/payloads/notify-type.js';
import { child, config } from './ike/configuration.ts';
import { Pair, type PairOptions } from './ike/pair.ts';

const utf8 = (text: string) => new TextEncoder().encode(text);
const none = new Uint8Array(0);

function start(options: PairOptions = {}, milliseconds = 1000): Pair {
  const pair = new Pair(options);
  pair.a.do(pair.a.ike.initiate('b', 0));
  pair.run(milliseconds);
  return pair;
}

const INITIAL = [
  'a -> b IKE_SA_INIT request { SA, KEi, Ni }',
  'b -> a IKE_SA_INIT response { SA, KEr, Nr }',
  'a -> b IKE_AUTH request { IDi, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr }',
  'b -> a IKE_AUTH response { IDr, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr }',
];

test('IKE_SA_INIT and IKE_AUTH set up an IKE_SA and its first CHILD_SA', () => {
  const pair = start();
  assert.deepEqual(pair.ladder, INITIAL);
  pair.assertConverged();
  const [a, b] = [pair.sa(pair.a), pair.sa(pair.b)];
  assert.deepEqual([a.side, b.side], ['initiator', 'responder']);
  assert.deepEqual([a.remoteId, b.remoteId], ['192.0.2.2', '192.0.2.1']);
  assert.deepEqual([a.natLocal, a.natRemote, a.local.port], [false, false, 500]);
  assert.equal(pair.a.outbound()?.udpEncapsulation, false);
  assert.equal(a.suite, 'aes-128-gcm/none/hmac-sha256/curve25519');
  assert.deepEqual([a.txPackets, a.rxPackets, b.txPackets, b.rxPackets], [2, 2, 2, 2]);
  assert.deepEqual([a.txBytes, a.rxBytes], [b.rxBytes, b.txBytes]);
});

for (const lost of [0, 1, 2, 3]) {
  test(`the loss of initial message ${lost + 1} is made up for by retransmission`, () => {
    const pair = new Pair();
    let sent = 0;
    pair.pass = () => sent++ !== lost;
    pair.a.do(pair.a.ike.initiate('b', 0));
    pair.run(5000);
    const again = lost % 2 === 0 ? [INITIAL[lost]!] : [INITIAL[lost - 1]!, INITIAL[lost]!];
    assert.deepEqual(pair.ladder, INITIAL.toSpliced(lost + 1, 0, ...again));
    pair.assertConverged();
  });
}

test('every initial message twice makes one IKE_SA', () => {
  const pair = start({ duplicate: 1 });
  pair.assertConverged();
  assert.equal(pair.b.named('ike-sa-established').length, 1);
});

const suites: readonly (readonly [string, IkeProposalConfig])[] = [
  ['3des-cbc/sha1-96/hmac-md5/modp1024', suite('3des-cbc', 'sha1-96', 'hmac-md5', 'modp1024')],
  ['des-cbc/md5-96/hmac-md5/modp768', suite('des-cbc', 'md5-96', 'hmac-md5', 'modp768')],
  ['blowfish-128-cbc/sha1-96/hmac-sha1/modp1024', suite('blowfish-128-cbc', 'sha1-96', 'hmac-sha1', 'modp1024')],
  ['camellia-256-cbc/sha256-128/hmac-sha256/ecp256', suite('camellia-256-cbc', 'sha256-128', 'hmac-sha256', 'ecp256')],
  ['camellia-128-ctr/sha1-96/hmac-sha1/ecp256', suite('camellia-128-ctr', 'sha1-96', 'hmac-sha1', 'ecp256')],
  ['aes-128-cbc/md5-96/hmac-sha1/modp2048', suite('aes-128-cbc', 'md5-96', 'hmac-sha1', 'modp2048')],
  ['aes-192-ctr/sha384-192/hmac-sha384/ecp384', suite('aes-192-ctr', 'sha384-192', 'hmac-sha384', 'ecp384')],
  ['aes-256-cbc/sha512-256/hmac-sha512/ecp521', suite('aes-256-cbc', 'sha512-256', 'hmac-sha512', 'ecp521')],
  ['chacha20-poly1305/none/hmac-sha256/ecp256', suite('chacha20-poly1305', 'none', 'hmac-sha256', 'ecp256')],
];

function suite(
  encryption: IkeProposalConfig['encryption'][number],
  integrity: IkeProposalConfig['integrity'][number],
  prf: IkeProposalConfig['prf'][number],
  dhGroup: IkeProposalConfig['dhGroups'][number],
): IkeProposalConfig {
  return { encryption: [encryption], integrity: [integrity], prf: [prf], dhGroups: [dhGroup] };
}

for (const [name, proposal] of suites) {
  test(`the suite ${name}`, () => {
    const pair = start({ a: { proposals: [proposal] }, b: { proposals: [proposal] } });
    assert.equal(pair.sa(pair.a).suite, name);
    pair.assertConverged();
    pair.b.do(pair.b.ike.rekeyIke(pair.sa(pair.b).ikeSa, pair.now));
    pair.run(1000);
    assert.equal(pair.sa(pair.a).suite, name);
    pair.assertConverged();
  });
}

test('a responder with many half-open IKE_SAs asks for a cookie', () => {
  const pair = start({ settings: { cookieThreshold: 0 } });
  assert.deepEqual(pair.ladder.slice(0, 4), [
    'a -> b IKE_SA_INIT request { SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { N(COOKIE) }',
    'a -> b IKE_SA_INIT request { N(COOKIE), SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { SA, KEr, Nr }',
  ]);
  pair.assertConverged();
});

test('RFC 7296 2.6.1: a cookie and another group', () => {
  const pair = start({
    settings: { cookieThreshold: 0 },
    b: { proposals: [suite('aes-128-gcm', 'none', 'hmac-sha256', 'ecp256')] },
  });
  assert.deepEqual(pair.ladder.slice(0, 6), [
    'a -> b IKE_SA_INIT request { SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { N(COOKIE) }',
    'a -> b IKE_SA_INIT request { N(COOKIE), SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { N(INVALID_KE_PAYLOAD) }',
    'a -> b IKE_SA_INIT request { N(COOKIE), SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { SA, KEr, Nr }',
  ]);
  pair.assertConverged();
});

test('without a common proposal both ends say what was offered', () => {
  const pair = start({ b: { proposals: [suite('3des-cbc', 'sha1-96', 'hmac-sha1', 'modp1024')] } }, 60_000);
  assert.equal(pair.ladder[1], 'b -> a IKE_SA_INIT response { N(NO_PROPOSAL_CHOSEN) }');
  const [there] = pair.b.named('ike-sa-failed');
  assert.equal(there?.reason, 'no proposal chosen');
  assert.match(there?.offered ?? '', /aes-128-gcm.*curve25519/);
  assert.match(there?.expected ?? '', /3des-cbc\/sha1-96\/hmac-sha1\/modp1024|3des-cbc.*sha1-96.*modp1024/);
  const [here] = pair.a.named('ike-sa-failed');
  assert.equal(here?.reason, 'NO_PROPOSAL_CHOSEN');
  assert.match(here?.offered ?? '', /aes-128-gcm/);
  assert.equal(pair.a.ike.ikeSas().length + pair.b.ike.ikeSas().length, 0);
});

test('another secret is AUTHENTICATION_FAILED', () => {
  const pair = start({ b: { auth: { method: 'psk', secret: utf8('anothersecret') } } });
  assert.equal(pair.ladder.at(-1), 'b -> a IKE_AUTH response { N(AUTHENTICATION_FAILED) }');
  assert.equal(pair.a.named('ike-sa-failed')[0]?.reason, 'AUTHENTICATION_FAILED');
  assert.equal(pair.b.named('ike-sa-failed')[0]?.reason, 'authentication failed');
  assert.equal(pair.b.named('ike-sa-failed')[0]?.peer, 'a');
  assert.equal(pair.a.ike.ikeSas().length + pair.b.ike.ikeSas().length, 0);
  pair.run(100_000);
  assert.deepEqual([...pair.b.timers.keys()], []);
});

test('the identities that are expected are checked at both ends', () => {
  const fqdn = (value: string) => ({ type: 'fqdn', value }) as const;
  const pair = start({
    a: { myId: fqdn('one.example'), remoteId: fqdn('two.example') },
    b: { myId: fqdn('two.example'), remoteId: fqdn('one.example') },
  });
  pair.assertConverged();
  assert.equal(pair.ladder[2], 'a -> b IKE_AUTH request { IDi, IDr, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr }');
  assert.equal(pair.sa(pair.a).remoteId, 'two.example');

  const unexpected = start({ a: { myId: fqdn('mallory.example') }, b: { remoteId: fqdn('one.example') } });
  assert.equal(unexpected.ladder.at(-1), 'b -> a IKE_AUTH response { N(AUTHENTICATION_FAILED) }');
  assert.equal(unexpected.b.named('ike-sa-failed')[0]?.offered, 'mallory.example');

  /* The responder is up already when the initiator does not like it: RFC 7296 2.21.2. */
  const impostor = start({ a: { remoteId: fqdn('two.example') }, b: { myId: fqdn('mallory.example') } });
  assert.deepEqual(impostor.ladder.slice(-2), [
    'a -> b INFORMATIONAL request { N(AUTHENTICATION_FAILED), D }',
    'b -> a INFORMATIONAL response {  }',
  ]);
  const [failed] = impostor.a.named('ike-sa-failed');
  assert.deepEqual([failed?.offered, failed?.expected], ['mallory.example', 'two.example']);
  assert.equal(impostor.a.ike.ikeSas().length + impostor.b.ike.ikeSas().length, 0);
  assert.equal(impostor.a.sas.size + impostor.b.sas.size, 0);
});

test('the most specific peer answers, and IDi tells apart peers of one address', () => {
  const pair = new Pair();
  const secretOf = (name: string) => ({ method: 'psk' as const, secret: utf8(`secret of ${name}`) });
  const fqdn = (value: string) => ({ type: 'fqdn', value }) as const;
  const peer = (name: string, overrides: Parameters<typeof config>[4]) =>
    config(name, '10.2.0.0/16', '10.1.0.0/16', '192.0.2.1', overrides);
  const peers = [
    peer('anyone', { remote: '0.0.0.0/0', passive: true, auth: secretOf('anyone') }),
    peer('office', { auth: secretOf('office'), remoteId: fqdn('office.example') }),
    peer('branch', { auth: secretOf('branch'), remoteId: fqdn('branch.example') }),
    peer('network', { remote: '192.0.2.0/24', auth: secretOf('network'), remoteId: fqdn('network.example') }),
  ];
  for (const [id, expected] of [
    ['branch.example', 'branch'],
    ['network.example', 'network'],
    ['office.example', 'office'],
    ['somebody.example', 'anyone'],
  ] as const) {
    pair.configure({ myId: fqdn(id), auth: secretOf(expected) }, {});
    pair.b.do(pair.b.ike.setPeers(peers, pair.now));
    pair.run(200_000);
    pair.a.do(pair.a.ike.initiate('b', pair.now));
    pair.run(1000);
    assert.equal(pair.sa(pair.b).peer, expected);
    pair.assertConverged();
  }
});

test('the responder narrows the traffic selectors to its policy', () => {
  const pair = start({ b: { children: [child('10.2.3.0/24', '10.1.0.0/16')] } });
  pair.assertConverged();
  assert.equal(pair.child(pair.a).selectors, '10.1.0.0/16 === 10.2.3.0/24');
  assert.equal(pair.child(pair.b).selectors, '10.2.3.0/24 === 10.1.0.0/16');
});

test('a template takes whatever lies inside it', () => {
  const template = child('0.0.0.0/0', '0.0.0.0/0', { name: 'template', template: true });
  const pair = start({ b: { children: [template] } });
  pair.assertConverged();
  assert.equal(pair.child(pair.b).child, 'template');
  assert.equal(pair.child(pair.b).selectors, '10.2.0.0/16 === 10.1.0.0/16');
  /* The rekey of either end keeps what was negotiated. */
  pair.b.do(pair.b.ike.rekeyChild(pair.child(pair.b).childSa, pair.now));
  pair.run(5000);
  assert.equal(pair.child(pair.b).selectors, '10.2.0.0/16 === 10.1.0.0/16');
  pair.assertConverged();
});

test('RFC 7296 2.21.2: a CHILD_SA that fails leaves the IKE_SA up', () => {
  const other = start({ b: { children: [child('172.16.0.0/12', '10.1.0.0/16')] } });
  assert.equal(other.ladder.at(-1), 'b -> a IKE_AUTH response { IDr, AUTH, N(INITIAL_CONTACT), N(TS_UNACCEPTABLE) }');
  assert.equal(other.sa(other.a).state, 'established');
  assert.equal(other.sa(other.b).children.length, 0);
  assert.equal(other.a.named('child-sa-failed')[0]?.reason, 'TS_UNACCEPTABLE');
  const [failed] = other.b.named('child-sa-failed');
  assert.equal(failed?.offered, '10.2.0.0/16 === 10.1.0.0/16');
  assert.equal(failed?.expected, '172.16.0.0/12 === 10.1.0.0/16');

  const proposals = [
    { protocol: 'esp', encryption: ['3des-cbc'], integrity: ['md5-96'], dhGroups: ['none'], esn: ['no'] } as const,
  ];
  const weak = start({ b: { children: [child('10.2.0.0/16', '10.1.0.0/16', { proposals })] } });
  assert.equal(weak.ladder.at(-1), 'b -> a IKE_AUTH response { IDr, AUTH, N(INITIAL_CONTACT), N(NO_PROPOSAL_CHOSEN) }');
  assert.match(weak.b.named('child-sa-failed')[0]?.offered ?? '', /aes-128-gcm/);
  assert.match(weak.b.named('child-sa-failed')[0]?.expected ?? '', /3des-cbc/);
  assert.equal(weak.sa(weak.a).state, 'established');
});

test('transport mode is agreed on, or not at all', () => {
  const host = (mode: 'tunnel' | 'transport') => [{ ...child('192.0.2.1/32', '192.0.2.2/32', { mode }), name: 'host' }];
  const mirrored = (mode: 'tunnel' | 'transport') => [child('192.0.2.2/32', '192.0.2.1/32', { mode })];
  const pair = start({ a: { children: host('transport') }, b: { children: mirrored('transport') } });
  assert.equal(
    pair.ladder.at(-1),
    'b -> a IKE_AUTH response { IDr, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr, N(USE_TRANSPORT_MODE) }',
  );
  assert.equal(pair.a.outbound()?.keys.mode, 'transport');
  pair.assertConverged();

  /* RFC 7296 1.3.1: declined by the responder, and then not wanted by the initiator. */
  const declined = start({ a: { children: host('transport') }, b: { children: mirrored('tunnel') } }, 5000);
  assert.equal(declined.a.named('child-sa-failed')[0]?.reason, 'the peer wants tunnel mode');
  assert.equal(declined.a.sas.size + declined.b.sas.size, 0);
  assert.equal(declined.sa(declined.a).state, 'established');

  const refused = start({ a: { children: host('tunnel') }, b: { children: mirrored('transport') } });
  assert.equal(refused.a.named('child-sa-failed')[0]?.reason, 'TS_UNACCEPTABLE');
});

test('RFC 7296 2.21.1: forged responses do not end the attempt', () => {
  const pair = new Pair();
  const notifies = [NotifyType.NO_PROPOSAL_CHOSEN, NotifyType.INVALID_SYNTAX, NotifyType.AUTHENTICATION_FAILED];
  pair.pass = (message) => {
    if (message.response || message.exchange !== 'IKE_SA_INIT') return true;
    const initiatorSpi = new DataView(message.data.buffer, message.data.byteOffset).getBigUint64(0);
    const forge = (payloads: Parameters<typeof encodeMessage>[0]['payloads'], responderSpi = 1n) => {
      const header = { initiatorSpi, responderSpi, exchangeType: ExchangeType.IKE_SA_INIT, messageId: 0 };
      const data = encodeMessage({ ...header, initiator: false, response: true, payloads });
      pair.deliver({ local: message.remote, remote: message.local, data }, pair.a);
    };
    for (const notify of notifies) forge([{ type: 'N', protocol: 0, spi: none, notify, data: none }]);
    forge([]);
    forge([
      { type: 'KE', group: 31, data: new Uint8Array(32) },
      { type: 'Nonce', data: new Uint8Array(32) },
    ]);
    forge([{ type: 'unknown', payloadType: 200, critical: true, data: none }]);
    return true;
  };
  pair.a.do(pair.a.ike.initiate('b', 0));
  pair.run(1000);
  pair.assertConverged();
});

test('INITIAL_CONTACT of a peer that restarted removes what was left of it', () => {
  const pair = new Pair();
  pair.connect();
  const restarted = new Pair({ seed: 99 });
  restarted.pass = (message) => {
    /* The new a talks to the old b. */
    if (message.from === restarted.a) pair.deliver(message, pair.b);
    return false;
  };
  pair.pass = (message) => {
    if (message.from === pair.b) restarted.deliver(message, restarted.a);
    return false;
  };
  restarted.a.do(restarted.a.ike.initiate('b', 0));
  for (let i = 0; i < 10; i++) {
    restarted.run(50);
    pair.run(50);
  }
  assert.equal(restarted.sa(restarted.a).state, 'established');
  assert.equal(pair.sa(pair.b).initiatorSpi, restarted.sa(restarted.a).initiatorSpi);
  assert.deepEqual(
    pair.b.named('ike-sa-closed').map(({ reason }) => reason),
    ['INITIAL_CONTACT'],
  );
  pair.run(5000);
  assert.equal(pair.b.sas.size, 1);
});

test('a peer without an answer is tried again, more and more slowly', () => {
  const pair = new Pair();
  pair.pass = () => false;
  pair.configure({ children: [child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true })] }, {});
  pair.run(600_000);
  const failures = pair.a.named('ike-sa-failed');
  assert.ok(failures.length >= 6 && failures.length <= 10, `${failures.length} attempts`);
  assert.equal(failures[0]?.reason, 'peer does not respond');
  pair.pass = () => true;
  pair.run(80_000);
  pair.assertConverged();
});

test('a passive peer does not initiate, a packet or no packet', () => {
  const pair = new Pair({ a: { passive: true, children: [child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true })] } });
  pair.a.do(pair.a.ike.acquire('b', 'net', undefined, 0));
  pair.run(10_000);
  assert.deepEqual(pair.ladder, []);
  pair.b.do(pair.b.ike.acquire('a', 'net', undefined, pair.now));
  pair.run(1000);
  pair.assertConverged();
  assert.equal(pair.sa(pair.b).side, 'initiator');
});

test('shutdown deletes every IKE_SA and starts none', () => {
  const pair = new Pair({ a: { children: [child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true })] } });
  pair.run(1000);
  pair.assertConverged();
  pair.a.do(pair.a.ike.shutdown(pair.now));
  pair.run(100);
  assert.equal(pair.a.ike.ikeSas().length, 0);
  assert.equal(pair.b.ike.ikeSas().length, 0);
  pair.run(100_000);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
  assert.deepEqual([...pair.a.timers.keys(), ...pair.b.timers.keys()], []);
  assert.equal(pair.ladder.length, 6);
});

test('a peer that is taken out of the configuration loses its IKE_SAs', () => {
  const pair = new Pair();
  pair.connect();
  pair.a.do(pair.a.ike.setPeers([], pair.now));
  pair.run(1000);
  assert.deepEqual(pair.ladder, ['a -> b INFORMATIONAL request { D }', 'b -> a INFORMATIONAL response {  }']);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
});
