import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { formatClockIdentity } from '#lib/ptp/index.js';
import { FAST, follows, ports } from './ptp/ladder.ts';
import { Network, type Node } from './ptp/network.ts';
import { randomFrom } from './ptp/random.ts';

/** One Announce and one Sync a second and fewer stamps: elections need no accuracy. */
const slow = (count: number) => ports(count, { logSyncInterval: 0, logMinDelayReqInterval: 0 });

/** Follows parents up to the grandmaster: the clocks on the way, or a failed assertion for a loop. */
function path(node: Node, nodes: readonly Node[]): Node[] {
  const way: Node[] = [node];
  for (;;) {
    const { parentDS, defaultDS } = way.at(-1)!.snapshot;
    const parent = parentDS.parentPortIdentity.clockIdentity;
    if (parent === defaultDS.clockIdentity) return way;
    const next = nodes.find((each) => each.snapshot.defaultDS.clockIdentity === parent);
    assert.ok(next !== undefined, `nobody is ${formatClockIdentity(parent)}`);
    assert.ok(!way.includes(next), `a loop at ${next.name}: ${way.map(({ name }) => name).join(' ')}`);
    way.push(next);
  }
}

/** One grandmaster, a tree without loops, stepsRemoved as its depth, and one master on every link that is up. */
function converged(network: Network, alive: readonly Node[]): boolean {
  const grandmasters = new Set(alive.map((node) => node.snapshot.parentDS.grandmasterIdentity));
  if (grandmasters.size !== 1) return false;
  const settled = alive.every((node) =>
    node
      .states()
      .every((state, i) =>
        node.links[i + 1]?.up === false ? state === 'FAULTY' : ['MASTER', 'SLAVE', 'PASSIVE'].includes(state),
      ),
  );
  if (!settled) return false;
  return network.links.every((link) => {
    const states = link.ends
      .filter(({ node, port }) => link.up && node.links[port] === link)
      .map(({ node, port }) => node.states()[port - 1]);
    return states.length < 2 || states.filter((state) => state === 'MASTER').length === 1;
  });
}

/** Who can still reach whom over links that are up. */
function connected(network: Network, alive: readonly Node[]): Node[][] {
  const islands: Node[][] = [];
  for (const node of alive) {
    if (islands.some((island) => island.includes(node))) continue;
    const island = [node];
    for (const reached of island) {
      for (const { up, ends } of network.links) {
        if (!up || !ends.some((end) => end.node === reached)) continue;
        for (const end of ends) if (alive.includes(end.node) && !island.includes(end.node)) island.push(end.node);
      }
    }
    islands.push(island);
  }
  return islands;
}

function checkTree(alive: readonly Node[]): void {
  for (const node of alive) {
    const way = path(node, alive);
    assert.equal(node.snapshot.currentDS.stepsRemoved, way.length - 1, node.name);
    assert.equal(node.states().filter((state) => state === 'SLAVE').length, way.length === 1 ? 0 : 1, node.name);
  }
}

