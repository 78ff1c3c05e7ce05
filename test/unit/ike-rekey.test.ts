import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child } from './ike/configuration.ts';
import type { Host } from './ike/host.ts';
import { Pair, type Passing } from './ike/pair.ts';

const rekey = (pair: Pair, host: Host) => {
  for (const { ikeSa } of host.ike.ikeSas()) host.do(host.ike.rekeyIke(ikeSa, pair.now));
};
const is = (message: Passing, from: string, exchange: string, response: boolean) =>
  message.from.name === from && message.exchange === exchange && message.response === response;

const REKEY = [
  'a -> b CREATE_CHILD_SA request { SA, Ni, KEi }',
  'b -> a CREATE_CHILD_SA response { SA, Nr, KEr }',
  'a -> b INFORMATIONAL request { D }',
  'b -> a INFORMATIONAL response {  }',
];

test('a rekeyed IKE_SA has new SPIs and inherits the CHILD_SAs', () => {
  const pair = new Pair();
  pair.connect();
  const before = pair.sa(pair.a);
  rekey(pair, pair.a);
  pair.run(500);
  assert.deepEqual(pair.ladder, REKEY);
  pair.assertConverged();
  const after = pair.sa(pair.a);
  assert.notEqual(after.initiatorSpi, before.initiatorSpi);
  assert.notEqual(after.responderSpi, before.responderSpi);
  assert.deepEqual(after.children, before.children);
  assert.deepEqual(
    pair.a.named('ike-sa-rekeyed').map(({ ikeSa, replacedBy }) => [ikeSa, replacedBy]),
    [[before.ikeSa, after.ikeSa]],
  );
  assert.equal(pair.a.named('ike-sa-closed').length + pair.b.named('ike-sa-closed').length, 0);
  assert.equal(pair.a.named('child-sa-closed').length, 0);
});

test('message IDs of a rekeyed IKE_SA start at 0, and the roles follow who rekeyed', () => {
  const pair = new Pair();
  pair.connect();
  rekey(pair, pair.b);
  pair.run(500);
  assert.equal(pair.sa(pair.b).side, 'initiator');
  assert.equal(pair.sa(pair.a).side, 'responder');
  const ids: number[] = [];
  pair.pass = (message) => {
    ids.push(message.messageId);
    return true;
  };
  pair.a.do(pair.a.ike.rekeyChild(pair.child(pair.a).childSa, pair.now));
  pair.run(500);
  assert.deepEqual(ids, [0, 0, 1, 1]);
  pair.run(5000);
  pair.assertConverged();
});

test('simultaneous rekeying: the IKE_SA with the lowest nonce goes, the other has the CHILD_SAs', () => {
  const sides = new Set<string>();
  for (let seed = 1; seed <= 8; seed++) {
    const pair = new Pair({ seed });
    pair.connect();
    rekey(pair, pair.a);
    rekey(pair, pair.b);
    pair.run(500);
    assert.deepEqual(pair.ladder.slice(0, 4), [
      'a -> b CREATE_CHILD_SA request { SA, Ni, KEi }',
      'b -> a CREATE_CHILD_SA request { SA, Ni, KEi }',
      'b -> a CREATE_CHILD_SA response { SA, Nr, KEr }',
      'a -> b CREATE_CHILD_SA response { SA, Nr, KEr }',
    ]);
    /* The winner deletes the old one, the loser the one that it made. */
    assert.deepEqual(pair.ladder.slice(4).sort(), [
      'a -> b INFORMATIONAL request { D }',
      'a -> b INFORMATIONAL response {  }',
      'b -> a INFORMATIONAL request { D }',
      'b -> a INFORMATIONAL response {  }',
    ]);
    pair.assertConverged();
    assert.equal(pair.a.named('ike-sa-rekeyed').length, 1);
    assert.equal(pair.b.named('ike-sa-rekeyed').length, 1);
    sides.add(pair.sa(pair.a).side);
  }
  assert.equal(sides.size, 2);
});

test('RFC 7296 2.8.2: simultaneous rekeying with the first request lost', () => {
  const pair = new Pair();
  pair.connect();
  let lost = 0;
  pair.pass = (message) => !is(message, 'a', 'CREATE_CHILD_SA', false) || lost++ > 0;
  rekey(pair, pair.a);
  rekey(pair, pair.b);
  pair.run(10_000);
  assert.deepEqual(pair.ladder, [
    /* req1 lost, <-- req2, resp2 --> */
    'a -> b CREATE_CHILD_SA request { SA, Ni, KEi }',
    'b -> a CREATE_CHILD_SA request { SA, Ni, KEi }',
    'a -> b CREATE_CHILD_SA response { SA, Nr, KEr }',
    /* <-- D: b never saw req1, so a forgets it */
    'b -> a INFORMATIONAL request { D }',
    'a -> b INFORMATIONAL response {  }',
  ]);
  pair.assertConverged();
  assert.equal(pair.sa(pair.a).side, 'responder');
});

