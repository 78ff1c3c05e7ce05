import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './run.ts';
import { setCards } from './wire.ts';

test('clean wire: within 10 ns of the truth', async () => {
  const { ours } = await run({
    name: 'clean, l2, e2e',
    ours: { transport: 'l2-forwardable' },
    theirs: { network_transport: 'L2' },
  });
  assert.ok(ours.truthMaxNs <= 10, JSON.stringify(ours));
  assert.notEqual(ours.lockSeconds, -1);
});

test('jitter of +-50 ns: the truth stays well within it', async () => {
  // How small its deviation is run-jitter.test.ts judges: a busy machine loses Syncs, and with them what they say.
  const { ours, rows } = await run({
    name: 'jitter, l2, e2e',
    ours: { transport: 'l2-forwardable' },
    theirs: { network_transport: 'L2' },
    servo: 'linreg',
    jitterNs: 50,
    lockNs: 100,
  });
  assert.notEqual(ours.lockSeconds, -1, JSON.stringify(rows));
  assert.ok(ours.truthMaxNs <= 50, JSON.stringify(rows));
});

test('every 60th transmit stamp lost: the slave stays SLAVE', async () => {
  // ptp4l as master goes FAULTY for 16 s each time; judged is ours behind ours.
  const { ours, clocks } = await run({
    name: 'lost stamps, l2, e2e',
    ours: { transport: 'l2-forwardable' },
    disturb: () => setCards('drop_txts', 60),
    restore: () => setCards('drop_txts', 0),
    settleSeconds: 15,
    slaves: ['routeplane x2'],
  });
  const left = clocks.at(-1)!.events.filter((e) => e.name === 'portState' && e.from === 'SLAVE');
  assert.deepEqual(left, []);
  assert.ok(ours.truthMaxNs <= 10, JSON.stringify(ours));
});