describe('networks of boundary clocks', () => {
  it('a chain of ten: everyone follows, and the last one is within 100 ns', () => {
    const network = new Network(3);
    const grandmaster = network.clock('gm', 1, { priority1: 10, ports: ports(1) }, { quantumNs: 8 });
    const chain = [grandmaster];
    for (let i = 1; i <= 10; i++) {
      const drift = { driftPpb: (i % 2 === 0 ? 1 : -1) * 700 * i, offsetNs: i * 100_000, quantumNs: 8 };
      const clock = network.clock(`bc${i}`, 2, { ports: ports(2) }, drift);
      const up: [Node, number] = i === 1 ? [grandmaster, 1] : [chain.at(-1)!, 2];
      network.link([up, [clock, 1]], { jitterNs: 20 });
      chain.push(clock);
    }
    network.start();
    const last = chain.at(-1)!;
    assert.ok(network.until(() => follows(last, grandmaster), 120) !== undefined);
    assert.equal(last.snapshot.currentDS.stepsRemoved, 10);
    network.run(240);
    const { max } = network.record(last, grandmaster, 120);
    assert.ok(max < 100, `${max} ns`);
    checkTree(chain);
  });

  it('a ring has one PASSIVE port, and heals when a link is cut', () => {
    const network = new Network(4);
    const nodes = Array.from({ length: 6 }, (_, i) =>
      network.clock(`bc${i}`, 2, { priority1: i === 2 ? 10 : 128, ports: slow(2) }, { offsetNs: i * 1000 }),
    );
    for (const [i, node] of nodes.entries()) {
      network.link([
        [node, 2],
        [nodes[(i + 1) % 6]!, 1],
      ]);
    }
    network.start();
    assert.ok(network.until(() => converged(network, nodes), 60) !== undefined);
    checkTree(nodes);
    const passive = nodes.flatMap((node) => node.states()).filter((state) => state === 'PASSIVE');
    assert.equal(passive.length, 1);
    network.setLink(network.links[2]!, false);
    const healthy = () =>
      nodes.every((node) => node.snapshot.parentDS.grandmasterIdentity === nodes[2]!.snapshot.defaultDS.clockIdentity);
    network.run(10);
    assert.ok(network.until(() => healthy() && nodes[3]!.states()[1] === 'SLAVE', 60) !== undefined);
    checkTree(nodes);
  });

  it('the grandmaster dies, the next one takes over, and steps back when the first returns', () => {
    const network = new Network(5);
    const first = network.clock('first', 1, { priority1: 10, ports: ports(1) });
    const second = network.clock('second', 1, { priority1: 20, ports: ports(1) }, { offsetNs: 3_000 });
    const slave = network.clock('slave', 1, { slaveOnly: true, ports: ports(1) }, { driftPpb: 5000, offsetNs: 1e6 });
    const link = network.link([
      [first, 1],
      [second, 1],
      [slave, 1],
    ]);
    network.start();
    assert.ok(network.until(() => follows(slave, first), 20) !== undefined);
    assert.deepEqual(second.states(), ['SLAVE']);
    network.run(20);
    network.kill(first);
    assert.ok(network.until(() => follows(slave, second), 20) !== undefined);
    assert.deepEqual(second.states(), ['MASTER']);
    network.run(20);
    assert.ok(Math.abs(network.truth(slave, second)) < 50);
    first.links[1] = link;
    network.perform(first, first.engine.linkUp(1, network.nowMs));
    network.start(first);
    assert.ok(network.until(() => follows(slave, first) && follows(second, first), 30) !== undefined);
    const changes = slave.events.filter(({ event }) => event.name === 'grandmasterChanged');
    assert.ok(changes.length >= 3, `${changes.length}`);
    // Between masters the clock holds its frequency and is never stepped again.
    assert.equal(slave.events.filter(({ event }) => event.name === 'clockStepped').length, 1);
  });

  for (let seed = 1; seed <= 24; seed++) {
    it(`random topology ${seed}: converges without loops, and again when the grandmaster and a link are gone`, () => {
      const random = randomFrom(seed);
      const network = new Network(seed);
      const size = 4 + Math.floor(random() * 7);
      // Every fourth has clocks that are never slaves.
      const masters = seed % 4 === 0 ? 0.25 : 0;
      // A tree so that all are connected, and some more links for loops.
      const edges: [number, number][] = [];
      for (let i = 1; i < size; i++) edges.push([i, Math.floor(random() * i)]);
      for (let i = 0; i < size / 2; i++) {
        const [a, b] = [Math.floor(random() * size), Math.floor(random() * size)];
        if (a !== b) edges.push([a, b]);
      }
      const used = new Array<number>(size).fill(0);
      const degree = (i: number) => edges.filter((edge) => edge.includes(i)).length;
      const nodes = Array.from({ length: size }, (_, i) => {
        const quality = {
          clockClass: random() < masters ? 6 : 248,
          clockAccuracy: 0xfe,
          offsetScaledLogVariance: 0xffff,
        };
        const priority1 = 100 + Math.floor(random() * 3);
        return network.clock(`n${i}`, degree(i), { priority1, clockQuality: quality, ports: slow(degree(i)) });
      });
      for (const [a, b] of edges) {
        network.link([
          [nodes[a]!, ++used[a]!],
          [nodes[b]!, ++used[b]!],
        ]);
      }
      network.start();
      const states = () => nodes.map((node) => `${node.name} ${node.states().join()}`).join('; ');
      if (nodes.every((node) => node.snapshot.defaultDS.clockQuality.clockClass === 248)) {
        assert.ok(network.until(() => converged(network, nodes), 120) !== undefined, states());
        checkTree(nodes);
        // Nothing moves any more.
        const before = states();
        network.run(60);
        assert.equal(states(), before);
        const best = nodes.find(
          (node) => node.snapshot.defaultDS.clockIdentity === nodes[0]!.snapshot.parentDS.grandmasterIdentity,
        )!;
        const link = network.links[Math.floor(random() * network.links.length)]!;
        network.setLink(link, false);
        network.kill(best);
        for (const each of network.links) {
          if (each.ends.some(({ node }) => node === best)) network.setLink(each, false);
        }
        const alive = nodes.filter((node) => node !== best);
        const islands = connected(network, alive);
        assert.ok(
          network.until(() => islands.every((island) => converged(network, island)), 150) !== undefined,
          states(),
        );
        for (const island of islands) checkTree(island);
        const settled = states();
        network.run(60);
        assert.equal(states(), settled);
      } else {
        // Clocks of class 6 are never slaves (figure 26): several trees, none of them with a loop.
        network.run(150);
        for (const node of nodes) {
          path(node, nodes);
          if (node.snapshot.defaultDS.clockQuality.clockClass === 6) {
            assert.ok(!node.states().includes('SLAVE'), states());
          }
        }
      }
    });
  }
});

