import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Compare, type ComparisonDataSet, compareAlternate, compareDataSets, decideState } from '#lib/ptp/bmca.js';
import { nextState, PORT_STATE, type PortEvent, type PortState } from '#lib/ptp/port-state.js';

const port = (clock: number, portNumber: number) => ({ clockIdentity: BigInt(clock), portNumber });

const base: ComparisonDataSet = {
  priority1: 128,
  grandmasterIdentity: 10n,
  clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
  priority2: 128,
  localPriority: 128,
  stepsRemoved: 0,
  sender: port(10, 1),
  receiver: port(99, 1),
};
const quality = (change: Partial<ComparisonDataSet['clockQuality']>) => ({ ...base.clockQuality, ...change });

/** `worse` loses in every position, against another grandmaster with a better identity. */
function ranks(compare: Compare, chain: readonly Partial<ComparisonDataSet>[]): void {
  for (const [index, change] of chain.entries()) {
    const worse = { ...base, grandmasterIdentity: 1n, ...change };
    assert.equal(compare(base, worse), 'A', `link ${index}`);
    assert.equal(compare(worse, base), 'B', `link ${index} reversed`);
  }
}

describe('data set comparison', () => {
  it('figure 27: each attribute decides before all those after it', () => {
    ranks(compareDataSets, [
      { priority1: 129, clockQuality: quality({ clockClass: 6 }), priority2: 0 },
      { clockQuality: quality({ clockClass: 249, clockAccuracy: 0x20 }), priority2: 0 },
      { clockQuality: quality({ clockAccuracy: 0xff, offsetScaledLogVariance: 0 }), priority2: 0 },
      { priority2: 129 },
    ]);
    const variance = { ...base, clockQuality: quality({ offsetScaledLogVariance: 0x100 }), priority2: 255 };
    assert.equal(compareDataSets(variance, { ...base, grandmasterIdentity: 1n }), 'A');
    assert.equal(compareDataSets(base, { ...base, grandmasterIdentity: 11n }), 'A', 'identity');
  });

  it('figure 28: the same grandmaster over two paths', () => {
    const steps = (stepsRemoved: number, sender = port(10, 1), receiver = port(99, 1)) => ({
      ...base,
      stepsRemoved,
      sender,
      receiver,
    });
    assert.equal(compareDataSets(steps(0), steps(2)), 'A');
    assert.equal(compareDataSets(steps(2), steps(0)), 'B');
    assert.equal(compareDataSets(steps(1, port(5, 1), port(9, 1)), steps(0)), 'B by topology');
    assert.equal(compareDataSets(steps(1, port(9, 1), port(5, 1)), steps(0)), 'B');
    assert.equal(compareDataSets(steps(0), steps(1, port(5, 1), port(9, 1))), 'A by topology');
    assert.equal(compareDataSets(steps(0), steps(1, port(9, 1), port(5, 1))), 'A');
    assert.equal(compareDataSets(steps(1, port(5, 1), port(5, 1)), steps(0)), 'error-1');
    assert.equal(compareDataSets(steps(0), steps(1, port(5, 1), port(5, 1))), 'error-1');
    assert.equal(compareDataSets(steps(1, port(5, 1)), steps(1, port(6, 1))), 'A by topology');
    assert.equal(compareDataSets(steps(1, port(5, 2)), steps(1, port(5, 1))), 'B by topology');
    assert.equal(compareDataSets(steps(1, port(5, 1), port(9, 1)), steps(1, port(5, 1), port(9, 2))), 'A by topology');
    assert.equal(compareDataSets(steps(1), steps(1)), 'error-2');
  });

  it('G.8275.1: localPriority after priority2, priority1 not at all, and class 127 makes equals', () => {
    ranks(compareAlternate, [
      { priority1: 0, clockQuality: quality({ clockClass: 249 }), priority2: 0 },
      { priority1: 0, priority2: 129, localPriority: 1 },
      { priority1: 0, localPriority: 129 },
    ]);
    const good = { ...base, clockQuality: quality({ clockClass: 6 }) };
    const far = { ...good, grandmasterIdentity: 1n, stepsRemoved: 3 };
    assert.equal(compareAlternate(good, far), 'A', 'nearer, though its identity is worse');
    assert.equal(compareAlternate(base, { ...base, grandmasterIdentity: 1n, stepsRemoved: 3 }), 'B');
  });

  const dataSet: fc.Arbitrary<ComparisonDataSet> = fc.record({
    priority1: fc.nat(2),
    grandmasterIdentity: fc.bigInt({ min: 1n, max: 3n }),
    clockQuality: fc.record({
      clockClass: fc.constantFrom(6, 127, 128, 248),
      clockAccuracy: fc.nat(1),
      offsetScaledLogVariance: fc.nat(1),
    }),
    priority2: fc.nat(2),
    localPriority: fc.integer({ min: 1, max: 3 }),
    stepsRemoved: fc.nat(4),
    sender: fc.record({ clockIdentity: fc.bigInt({ min: 1n, max: 4n }), portNumber: fc.integer({ min: 1, max: 2 }) }),
    receiver: fc.record({ clockIdentity: fc.bigInt({ min: 5n, max: 8n }), portNumber: fc.integer({ min: 1, max: 2 }) }),
  });
  const mirror = { A: 'B', B: 'A', 'A by topology': 'B by topology', 'B by topology': 'A by topology' };

  for (const [name, compare] of Object.entries({ compareDataSets, compareAlternate })) {
    it(`${name} is antisymmetric`, () => {
      fc.assert(
        fc.property(dataSet, dataSet, (a, b) => {
          const ab = compare(a, b);
          const ba = compare(b, a);
          return ba === (mirror[ab as keyof typeof mirror] ?? ab);
        }),
        { numRuns: 5000 },
      );
    });
  }
});

