/** The link between CLOCK_REALTIME and a PTP hardware clock. It is the VM's clock that is set here. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import { UnsupportedError } from '#lib/errors.js';
import { HardwareClock, SystemClock } from '#lib/phc/index.js';
import { clockKeepers, SystemClockLink, type SystemClockLinkOptions } from '#lib/runtime/ptp/index.js';
import { LabProcess } from '../lab/lab-process.ts';
import { until } from '../lab/until.ts';

const card = 'vphc10';
const second = 1_000_000_000n;
const utcOffset = 37;

/** CLOCK_REALTIME minus the hardware clock, both as UTC. */
function differenceNs(clock: HardwareClock): number {
  const { clockNs, systemNs } = clock.compare({ method: 'precise' });
  return Number(systemNs - (clockNs - BigInt(utcOffset) * second));
}

describe('the system clock', () => {
  before(() => {
    // This sets the clock of its machine: it has to be the VM's.
    assert.match(readFileSync('/proc/modules', 'utf8'), /^vphc /m);
  });

  let began: { readonly realNs: bigint; readonly at: number };
  before(() => {
    using system = new SystemClock();
    began = { realNs: system.time(), at: performance.now() };
  });
  after(() => {
    using system = new SystemClock();
    system.setFrequency(0);
    system.setTime(began.realNs + BigInt(Math.round((performance.now() - began.at) * 1e6)));
  });

  async function locked(clock: HardwareClock, options: Partial<SystemClockLinkOptions>, boundNs: number) {
    const errors: Error[] = [];
    let rounds = 0;
    using _ = new SystemClockLink({
      clock,
      direction: 'to-system',
      utcOffset: () => utcOffset,
      intervalMs: 100,
      onOffset: () => rounds++,
      onFailed: (error) => errors.push(error),
      ...options,
    });
    let close = 0;
    // Ten times in a row.
    await until(
      () => {
        assert.deepEqual(errors, []);
        close = Math.abs(differenceNs(clock)) < boundNs ? close + 1 : 0;
        return close >= 10;
      },
      60_000,
      () => `${differenceNs(clock)} ns after ${rounds} rounds`,
    );
  }

  test('follows a hardware clock that is 3 s ahead', async () => {
    using clock = HardwareClock.ofInterface(card);
    using system = new SystemClock();
    clock.setFrequency(0);
    clock.setTime(system.time() + BigInt(utcOffset + 3) * second);
    assert.ok(differenceNs(clock) < -2.9e9);
    await locked(clock, { direction: 'to-system' }, 20_000);
  });

  test('repeats a leap second when it is over', async () => {
    using clock = HardwareClock.ofInterface(card);
    using system = new SystemClock();
    clock.setFrequency(0);
    clock.setTime(system.time() + BigInt(utcOffset) * second);
    let taiOffset = utcOffset;
    const offsets: number[] = [];
    using _ = new SystemClockLink({
      clock,
      direction: 'to-system',
      utcOffset: () => taiOffset,
      intervalMs: 100,
      onOffset: (offsetNs) => offsets.push(offsetNs),
    });
    await until(() => offsets.length >= 5, 20_000, 'five rounds');
    taiOffset = utcOffset + 1;
    await until(
      () => Math.abs(differenceNs(clock) + 1e9) < 1e6,
      20_000,
      () => `${differenceNs(clock)} ns`,
    );
    const seen = offsets.length;
    await until(() => offsets.length >= seen + 5, 20_000, 'five more');
    // Nothing that a servo would have to take away, before and after.
    assert.ok(Math.max(...offsets.map(Math.abs)) < 1e8, `${offsets} ns`);
    assert.ok(Math.abs(differenceNs(clock) + 1e9) < 1e6, `${differenceNs(clock)} ns`);
  });

  test('is followed by a hardware clock that is 5 s behind and runs 12 ppm off', async () => {
    using clock = HardwareClock.ofInterface(card);
    using system = new SystemClock();
    clock.setTime(system.time() + BigInt(utcOffset - 5) * second);
    clock.setFrequency(12_000);
    await locked(clock, { direction: 'from-system' }, 20_000);
  });

  test('is left alone while nobody knows TAI - UTC, or what is to be followed is not ready', async () => {
    using clock = HardwareClock.ofInterface(card);
    using system = new SystemClock();
    clock.setTime(system.time() + BigInt(utcOffset + 50) * second);
    let asked = 0;
    const count = <T>(answer: T): T => {
      asked++;
      return answer;
    };
    for (const options of [{ utcOffset: () => count(undefined) }, { ready: () => count(false) }]) {
      using _ = new SystemClockLink({
        clock,
        direction: 'to-system',
        utcOffset: () => utcOffset,
        intervalMs: 20,
        ...options,
      });
      asked = 0;
      await until(() => asked >= 10, 20_000, 'ten rounds');
      assert.ok(differenceNs(clock) < -49e9);
    }
  });

  test('has one keeper: where another program is, or the kernel says so, the link refuses', async () => {
    using clock = HardwareClock.ofInterface(card);
    const link = (more: Partial<SystemClockLinkOptions> = {}) =>
      new SystemClockLink({ clock, direction: 'to-system', utcOffset: () => utcOffset, ...more });
    assert.deepEqual(clockKeepers(), []);
    const other = new LabProcess('bash', ['-c', 'printf chronyd > /proc/$$/comm; read -r -t 60 < <(sleep 60)']);
    try {
      await until(() => clockKeepers().length > 0, 10_000, 'another keeper');
      assert.throws(
        () => link(),
        (error) => error instanceof UnsupportedError && /chronyd \(process \d+\)/.test(error.message),
      );
      // The other way round it takes nothing from anybody, and who insists may.
      link({ direction: 'from-system', ready: () => false }).close();
      link({ force: true, ready: () => false }).close();
    } finally {
      await other.stop('SIGKILL');
    }
    using system = new SystemClock();
    system.mark({ leap: 0, taiOffset: utcOffset, maximumErrorNs: 1000 });
    assert.equal(system.status().synchronized, true);
    assert.equal(system.status().taiOffset, utcOffset);
    assert.throws(() => link(), /the kernel says that something does/);
  });
});
