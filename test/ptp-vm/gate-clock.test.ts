import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gate, type RunResult } from './run.ts';
import { setCards } from './wire.ts';

const l2 = { ours: { transport: 'l2-forwardable' }, theirs: { network_transport: 'L2' } } as const;

/** How long after its start a slave hears its master first is chance: up to one interval of the runs' Announces. */
const chanceSeconds = 0.5;

/** We locked, and no later than ptp4l beside us, if it did. */
function lockedFirst({ ours, rows }: RunResult): void {
  const [, ptp4l] = rows;
  assert.notEqual(ours.lockSeconds, -1, JSON.stringify(rows));
  if (ptp4l!.lockSeconds !== -1)
    assert.ok(ours.lockSeconds <= ptp4l!.lockSeconds + chanceSeconds, JSON.stringify(rows));
}

test('clean wire: within 10 ns of the truth, and locked no later than ptp4l', () =>
  gate({ name: 'clean, l2, e2e', ...l2 }, (result) => {
    assert.ok(result.ours.truthMaxNs <= 10, JSON.stringify(result.rows));
    lockedFirst(result);
  }));

test('jitter of +-50 ns: a standard deviation of at most 6.4 ns, and locked no later than ptp4l', () =>
  gate({ name: 'jitter, l2, e2e', ...l2, servo: 'linreg', jitterNs: 50, lockNs: 100 }, (result) => {
    assert.ok(result.ours.truthSdNs <= 6.4, JSON.stringify(result.rows));
    assert.ok(result.ours.truthMaxNs <= 50, JSON.stringify(result.rows));
    lockedFirst(result);
  }));

test('every 60th transmit stamp lost: the slave stays SLAVE', () =>
  // ptp4l as master goes FAULTY for 16 s each time; judged is ours behind ours.
  gate(
    {
      name: 'lost stamps, l2, e2e',
      ours: l2.ours,
      disturb: () => setCards('drop_txts', 60),
      restore: () => setCards('drop_txts', 0),
      settleSeconds: 15,
      slaves: ['routeplane x2'],
    },
    ({ ours, clocks }) => {
      const left = clocks.at(-1)!.events.filter((e) => e.name === 'portState' && e.from === 'SLAVE');
      assert.deepEqual(left, []);
      assert.ok(ours.truthMaxNs <= 10, JSON.stringify(ours));
    },
  ));
