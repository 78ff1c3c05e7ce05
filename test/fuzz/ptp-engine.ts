/**
 * Fuzzing of the PTP engine: a network in which every frame may be followed by a mutated copy of itself or of anything
 * else that clocks say, from its own sender and from strangers; between that, stamps are lost, links flap and management
 * sets what it likes. No message may make a clock throw, hold more than its limits allow, or answer with a flood.
 *
 *     node build/test/fuzz/ptp-engine.js [seconds [seed]]
 */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { type ClockConfig, PORT_STATE, type PtpEngine } from '#lib/ptp/index.js';
import { everyKind } from '../unit/ptp/kinds.js';
import { ports } from '../unit/ptp/ladder.js';
import { Network, type Node } from '../unit/ptp/network.js';
import { Mutator } from './mutator.js';
import { corpus, withLength } from './ptp-message.js';

/** Of one port; every default is below. */
const MAX_FOREIGN_MASTERS = 32;
const MAX_TIMERS = 12;
/** Of one message: a management question may have several answers, and states may change by it. */
const MAX_ACTIONS = 200;

/** Each way to be a clock. */
const clocks: readonly (readonly [name: string, ports: number, config: Partial<ClockConfig>])[] = [
  ['grandmaster', 1, { priority1: 100 }],
  ['boundary', 2, {}],
  ['slave', 1, { slaveOnly: true }],
  ['e2e-transparent', 2, { clockType: 'e2e-transparent' }],
  ['p2p-transparent', 2, { clockType: 'p2p-transparent' }],
  ['alternate', 2, { profile: 'g8275.1', domainNumber: 0 }],
  ['unicast slave', 1, { slaveOnly: true, ports: ports(1, { unicastMasters: ['grandmaster/1'] }) }],
  ['time-aware', 2, { profile: '802.1as' }],
  ['time-aware grandmaster', 1, { profile: '802.1as', priority1: 100 }],
];

/** Every call of an engine is watched. */
function watch(engine: PtpEngine): void {
  for (const name of ['handleMessage', 'handleTxTimestamp', 'handleTimer'] as const) {
    const call = engine[name].bind(engine) as (...args: unknown[]) => ReturnType<PtpEngine['handleTimer']>;
    Object.assign(engine, {
      [name]: (...args: unknown[]) => {
        const actions = call(...args);
        assert.ok(actions.length <= MAX_ACTIONS, `${name}: ${actions.length} actions`);
        return actions;
      },
    });
  }
}

function build(seed: number, mutator: Mutator): Network {
  const network = new Network(seed);
  const mechanism = mutator.pick(['e2e', 'p2p'] as const);
  const options = {
    delayMechanism: mechanism,
    unicastListen: true,
    management: 'set',
    logAnnounceInterval: -2,
  } as const;
  const nodes = clocks.map(([name, count, config]) => {
    const node = network.clock(name, count, { ports: ports(count, options), ...config }, { driftPpb: 5000 });
    watch(node.engine);
    return node;
  });
  // One wire for all first ports, one for all second ones but of those that forward: they have ends of their own.
  const forwards = (i: number) => clocks[i]![0].endsWith('transparent');
  const wire = (ends: readonly (readonly [Node, number])[]) => network.link(ends, { jitterNs: 50 });
  wire(nodes.map((node) => [node, 1]));
  wire(nodes.flatMap((node, i) => (clocks[i]![1] > 1 && !forwards(i) ? [[node, 2] as const] : [])));
  for (const [i, node] of nodes.entries()) if (forwards(i)) wire([[node, 2]]);
  network.start();
  return network;
}

function verify(node: Node): void {
  const snapshot = node.snapshot;
  for (const port of snapshot.ports) {
    assert.ok(port.portDS.portState in PORT_STATE, port.portDS.portState);
    assert.ok(port.foreignMasters.length <= MAX_FOREIGN_MASTERS, `${port.foreignMasters.length} foreign masters`);
  }
  assert.ok(snapshot.slavePort >= 0 && snapshot.slavePort <= snapshot.ports.length);
  assert.ok(node.timers.size <= MAX_TIMERS * snapshot.ports.length, `${node.name}: ${[...node.timers.keys()]}`);
  const { offsetFromMasterNs, meanPathDelayNs } = snapshot.currentDS;
  assert.ok(Number.isFinite(offsetFromMasterNs) && Number.isFinite(meanPathDelayNs));
  const { lastMeasurement } = snapshot;
  if (lastMeasurement) assert.ok(Number.isFinite(lastMeasurement.frequencyPpb), `${lastMeasurement.frequencyPpb} ppb`);
}

/** One life of a network; returns how many hostile messages there were. */
function episode(mutator: Mutator, pool: readonly Uint8Array[], end: number): number {
  const network = build(mutator.next(2 ** 31), mutator);
  const heard: Uint8Array[] = [];
  network.tap = (_node, _port, bytes) => {
    if (heard.length < 500) heard.push(bytes.slice());
    else heard[mutator.next(heard.length)] = bytes.slice();
  };
  network.run(2);
  let count = 0;
  for (let step = 0; step < 400 && performance.now() < end; step++) {
    for (let i = mutator.next(20); i > 0; i--) {
      const source = mutator.next(3) > 0 && heard.length > 0 ? heard : pool;
      const data = mutator.mutate(mutator.pick(source), mutator.pick(pool), 1600);
      const bytes = mutator.next(8) > 0 ? withLength(data) : data;
      const node = mutator.pick(network.nodes);
      const port = 1 + mutator.next(node.snapshot.ports.length);
      count++;
      if (mutator.next(8) > 0) network.inject(node, port, bytes);
      else {
        const { responses, actions } = node.engine.handleManagement(bytes, mutator.pick(['get', 'set']), network.nowMs);
        assert.ok(responses.length <= 64, `${responses.length} responses`);
        network.perform(node, actions);
      }
    }
    const node = mutator.pick(network.nodes);
    if (mutator.next(20) === 0) node.dropStamps = mutator.next(3);
    if (mutator.next(40) === 0) network.setLink(mutator.pick(network.links), mutator.next(3) > 0);
    network.run(mutator.pick([0, 0.001, 0.05, 0.3]));
    for (const each of network.nodes) verify(each);
  }
  return count;
}

/** Hostile messages that the clocks got. */
export function fuzzEngine(milliseconds: number, seed: number): number {
  const mutator = new Mutator(seed);
  const pool = [...everyKind().values(), ...corpus()];
  const end = performance.now() + milliseconds;
  let messages = 0;
  while (performance.now() < end) messages += episode(mutator, pool, end);
  return messages;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '10', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
  console.log(`seed ${seed}`);
  console.log(`${fuzzEngine(Number(seconds) * 1000, Number(seed))} messages, no rule broken`);
}
