import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ClosedError,
  HardwareClock,
  OverlayClock,
  SimulatedClock,
  StampedSocket,
  SystemClock,
  SystemError,
  timestampingInfo,
  UnsupportedError,
  virtualClocks,
} from '#lib/phc/index.js';

const second = 1_000_000_000n;

test('a simulated clock drifts, is adjusted and loses nothing to many adjustments', () => {
  let now = 0n;
  const clock = new SimulatedClock({ now: () => now, driftPpb: 12_000, offsetNs: 2_000_000n });
  now = 10n * second;
  assert.equal(clock.time(), now + 2_000_000n + 120_000n);
  clock.setFrequency(-12_000);
  now = 20n * second;
  assert.equal(clock.time(), now + 2_120_000n);
  clock.step(-2_120_000n);
  assert.equal(clock.time(), now);
  clock.driftPpb = 12_000.5;
  for (let i = 0; i < 1000; i++) {
    now += second / 1000n;
    clock.setFrequency(clock.frequency());
  }
  assert.ok(Math.abs(Number(clock.time() - now) - 0.5) < 1.5, `${clock.time() - now}`);
  clock.setTime(5n);
  assert.equal(clock.time(), 5n);
});

test('an overlay clock is read by others through its file and has one writer', () => {
  const directory = mkdtempSync(join(tmpdir(), 'rp-overlay-'));
  try {
    const path = join(directory, 'clock');
    using clock = new OverlayClock({ path });
    using reader = new OverlayClock({ path, access: 'read' });
    clock.step(-3n * second);
    assert.equal(reader.fromStamp(1_000n * second), 997n * second);
    assert.equal(reader.toReal(997n * second), 1_000n * second);
    clock.setFrequency(1234.5);
    assert.ok(Math.abs(reader.frequency() - 1234.5) < 0.01);
    assert.throws(
      () => new OverlayClock({ path }),
      (e) => e instanceof SystemError && e.code === 'EBUSY',
    );
    assert.throws(
      () => reader.step(1n),
      (e) => e instanceof SystemError && e.code === 'EACCES',
    );
    const other = join(directory, 'other');
    writeFileSync(other, 'something else');
    assert.throws(() => new OverlayClock({ path: other, access: 'read' }), /not an overlay clock/);
    clock.close();
    assert.throws(() => clock.time(), ClosedError);
    using again = new OverlayClock({ path });
    assert.ok(Math.abs(again.frequency() - 1234.5) < 0.01, 'the next writer goes on where it was');
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('what is not there is said by name', () => {
  assert.throws(
    () => new HardwareClock('/dev/null'),
    (e) => e instanceof SystemError && e.syscall === 'PTP_CLOCK_GETCAPS',
  );
  assert.throws(
    () => new HardwareClock('/dev/ptp-none'),
    (e) => e instanceof SystemError && e.code === 'ENOENT',
  );
  assert.throws(() => HardwareClock.ofInterface('lo'), UnsupportedError);
  assert.throws(() => virtualClocks(4711), UnsupportedError);
  assert.throws(
    () => timestampingInfo('no-such-device'),
    (e) => e instanceof SystemError && e.code === 'ENODEV',
  );
  const lo = timestampingInfo('lo');
  assert.deepEqual([lo.hardware, lo.phcIndex, lo.oneStepSync], [false, -1, false]);
  const events = { message() {}, transmitted() {}, lost() {}, failed() {} };
  const spec = { interface: 'no-such-device', transport: 'ethernet', stamping: 'software', groups: [] } as const;
  assert.throws(
    () => new StampedSocket(spec, events),
    (e) => e instanceof SystemError && e.code === 'ENODEV',
  );
});

test('the system clock is read without any right', () => {
  using clock = new SystemClock();
  assert.ok(Math.abs(Number(clock.time() / 1_000_000n) - Date.now()) < 60_000);
  const status = clock.status();
  assert.equal(typeof status.synchronized, 'boolean');
  assert.ok(status.maximumErrorNs >= 0n);
});
