import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child } from './ike/configuration.ts';
import type { Host } from './ike/host.ts';
import { Pair, type Passing } from './ike/pair.ts';

const rekey = (pair: Pair, host: Host) => host.do(host.ike.rekeyChild(pair.child(host).childSa, pair.now));
const is = (message: Passing, from: string, exchange: string, response: boolean) =>
  message.from.name === from && message.exchange === exchange && message.response === response;

test('the initiator of a rekey installs both halves and deletes the old CHILD_SA', () => {
  const pair = new Pair();
  pair.connect();
  const before = pair.child(pair.a);
  rekey(pair, pair.a);
  pair.run(500);
  assert.deepEqual(pair.ladder, [
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
    'a -> b INFORMATIONAL request { D }',
    'b -> a INFORMATIONAL response { D }',
  ]);
  pair.run(5000);
  pair.assertConverged();
  assert.notEqual(pair.child(pair.a).spiIn, before.spiIn);
  assert.equal(pair.a.named('child-sa-rekeyed').length, 1);
  assert.equal(pair.b.named('child-sa-rekeyed').length, 1);
  assert.equal(pair.a.named('child-sa-closed').length, 0);
});

test('the responder of a rekey sends on the old CHILD_SA until its delete', () => {
  const pair = new Pair();
  pair.connect();
  const old = pair.b.outbound()?.keys.childSa;
  /* CREATE_CHILD_SA { N(REKEY_SA), SA, Ni, KEi, TSi, TSr } --> and no D after it */
  pair.pass = (message) => !is(message, 'a', 'INFORMATIONAL', false);
  rekey(pair, pair.a);
  pair.run(500);
  assert.equal(pair.b.sas.size, 2);
  assert.equal(pair.b.outbound()?.keys.childSa, old);
  assert.notEqual(pair.a.outbound()?.keys.childSa, old);
  pair.pass = () => true;
  pair.run(10_000);
  pair.assertConverged();
});

test('traffic on the new CHILD_SA lets the responder of a rekey send on it', () => {
  const pair = new Pair();
  pair.connect();
  const old = pair.b.outbound()?.keys.childSa;
  pair.pass = (message) => !is(message, 'a', 'INFORMATIONAL', false);
  rekey(pair, pair.a);
  pair.run(100);
  assert.equal(pair.b.outbound()?.keys.childSa, old);
  pair.probe();
  pair.run(100);
  assert.notEqual(pair.b.outbound()?.keys.childSa, old);
});

for (const jitter of [0, 40]) {
  test(`no packet is lost while both ends rekey, jitter ${jitter} ms`, () => {
    const pair = new Pair({ latency: 20 });
    pair.connect();
    pair.link = { latency: 20, jitter };
    for (let i = 0; i < 40; i++) {
      const hosts = i % 3 === 0 ? [pair.a, pair.b] : [i % 3 === 1 ? pair.a : pair.b];
      for (const host of hosts) {
        const [sa] = host.ike.ikeSas();
        if (i % 4 === 3) host.do(host.ike.rekeyIke(sa!.ikeSa, pair.now));
        else for (const { childSa } of sa!.children) host.do(host.ike.rekeyChild(childSa, pair.now));
      }
      for (let ms = 0; ms < 2000; ms += 5) {
        pair.probe();
        pair.run(5);
      }
    }
    pair.run(70_000);
    pair.assertConverged();
    pair.assertNothingLost();
    assert.ok(pair.a.named('child-sa-rekeyed').length + pair.b.named('child-sa-rekeyed').length > 40);
  });
}

