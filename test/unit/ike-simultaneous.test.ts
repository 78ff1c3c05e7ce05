import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child } from './ike/configuration.ts';
import { Pair } from './ike/pair.ts';

const both = {
  a: { children: [child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true })] },
  b: { children: [child('10.2.0.0/16', '10.1.0.0/16', { autoStart: true })] },
};

/** Each end knows the SA that the other one sends on. */
function crosses({ a, b }: Pair): boolean {
  const [out, back] = [a.outbound(), b.outbound()];
  return out !== undefined && back !== undefined && !!b.inbound(out.keys.spiOut) && !!a.inbound(back.keys.spiOut);
}

test('both ends initiate: two IKE_SAs come up, the one with the lowest nonce goes, and no packet is lost', () => {
  const kept = new Set<string>();
  for (let seed = 1; seed <= 12; seed++) {
    const pair = new Pair({ seed, ...both, latency: 10, jitter: seed % 3 === 0 ? 30 : 0 });
    while (!crosses(pair)) pair.run(1);
    for (let ms = 0; ms < 10_000; ms += 5) {
      pair.probe();
      pair.run(5);
    }
    pair.assertConverged();
    pair.assertNothingLost();
    kept.add(pair.sa(pair.a).side);
    assert.equal(pair.a.named('ike-sa-established').length, 2);
    assert.equal(pair.b.named('ike-sa-established').length, 2);
    const closed = [...pair.a.named('ike-sa-closed'), ...pair.b.named('ike-sa-closed')].map(({ reason }) => reason);
    assert.deepEqual(closed.sort(), ['deleted by peer', 'duplicate of another IKE_SA']);
  }
  assert.equal(kept.size, 2);
});

test('both ends initiate, with several children: every child is there once', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const children = (local: number, remote: number) =>
      Array.from({ length: 4 }, (_, i) =>
        child(`10.${local}.${i}.0/24`, `10.${remote}.${i}.0/24`, { name: `net${i}`, reqid: i + 1, autoStart: true }),
      );
    const pair = new Pair({ seed, a: { children: children(1, 2) }, b: { children: children(2, 1) }, jitter: seed * 5 });
    pair.run(30_000);
    for (const host of [pair.a, pair.b]) {
      const names = pair.sa(host).children.map((sa) => sa.child);
      assert.deepEqual(names.sort(), ['net0', 'net1', 'net2', 'net3']);
      assert.equal(host.sas.size, 4);
    }
  }
});

test('both ends initiate: a CHILD_SA that only the loser has comes up on the other one before the loser goes', () => {
  let handedOver = 0;
  for (let seed = 1; seed <= 12; seed++) {
    const children = (local: number, remote: number) => [
      child(`10.${local}.0.0/16`, `10.${remote}.0.0/16`, { name: 'always', reqid: 2, autoStart: true }),
      child(`192.0.2.${local}/32`, `192.0.2.${remote}/32`, { name: 'asked for' }),
    ];
    const pair = new Pair({ seed, a: { children: children(1, 2) }, b: { children: children(2, 1) } });
    const up = () => pair.a.ike.ikeSas().some(({ state }) => state === 'established');
    while (!up()) pair.run(1);
    pair.a.do(pair.a.ike.acquire('b', 'asked for', undefined, pair.now));
    while (!crosses(pair)) pair.run(1);
    const [first] = [...pair.a.sas.values()].filter(({ keys }) => keys.reqid === 1);
    for (let ms = 0; ms < 10_000; ms += 5) {
      pair.probe();
      pair.run(5);
    }
    pair.assertNothingLost();
    for (const host of [pair.a, pair.b]) {
      assert.deepEqual(
        pair
          .sa(host)
          .children.map((sa) => sa.child)
          .sort(),
        ['always', 'asked for'],
      );
    }
    if (pair.a.outbound()?.keys.spiOut !== first?.keys.spiOut) handedOver++;
  }
  assert.ok(handedOver > 0, 'in some of the runs the loser had it');
});

test('an IKE_SA_INIT that was not answered is given up when the other end was quicker', () => {
  const pair = new Pair();
  // The other end is not there yet.
  pair.pass = ({ from }) => from.name !== 'a';
  pair.configure(both.a, {});
  pair.run(1500);
  pair.pass = () => true;
  pair.configure(both.a, both.b);
  pair.run(60_000);
  pair.assertConverged();
  assert.equal(pair.a.named('ike-sa-established').length, 1);
  assert.equal(pair.b.named('ike-sa-established').length, 1);
  assert.equal(pair.sa(pair.a).side, 'responder');
});

test('both ends initiate while one cannot reach the other for a while', () => {
  for (let seed = 1; seed <= 6; seed++) {
    const pair = new Pair({ seed, ...both });
    let dropped = 0;
    pair.pass = (message) => message.from.name !== 'b' || !message.response || dropped++ > seed;
    pair.run(120_000);
    pair.assertConverged();
  }
});

test('the IKE_SA that only one end remembers does not cost the one that works', () => {
  /* b forgets everything, and does not send INITIAL_CONTACT. */
  const pair = new Pair({ ...both, a: { ...both.a, dpdIntervalSeconds: 30 } });
  pair.run(20_000);
  const fresh = new Pair({ seed: 77, b: { ...both.b, sendInitialContact: false } });
  fresh.pass = (message) => {
    if (message.from === fresh.b) pair.deliver(message, pair.a);
    return false;
  };
  pair.pass = (message) => {
    if (message.from === pair.a) fresh.deliver(message, fresh.b);
    return false;
  };
  for (let i = 0; i < 4000; i++) {
    fresh.run(50);
    pair.run(50);
  }
  assert.equal(pair.sa(pair.a).initiatorSpi, fresh.sa(fresh.b).initiatorSpi);
  assert.equal(pair.a.sas.size, 1);
  assert.equal(fresh.b.sas.size, 1);
  assert.deepEqual([...pair.a.sas.values()][0]?.keys.keyIn, [...fresh.b.sas.values()][0]?.keys.keyOut);
});