test('simultaneous rekeying with the first response lost leaves no second IKE_SA behind', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const pair = new Pair({ seed });
    pair.connect();
    let lost = 0;
    pair.pass = (message) => !is(message, 'b', 'CREATE_CHILD_SA', true) || lost++ > 0;
    rekey(pair, pair.a);
    rekey(pair, pair.b);
    pair.run(100_000);
    pair.assertConverged();
    assert.deepEqual([...pair.a.timers.keys(), ...pair.b.timers.keys()], []);
  }
});

test('RFC 7296 2.25.2: a request to rekey an IKE_SA that is being closed gets TEMPORARY_FAILURE', () => {
  const pair = new Pair();
  pair.connect();
  pair.a.do(pair.a.ike.terminate(pair.sa(pair.a).ikeSa, pair.now));
  rekey(pair, pair.b);
  pair.run(1000);
  assert.deepEqual(pair.ladder, [
    'a -> b INFORMATIONAL request { D }',
    'b -> a CREATE_CHILD_SA request { SA, Ni, KEi }',
    /* answered as usual, and the own request is forgotten */
    'b -> a INFORMATIONAL response {  }',
    'a -> b CREATE_CHILD_SA response { N(TEMPORARY_FAILURE) }',
  ]);
  assert.equal(pair.a.ike.ikeSas().length + pair.b.ike.ikeSas().length, 0);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
});

test('both ends close the IKE_SA at one moment', () => {
  const pair = new Pair();
  pair.connect();
  for (const host of [pair.a, pair.b]) host.do(host.ike.terminate(pair.sa(host).ikeSa, pair.now));
  pair.run(1000);
  assert.equal(pair.a.ike.ikeSas().length + pair.b.ike.ikeSas().length, 0);
  pair.run(60_000);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
  assert.deepEqual([...pair.a.timers.keys(), ...pair.b.timers.keys()], []);
});

test('INVALID_KE_PAYLOAD when an IKE_SA is rekeyed with another group than the peer wants by now', () => {
  const suite = (dhGroups: readonly ('curve25519' | 'ecp256')[]) => [
    { encryption: ['aes-128-gcm' as const], integrity: [], prf: ['hmac-sha256' as const], dhGroups },
  ];
  const pair = new Pair({
    a: { proposals: suite(['curve25519', 'ecp256']) },
    b: { proposals: suite(['ecp256', 'curve25519']) },
  });
  pair.a.do(pair.a.ike.initiate('b', 0));
  pair.run(1000);
  assert.deepEqual(pair.ladder.slice(0, 4), [
    'a -> b IKE_SA_INIT request { SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { N(INVALID_KE_PAYLOAD) }',
    'a -> b IKE_SA_INIT request { SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { SA, KEr, Nr }',
  ]);
  assert.equal(pair.sa(pair.a).suite, 'aes-128-gcm/none/hmac-sha256/ecp256');
  pair.ladder.length = 0;
  rekey(pair, pair.b);
  pair.run(500);
  /* b begins with ecp256, a prefers curve25519 */
  assert.deepEqual(pair.ladder.slice(0, 4), [
    'b -> a CREATE_CHILD_SA request { SA, Ni, KEi }',
    'a -> b CREATE_CHILD_SA response { N(INVALID_KE_PAYLOAD) }',
    'b -> a CREATE_CHILD_SA request { SA, Ni, KEi }',
    'a -> b CREATE_CHILD_SA response { SA, Nr, KEr }',
  ]);
  pair.assertConverged();
});

test('the lifetime of an IKE_SA rekeys it in time', () => {
  const pair = new Pair({ a: { lifetimeSeconds: 1000 }, b: { lifetimeSeconds: 1000 } });
  pair.connect();
  pair.run(795_000);
  assert.equal(pair.a.named('ike-sa-rekeyed').length, 0);
  pair.run(200_000);
  assert.equal(pair.a.named('ike-sa-rekeyed').length, 1);
  pair.assertConverged();
  pair.run(3_000_000);
  assert.ok(pair.a.named('ike-sa-rekeyed').length >= 4);
  pair.assertConverged();
});

test('the hard lifetime closes an IKE_SA that could not be rekeyed, and it is set up again', () => {
  const up = [child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true })];
  const pair = new Pair({ a: { children: up, lifetimeSeconds: 100 } });
  pair.run(1000);
  const { initiatorSpi } = pair.sa(pair.a);
  pair.pass = (message) => message.exchange !== 'CREATE_CHILD_SA';
  pair.run(110_000);
  assert.deepEqual(
    pair.a.named('ike-sa-closed').map(({ reason }) => reason),
    ['lifetime expired'],
  );
  assert.deepEqual(
    pair.b.named('ike-sa-closed').map(({ reason }) => reason),
    ['INITIAL_CONTACT'],
  );
  pair.assertConverged();
  assert.notEqual(pair.sa(pair.a).initiatorSpi, initiatorSpi);
});