test('simultaneous rekeying: the CHILD_SA with the lowest nonce goes, deleted by who made it', () => {
  const winners = new Set<string>();
  for (let seed = 1; seed <= 8; seed++) {
    const pair = new Pair({ seed });
    pair.connect();
    rekey(pair, pair.a);
    rekey(pair, pair.b);
    pair.run(500);
    /* req1 --> <-- req2, resp2 --> <-- resp1 */
    assert.deepEqual(pair.ladder.slice(0, 4), [
      'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
      'b -> a CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
      'b -> a CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
      'a -> b CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
    ]);
    /* The winner deletes the old one, the loser the one that it made. */
    assert.deepEqual(pair.ladder.slice(4).sort(), [
      'a -> b INFORMATIONAL request { D }',
      'a -> b INFORMATIONAL response { D }',
      'b -> a INFORMATIONAL request { D }',
      'b -> a INFORMATIONAL response { D }',
    ]);
    pair.run(5000);
    pair.assertConverged();
    const made = pair.a.named('child-sa-rekeyed')[0]!;
    assert.equal(made.replacedBy, pair.child(pair.a).childSa);
    winners.add(winnerOf(pair));
  }
  assert.deepEqual([...winners].sort(), ['a', 'b']);
});

/** Who initiated the exchange that made the CHILD_SA that stayed: the one that took it into use with both halves at once. */
function winnerOf(pair: Pair): string {
  const { keys } = [...pair.a.sas.values()][0]!;
  return keys.inboundOnly ? 'b' : 'a';
}

test('RFC 7296 2.8.1: simultaneous rekeying with the first request lost', () => {
  const pair = new Pair();
  pair.connect();
  let lost = 0;
  pair.pass = (message) => !is(message, 'a', 'CREATE_CHILD_SA', false) || lost++ > 0;
  rekey(pair, pair.a);
  rekey(pair, pair.b);
  pair.run(1000);
  assert.deepEqual(pair.ladder, [
    /* req1 lost */
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'a -> b CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
    /* <-- D of the old one, answered as usual */
    'b -> a INFORMATIONAL request { D }',
    'a -> b INFORMATIONAL response { D }',
  ]);
  pair.run(5000);
  assert.deepEqual(pair.ladder.slice(5), [
    /* req1 again --> <-- N(CHILD_SA_NOT_FOUND) */
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA response { N(CHILD_SA_NOT_FOUND) }',
  ]);
  pair.assertConverged();
  assert.equal(pair.a.named('child-sa-rekeyed').length, 1);
});

test('RFC 7296 2.8.1: simultaneous rekeying with the first response late', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const pair = new Pair({ seed });
    pair.connect();
    let held = 0;
    pair.pass = (message) => !is(message, 'b', 'CREATE_CHILD_SA', true) || held++ > 0;
    rekey(pair, pair.a);
    rekey(pair, pair.b);
    pair.run(20_000);
    pair.assertConverged();
  }
});

test('RFC 7296 2.25.1: a request to rekey a CHILD_SA that is being closed gets TEMPORARY_FAILURE', () => {
  const pair = new Pair();
  pair.connect();
  pair.a.do(pair.a.ike.expire(pair.child(pair.a).childSa, true, pair.now));
  rekey(pair, pair.b);
  pair.run(500);
  assert.deepEqual(pair.ladder.slice(0, 4), [
    'a -> b INFORMATIONAL request { D }',
    'b -> a CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a INFORMATIONAL response { D }',
    'a -> b CREATE_CHILD_SA response { N(TEMPORARY_FAILURE) }',
  ]);
  pair.run(10_000);
  assert.equal(pair.sa(pair.a).children.length, 0);
  assert.equal(pair.sa(pair.b).children.length, 0);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
});

test('RFC 7296 2.25.1: both ends close one CHILD_SA and answer without a Delete payload', () => {
  const pair = new Pair();
  pair.connect();
  for (const host of [pair.a, pair.b]) host.do(host.ike.expire(pair.child(host).childSa, true, pair.now));
  pair.run(5000);
  assert.deepEqual(pair.ladder, [
    'a -> b INFORMATIONAL request { D }',
    'b -> a INFORMATIONAL request { D }',
    'b -> a INFORMATIONAL response {  }',
    'a -> b INFORMATIONAL response {  }',
  ]);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
  assert.equal(pair.sa(pair.a).children.length, 0);
});

