import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TestClock } from '../interop/ptp/clock.ts';
import { Ptp4l } from '../interop/ptp/linuxptp.ts';
import { standardDeviation, Wire } from './wire.ts';

/** Pairs 3 and 4 of the cards: the clock of vphc7 is that of vphc8 too. */
const hop = 3;
const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: -1 };
const theirs = {
  time_stamping: 'hardware',
  clock_servo: 'pi',
  network_transport: 'L2',
  tx_timestamp_timeout: 100,
  ...fast,
};

const tenth = (n: number) => Math.round(n * 10) / 10;

test('a boundary clock of ours between two of ptp4l, and another grandmaster', async () => {
  const up = new Wire(hop);
  // One box: its second port is in the namespace of its first.
  const down = new Wire(hop + 1, up.far);
  const grandmaster = new Ptp4l(up.near, [up.nearCard], { ...theirs, priority1: 100 });
  const clock = new TestClock(up.far, {
    clock: 'hardware',
    transport: 'l2-forwardable',
    ports: [
      { interface: up.farCard, ...fast },
      { interface: down.nearCard, ...fast },
    ],
  });
  const slave = new Ptp4l(down.far, [down.farCard], { ...theirs, priority1: 200 });
  try {
    await clock.waitState('SLAVE', 90_000, 1);
    await clock.waitState('MASTER', 30_000, 2);
    await slave.waitState('SLAVE', 60_000);
    const settling = await Promise.all([up.sample(20), down.sample(20)]);
    const skipped = [clock.measurements.length, slave.offsets.length];
    const judged = await Promise.all([up.sample(20), down.sample(20)]);
    const offsets = [clock.measurements.map((m) => m.offsetFromMasterNs), slave.offsets];
    const rows = ['boundary clock', 'behind the boundary clock'].map((name, i) => {
      const values = judged[i]!.map((s) => s.errorNs);
      const off = [...settling[i]!, ...judged[i]!].findLast((s) => Math.abs(s.errorNs) > 30)?.at;
      return {
        run: name,
        implementation: i === 0 ? 'routeplane' : 'ptp4l',
        offsetSdNs: tenth(standardDeviation(offsets[i]!.slice(skipped[i]))),
        truthSdNs: tenth(standardDeviation(values)),
        truthMaxNs: Math.max(...values.map(Math.abs)),
        // From when the slave behind it was one.
        lockSeconds: off === undefined ? 0 : tenth(off - settling[i]![0]!.at),
      };
    });
    for (const row of rows) process.stdout.write(`${JSON.stringify(row)}\n`);
    assert.ok(rows[0]!.truthMaxNs <= 10, JSON.stringify(rows));
    const snapshot = await clock.snapshot();
    assert.equal(snapshot.clockType, 'boundary');
    assert.equal(snapshot.currentDS.stepsRemoved, 1);

    // The grandmaster goes: ours takes its place for the slave behind it, and gives it up again.
    await grandmaster.stop();
    await clock.waitState('MASTER', 60_000, 1);
    const second = new Ptp4l(up.near, [up.nearCard], { ...theirs, priority1: 90 });
    try {
      await clock.waitState('SLAVE', 60_000, 1);
    } finally {
      await second.stop();
    }
  } catch (error) {
    (error as Error).message += `\n${clock.process.output.slice(-1500)}\n${slave.process.output.slice(-1500)}`;
    throw error;
  } finally {
    await clock.process.stop('SIGTERM', 5000);
    await Promise.all([grandmaster.stop(), slave.stop()]);
    await down.close();
    await up.close();
  }
});