describe('state decision', () => {
  const d0 = { ...base, grandmasterIdentity: 50n, sender: port(50, 0), receiver: port(50, 0) };
  const betterOne = { ...base, priority1: 100, receiver: port(50, 1) };
  const worseOne = { ...base, grandmasterIdentity: 20n, priority1: 200, receiver: port(50, 2) };
  const decide = (
    own: ComparisonDataSet,
    erbest: ComparisonDataSet | undefined,
    ebest: ComparisonDataSet | undefined,
    state: PortState = 'MASTER',
  ) => decideState(compareDataSets, own, erbest, ebest, state);

  it('figure 26, leaf by leaf', () => {
    const good = { ...d0, clockQuality: quality({ clockClass: 127 }) };
    assert.equal(decide(d0, undefined, betterOne, 'LISTENING'), 'LISTENING');
    assert.equal(decide(good, undefined, undefined), 'M1');
    assert.equal(decide(good, worseOne, worseOne), 'M1');
    assert.equal(decide(good, betterOne, betterOne), 'P1');
    assert.equal(decide(d0, undefined, undefined), 'M2');
    assert.equal(decide(d0, worseOne, worseOne), 'M2');
    assert.equal(decide(d0, betterOne, betterOne), 'S1');
    assert.equal(decide(d0, worseOne, betterOne), 'M3');
    assert.equal(decide(d0, undefined, betterOne), 'M3');
    const twin = { ...betterOne, receiver: port(50, 2) };
    assert.equal(decide(d0, twin, betterOne), 'P2');
  });
});

describe('port state machine', () => {
  const states = Object.keys(PORT_STATE) as PortState[];
  const events: PortEvent[] = [
    'INITIALIZED',
    'DESIGNATED_ENABLED',
    'FAULT_CLEARED',
    'ANNOUNCE_RECEIPT_TIMEOUT_EXPIRES',
    'QUALIFICATION_TIMEOUT_EXPIRES',
    'MASTER_CLOCK_SELECTED',
    'SYNCHRONIZATION_FAULT',
    'BMC_MASTER',
    'BMC_GRANDMASTER',
    'BMC_SLAVE',
    'BMC_PASSIVE',
  ];

  it('every state can be initialized, disabled and powered up', () => {
    for (const state of states) {
      assert.equal(nextState(state, 'POWERUP', false, false), 'INITIALIZING');
      if (state !== 'DISABLED') assert.equal(nextState(state, 'DESIGNATED_DISABLED', false, false), 'DISABLED');
      const faulty = nextState(state, 'FAULT_DETECTED', false, false);
      assert.equal(faulty, state === 'DISABLED' ? 'DISABLED' : 'FAULTY');
    }
  });

  it('a slave-only clock is never MASTER, PRE_MASTER or PASSIVE', () => {
    for (const state of states) {
      if (state === 'MASTER' || state === 'PRE_MASTER' || state === 'PASSIVE') continue;
      for (const event of events) {
        const next = nextState(state, event, true, false);
        assert.ok(!['MASTER', 'PRE_MASTER', 'PASSIVE'].includes(next), `${state} ${event} ${next}`);
      }
    }
  });

  it('figure 23 around the slave', () => {
    assert.equal(nextState('LISTENING', 'ANNOUNCE_RECEIPT_TIMEOUT_EXPIRES', false, false), 'MASTER');
    assert.equal(nextState('LISTENING', 'BMC_SLAVE', false, true), 'UNCALIBRATED');
    assert.equal(nextState('UNCALIBRATED', 'MASTER_CLOCK_SELECTED', false, false), 'SLAVE');
    assert.equal(nextState('SLAVE', 'BMC_SLAVE', false, false), 'SLAVE');
    assert.equal(nextState('SLAVE', 'BMC_SLAVE', false, true), 'UNCALIBRATED');
    assert.equal(nextState('SLAVE', 'SYNCHRONIZATION_FAULT', false, false), 'UNCALIBRATED');
    assert.equal(nextState('MASTER', 'BMC_MASTER', false, false), 'MASTER');
    assert.equal(nextState('SLAVE', 'BMC_MASTER', false, false), 'PRE_MASTER');
    assert.equal(nextState('PRE_MASTER', 'QUALIFICATION_TIMEOUT_EXPIRES', false, false), 'MASTER');
    assert.equal(nextState('FAULTY', 'FAULT_CLEARED', false, false), 'INITIALIZING');
    assert.equal(nextState('FAULTY', 'BMC_SLAVE', false, true), 'FAULTY');
  });
});