describe('transparent clocks', () => {
  for (const type of ['e2e', 'p2p'] as const) {
    it(`${type}: three in a row that hold frames for different times do not show`, () => {
      const network = new Network(6);
      const port = (count: number) => ports(count, { delayMechanism: type });
      const master = network.clock('master', 1, { priority1: 10, ports: port(1) }, { quantumNs: 8 });
      const slave = network.clock(
        'slave',
        1,
        { slaveOnly: true, ports: port(1) },
        { driftPpb: 9000, offsetNs: 1e6, quantumNs: 8 },
      );
      const middle = [1, 2, 3].map((i) =>
        network.clock(
          `tc${i}`,
          2,
          { clockType: `${type}-transparent`, ports: port(2) },
          { driftPpb: 100 * i, offsetNs: 5e8 * i },
        ),
      );
      const row = [master, ...middle, slave];
      for (let i = 0; i + 1 < row.length; i++) {
        network.link(
          [
            [row[i]!, i === 0 ? 1 : 2],
            [row[i + 1]!, 1],
          ],
          { delayNs: 500 + 300 * i },
        );
      }
      // Each holds every event frame for another while.
      network.hold = (node) => (middle.includes(node) ? 20_000 + network.random() * 500_000 : 0);
      network.start();
      assert.ok(network.until(() => follows(slave, master), 30) !== undefined);
      assert.equal(slave.snapshot.currentDS.stepsRemoved, 1);
      network.run(40);
      const { max, sd } = network.record(slave, master, 60);
      assert.ok(max < 60, `max ${max} ns, sd ${sd} ns`);
      const delay = slave.snapshot.ports[0]!.delayNs!;
      assert.ok(Math.abs(delay - (type === 'p2p' ? 1400 : 3800)) < 60, `${delay}`);
    });
  }

  it('a one-step Sync becomes a two-step one', () => {
    const network = new Network(7);
    const master = network.clock('master', 1, { priority1: 10, twoStep: false, ports: ports(1) });
    const slave = network.clock('slave', 1, { slaveOnly: true, ports: ports(1) }, { driftPpb: 9000, offsetNs: 1e6 });
    const middle = network.clock('tc', 2, { clockType: 'e2e-transparent', ports: ports(2) });
    network.link([
      [master, 1],
      [middle, 1],
    ]);
    network.link([
      [middle, 2],
      [slave, 1],
    ]);
    network.hold = (node) => (node === middle ? 100_000 : 0);
    network.start();
    assert.ok(network.until(() => follows(slave, master), 30) !== undefined);
    network.run(30);
    assert.ok(Math.abs(network.truth(slave, master)) < 20);
  });
});

it('the same seed gives the same run', () => {
  const run = () => {
    const network = new Network(8);
    const port = [{ name: 'ether1', ...FAST }];
    const master = network.clock('master', 1, { priority1: 10, ports: port });
    const slave = network.clock('slave', 1, { slaveOnly: true, ports: port }, { driftPpb: 5000, wanderPpb: 1 });
    network.link(
      [
        [master, 1],
        [slave, 1],
      ],
      { jitterNs: 100, loss: 0.05 },
    );
    network.start();
    network.run(60);
    return network.truth(slave, master);
  };
  assert.equal(run(), run());
});