test('RFC 7296 2.25.1: rekeying the IKE_SA waits for CHILD_SA exchanges of the peer', () => {
  const pair = new Pair();
  pair.connect();
  rekey(pair, pair.a);
  pair.b.do(pair.b.ike.rekeyIke(pair.sa(pair.b).ikeSa, pair.now));
  pair.run(30);
  assert.deepEqual(pair.ladder.slice(0, 4), [
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA request { SA, Ni, KEi }',
    /* RFC 7296 2.25.2: nor the other way round */
    'b -> a CREATE_CHILD_SA response { N(TEMPORARY_FAILURE) }',
    'a -> b CREATE_CHILD_SA response { N(TEMPORARY_FAILURE) }',
  ]);
  pair.run(90_000);
  pair.assertConverged();
  assert.equal(pair.a.named('ike-sa-rekeyed').length, 1);
  assert.equal(pair.a.named('child-sa-rekeyed').length, 1);
});

test('a second CHILD_SA is made on the same IKE_SA when a packet asks for it, its selectors first', () => {
  const pair = new Pair();
  const children = (local: string, remote: string) => [
    child(local, remote),
    child(local.replace('10.', '172.'), remote.replace('10.', '172.'), { name: 'more', reqid: 2 }),
  ];
  pair.configure(
    { children: children('10.1.0.0/16', '10.2.0.0/16') },
    { children: children('10.2.0.0/16', '10.1.0.0/16') },
  );
  pair.connect();
  const host = (address: string) => ({
    protocol: 6,
    startPort: 80,
    endPort: 80,
    startAddress: address,
    endAddress: address,
  });
  pair.a.do(pair.a.ike.acquire('b', 'more', { local: host('172.1.0.5'), remote: host('172.2.0.6') }, pair.now));
  pair.a.do(pair.a.ike.acquire('b', 'more', undefined, pair.now));
  pair.run(500);
  assert.deepEqual(pair.ladder, [
    'a -> b CREATE_CHILD_SA request { SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
  ]);
  const made = pair.a.outbound(2);
  assert.ok(made !== undefined);
  assert.equal(pair.b.inbound(made.keys.spiOut)?.keys.child, 'more');
  assert.deepEqual(made.keys.keyOut, pair.b.inbound(made.keys.spiOut)?.keys.keyIn);
  assert.equal(pair.sa(pair.a).children.length, 2);
});

test('INVALID_KE_PAYLOAD names the group to try again with', () => {
  const proposals = (...dhGroups: ('curve25519' | 'ecp256')[]) => [
    { protocol: 'esp' as const, encryption: ['aes-256-gcm' as const], integrity: [], dhGroups, esn: ['yes' as const] },
  ];
  const pair = new Pair({
    a: { children: [child('10.1.0.0/16', '10.2.0.0/16', { proposals: proposals('curve25519', 'ecp256') })] },
    b: { children: [child('10.2.0.0/16', '10.1.0.0/16', { proposals: proposals('ecp256') })] },
  });
  pair.connect();
  assert.equal(pair.child(pair.a).suite, 'ESP:aes-256-gcm/none/none/esn');
  rekey(pair, pair.a);
  pair.run(5000);
  assert.deepEqual(pair.ladder.slice(0, 4), [
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA response { N(INVALID_KE_PAYLOAD) }',
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
  ]);
  assert.equal(pair.child(pair.a).suite, 'ESP:aes-256-gcm/none/ecp256/esn');
  pair.assertConverged();
});

