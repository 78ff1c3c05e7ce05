import assert from 'node:assert/strict';
import { test } from 'node:test';
import { child } from './ike/configuration.ts';
import type { Host } from './ike/host.ts';
import { Pair } from './ike/pair.ts';
import { seeded } from './ike/random.ts';

/** Seconds by default; `ROUTEPLANE_TEST_SEEDS=500` looks as far as a change of the engine deserves. */
const SEEDS = Number(process.env['ROUTEPLANE_TEST_SEEDS'] ?? 60);
const first = Number(process.env['ROUTEPLANE_TEST_SEED'] ?? 1);

/** Both ends start whatever they can, and rekey whatever they have, over a bad link; then the link is good again. */
function storm(seed: number): Pair {
  const random = seeded(seed * 7919);
  const autoStart = (local: string, remote: string) => [child(local, remote, { autoStart: true })];
  const peer = { dpdIntervalSeconds: random() < 0.5 ? 8 : 0 };
  const pair = new Pair({
    seed,
    latency: 1 + random() * 60,
    jitter: random() * 150,
    loss: random() * 0.3,
    duplicate: random() * 0.3,
    a: { ...peer, children: autoStart('10.1.0.0/16', '10.2.0.0/16') },
    b: {
      ...peer,
      children: random() < 0.5 ? autoStart('10.2.0.0/16', '10.1.0.0/16') : [child('10.2.0.0/16', '10.1.0.0/16')],
    },
  });
  for (let i = 0; i < 12; i++) {
    pair.run(random() * 4000);
    const hosts = random() < 0.5 ? [pair.a, pair.b] : [random() < 0.5 ? pair.a : pair.b];
    const kind = random();
    for (const host of hosts) disturb(pair, host, kind < 0.8 ? kind : random());
  }
  pair.link = { latency: 10 };
  pair.run(150_000);
  // Not in the middle of a liveness check.
  while ([pair.a, pair.b].some(({ timers }) => [...timers.keys()].some((id) => id.endsWith(':retransmit'))))
    pair.run(50);
  return pair;
}

function disturb(pair: Pair, host: Host, kind: number): void {
  const { ike } = host;
  for (const sa of ike.ikeSas()) {
    if (kind < 0.5) for (const { childSa } of sa.children) host.do(ike.rekeyChild(childSa, pair.now));
    else if (kind < 0.9) host.do(ike.rekeyIke(sa.ikeSa, pair.now));
    else for (const { childSa } of sa.children) host.do(ike.expire(childSa, true, pair.now));
  }
}

test(`${SEEDS} seeds of loss, duplication, reordering and rekeys from both ends converge`, () => {
  for (let seed = first; seed < first + SEEDS; seed++) {
    try {
      const pair = storm(seed);
      pair.assertConverged();
      for (const host of [pair.a, pair.b]) {
        const left = [...host.timers.keys()].filter((id) => !id.endsWith(':dpd'));
        assert.deepEqual(left, [], `${host.name} has timers left`);
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
});

/** Several children, and whatever an operator may do, at both ends. */
function upheaval(seed: number): Pair {
  const random = seeded(seed * 104_729);
  const children = (local: number, remote: number) =>
    [0, 1, 2].map((i) =>
      child(`10.${local}.${i}.0/24`, `10.${remote}.${i}.0/24`, { name: `net${i}`, reqid: i + 1, autoStart: true }),
    );
  const link = { latency: 1 + random() * 60, jitter: random() * 150, loss: random() * 0.25, duplicate: random() * 0.3 };
  const pair = new Pair({
    seed,
    ...link,
    a: { children: children(1, 2), dpdIntervalSeconds: 8 },
    b: { children: children(2, 1), dpdIntervalSeconds: random() < 0.5 ? 8 : 0, passive: random() < 0.3 },
  });
  for (let i = 0; i < 12; i++) {
    pair.run(random() * 4000);
    const host = random() < 0.5 ? pair.a : pair.b;
    const { ike } = host;
    const kind = random();
    for (const sa of ike.ikeSas()) {
      if (kind < 0.1) host.do(ike.terminate(sa.ikeSa, pair.now));
      else disturb(pair, host, random());
    }
    if (random() < 0.3) host.do(ike.acquire(pair.other(host).name, 'net1', undefined, pair.now));
  }
  pair.link = { latency: 10 };
  pair.run(200_000);
  while ([pair.a, pair.b].some(({ timers }) => [...timers.keys()].some((id) => id.endsWith(':retransmit'))))
    pair.run(50);
  return pair;
}

test('several children and an operator at each end: every child is there once, and nothing else', () => {
  for (let seed = first; seed < first + Math.ceil(SEEDS * 0.3); seed++) {
    try {
      const pair = upheaval(seed);
      assert.equal(pair.sa(pair.a).initiatorSpi, pair.sa(pair.b).initiatorSpi);
      for (const host of [pair.a, pair.b]) {
        assert.deepEqual(
          pair
            .sa(host)
            .children.map((sa) => sa.child)
            .sort(),
          ['net0', 'net1', 'net2'],
        );
        assert.equal(host.sas.size, 3);
        for (const { keys } of host.sas.values()) {
          assert.deepEqual(pair.other(host).inbound(keys.spiOut)?.keys.keyIn, keys.keyOut);
        }
        assert.deepEqual(
          [...host.timers.keys()].filter((id) => !id.endsWith(':dpd')),
          [],
        );
      }
    } catch (error) {
      throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : error}`, { cause: error });
    }
  }
});

test('rekeys from both ends under traffic: reordering and duplication lose no packet', () => {
  for (let seed = first; seed < first + Math.ceil(SEEDS * 0.12); seed++) {
    const random = seeded(seed * 31);
    const pair = new Pair({ seed, latency: 10 });
    pair.connect();
    pair.link = { latency: 10, jitter: random() * 60, duplicate: random() * 0.3 };
    for (let i = 0; i < 15; i++) {
      for (const host of random() < 0.5 ? [pair.a, pair.b] : [random() < 0.5 ? pair.a : pair.b]) {
        disturb(pair, host, random() * 0.9);
      }
      const pause = random() * 600;
      for (let ms = 0; ms < pause; ms += 7) {
        pair.probe();
        pair.run(7);
      }
    }
    pair.run(70_000);
    pair.assertConverged();
    assert.deepEqual(pair.traffic.lost, [], `seed ${seed}`);
  }
});