test('both ends set up one CHILD_SA at one moment: one stays', () => {
  const children = (local: string, remote: string) => [
    child('192.168.0.0/24', '192.168.0.0/24', { name: 'first' }),
    child(local, remote, { name: 'both', reqid: 2 }),
  ];
  const pair = new Pair();
  pair.configure(
    { children: children('10.1.0.0/16', '10.2.0.0/16') },
    { children: children('10.2.0.0/16', '10.1.0.0/16') },
  );
  pair.connect();
  pair.a.do(pair.a.ike.acquire('b', 'both', undefined, pair.now));
  pair.b.do(pair.b.ike.acquire('a', 'both', undefined, pair.now));
  pair.run(1000);
  assert.equal(pair.sa(pair.a).children.length, 3);
  pair.run(10_000);
  assert.deepEqual(
    pair
      .sa(pair.a)
      .children.map((sa) => sa.child)
      .sort(),
    ['both', 'first'],
  );
  assert.deepEqual(
    pair
      .sa(pair.b)
      .children.map((sa) => sa.child)
      .sort(),
    ['both', 'first'],
  );
  const out = pair.a.outbound(2)!;
  assert.deepEqual(pair.b.inbound(out.keys.spiOut)?.keys.keyIn, out.keys.keyOut);
});

test('soft lifetimes rekey with jitter and hard ones close', () => {
  const lifetimeSeconds = 100;
  const timed = (local: string, remote: string) => [
    child(local, remote, { lifetimeSeconds, lifetimeBytes: 1_000_000 }),
  ];
  const pair = new Pair({
    a: { children: timed('10.1.0.0/16', '10.2.0.0/16') },
    b: { children: timed('10.2.0.0/16', '10.1.0.0/16') },
  });
  pair.connect();
  const { keys } = pair.a.outbound()!;
  assert.ok(keys.softLifetimeSeconds >= 80 && keys.softLifetimeSeconds <= 90);
  assert.ok(keys.softLifetimeBytes >= 800_000 && keys.softLifetimeBytes <= 900_000);
  pair.run(78_000);
  assert.equal(pair.a.named('child-sa-rekeyed').length, 0);
  pair.run(21_000);
  assert.equal(pair.a.named('child-sa-rekeyed').length, 1);
  pair.assertConverged();
  pair.run(100_000);
  assert.equal(pair.a.named('child-sa-rekeyed').length, 2);

  /* The data plane counts the bytes. */
  const { childSa } = pair.child(pair.a);
  pair.a.do(pair.a.ike.expire(childSa, false, pair.now));
  pair.run(5000);
  assert.equal(pair.a.named('child-sa-rekeyed').length, 3);
  pair.a.do(pair.a.ike.expire(pair.child(pair.a).childSa, true, pair.now));
  pair.run(5000);
  assert.equal(pair.a.named('child-sa-closed').at(-1)?.reason, 'lifetime expired');
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
  assert.equal(pair.sa(pair.a).state, 'established');
});

test('a changed child is replaced, an unchanged one stays', () => {
  const pair = new Pair();
  pair.connect();
  const kept = pair.child(pair.a).spiIn;
  pair.configure({}, {});
  pair.run(5000);
  assert.deepEqual(pair.ladder, []);
  assert.equal(pair.child(pair.a).spiIn, kept);
  pair.configure({ children: [child('10.1.0.0/24', '10.2.0.0/16', { autoStart: true })] }, {});
  pair.run(10_000);
  assert.deepEqual(
    pair.ladder,
    [
      'a -> b INFORMATIONAL request { D }',
      'a -> b CREATE_CHILD_SA request { SA, Ni, KEi, TSi, TSr }',
      'b -> a INFORMATIONAL response { D }',
      'b -> a CREATE_CHILD_SA response { SA, Nr, KEr, TSi, TSr }',
    ].toSorted((x, y) => order(pair, x) - order(pair, y)),
  );
  assert.equal(pair.child(pair.b).selectors, '10.2.0.0/16 === 10.1.0.0/24');
  pair.assertConverged();
});

test('a child that is taken out while IKE_AUTH is under way does not stay', () => {
  const pair = new Pair();
  pair.a.do(pair.a.ike.initiate('b', 0));
  pair.run(25);
  pair.configure({ children: [] }, {});
  pair.run(5000);
  assert.equal(pair.a.sas.size + pair.b.sas.size, 0);
  assert.equal(pair.a.named('child-sa-closed').at(-1)?.reason, 'configuration changed');
  assert.equal(pair.sa(pair.a).state, 'established');
});

function order(pair: Pair, line: string): number {
  return pair.ladder.indexOf(line);
}
