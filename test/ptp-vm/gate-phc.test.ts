/** `routeplane/phc` against cards that have all of it: vphc10 and vphc11, the last pair. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SystemError, UnsupportedError } from '#lib/errors.js';
import {
  enableHardwareTimestamping,
  HardwareClock,
  maximumVirtualClocks,
  setVirtualClocks,
  timestampingInfo,
  virtualClocks,
} from '#lib/phc/index.js';
import { until } from '../lab/until.ts';
import { setCards } from './wire.ts';

const card = 'vphc10';
const cards = 12;
const second = 1_000_000_000n;

describe('a PTP hardware clock', () => {
  test('of an interface says what it can', () => {
    using clock = HardwareClock.ofInterface(card);
    assert.equal(clock.index, timestampingInfo(card).phcIndex);
    assert.deepEqual(clock.capabilities, {
      maximumAdjustmentPpb: 100_000_000,
      alarms: 0,
      externalTimestamps: 1,
      periodicOutputs: 1,
      pins: 2,
      pps: false,
      crossTimestamping: true,
      adjustPhase: true,
    });
    assert.throws(() => HardwareClock.ofInterface('lo'), UnsupportedError);
    assert.throws(() => new HardwareClock('/dev/null'), SystemError);
  });

  test('is set, stepped, shifted and made faster', async () => {
    using clock = HardwareClock.ofInterface(card);
    clock.setTime(5000n * second);
    assert.ok(clock.time() - 5000n * second < 10n * second);
    const before = clock.compare({ method: 'precise' });
    clock.step(-7n * second);
    clock.adjustPhase(12_345);
    const after = clock.compare({ method: 'precise' });
    const moved = after.clockNs - after.systemNs - (before.clockNs - before.systemNs);
    // The clocks of both lie at most 100 ppm apart.
    const apart = Number(after.systemNs - before.systemNs) * 1e-4 + 1;
    assert.ok(Math.abs(Number(moved) + 7e9 - 12_345) < apart, `${moved} ns`);

    clock.setFrequency(50_000_000);
    assert.ok(Math.abs(clock.frequency() - 50_000_000) < 1);
    const began = clock.compare({ method: 'precise' });
    await sleep(500);
    const ended = clock.compare({ method: 'precise' });
    clock.setFrequency(0);
    const rate = Number(ended.clockNs - began.clockNs) / Number(ended.systemNs - began.systemNs);
    assert.ok(Math.abs(rate - 1.05) < 2e-4, `${rate}`);
    assert.throws(() => clock.setFrequency(200_000_000), SystemError);
  });

  test('is compared with the system clock by each of the three ways, which agree', () => {
    using clock = HardwareClock.ofInterface(card);
    clock.setFrequency(0);
    const differences = (['precise', 'extended', 'basic', 'best'] as const).map((method) => {
      const { clockNs, systemNs, windowNs } = clock.compare({ method, samples: 25 });
      assert.equal(windowNs === 0n, method === 'precise' || method === 'best', method);
      return { method, difference: clockNs - systemNs, windowNs };
    });
    const [precise] = differences;
    for (const { method, difference, windowNs } of differences) {
      const away = Math.abs(Number(difference - precise!.difference));
      assert.ok(away <= Number(windowNs) / 2 + 100_000, `${method}: ${away} ns within ${windowNs} ns`);
    }
    assert.throws(() => clock.compare({ samples: 26 }), /samples/);
  });

  test('its pins: what the periodic output does, the external timestamps see, to the nanosecond', async () => {
    using clock = HardwareClock.ofInterface(card);
    clock.setPin(0, 'external-timestamp', 0);
    clock.setPin(1, 'periodic-output', 0);
    assert.deepEqual(clock.pins(), [
      { index: 0, name: 'in', function: 'external-timestamp', channel: 0 },
      { index: 1, name: 'out', function: 'periodic-output', channel: 0 },
    ]);
    const edges: bigint[] = [];
    const stop = clock.onExternalTimestamp(0, 'rising', ({ timeNs }) => edges.push(timeNs));
    const periodNs = 50_000_000n;
    const startNs = (clock.time() / second + 1n) * second + 123n;
    clock.setPeriodicOutput({ channel: 0, periodNs, startNs });
    await until(() => edges.length >= 10, 20_000, 'ten edges');
    for (const [i, edge] of edges.entries()) {
      assert.equal((edge - startNs) % periodNs, 0n, `${edge}`);
      assert.ok(i === 0 || edge > edges[i - 1]!);
    }
    // The output goes on, and nobody hears it.
    stop();
    await sleep(200);
    const seen = edges.length;
    await sleep(200);
    clock.setPeriodicOutput({ channel: 0, periodNs: 0n });
    assert.equal(edges.length, seen);
  });

  test('names what the hardware does not do', () => {
    using clock = HardwareClock.ofInterface(card);
    const code = (body: () => void): string => {
      try {
        body();
      } catch (error) {
        assert.ok(error instanceof SystemError, String(error));
        return `${error.syscall} ${error.code}`;
      }
      return 'nothing';
    };
    assert.match(
      code(() => clock.enablePps(true)),
      /^PTP_ENABLE_PPS (EOPNOTSUPP|ENOTSUP)$/,
    );
    assert.match(
      code(() => clock.setPin(0, 'physical-sync')),
      /^PTP_PIN_SETFUNC (EOPNOTSUPP|ENOTSUP)$/,
    );
    assert.equal(
      code(() => clock.setPin(7, 'none')),
      'PTP_PIN_SETFUNC EINVAL',
    );
    const duty = { channel: 0, periodNs: second, phaseNs: 0n, onNs: second / 4n };
    assert.match(
      code(() => clock.setPeriodicOutput(duty)),
      /^PTP_PEROUT_REQUEST2 (EOPNOTSUPP|ENOTSUP)$/,
    );
    assert.equal(
      code(() => void clock.onExternalTimestamp(3, 'both', () => {})),
      'PTP_EXTTS_REQUEST EINVAL',
    );
  });

  test('has virtual clocks on it, each with a time of its own, and runs free meanwhile', () => {
    using clock = HardwareClock.ofInterface(card);
    assert.ok(maximumVirtualClocks(clock.index) >= 2);
    assert.deepEqual(virtualClocks(clock.index), []);
    const made = setVirtualClocks(clock.index, 2);
    try {
      assert.equal(made.length, 2);
      const [first, other] = made.map((index) => new HardwareClock(`/dev/ptp${index}`));
      using one = first!;
      using two = other!;
      one.setTime(1_000n * second);
      two.setTime(2_000n * second);
      two.setFrequency(1000);
      assert.ok(one.time() < 1_100n * second && two.time() >= 2_000n * second && two.time() < 2_100n * second);
      assert.throws(() => clock.setTime(0n), SystemError);
    } finally {
      assert.deepEqual(setVirtualClocks(clock.index, 0), []);
    }
    clock.setFrequency(0);
    assert.throws(() => setVirtualClocks(9999, 1), UnsupportedError);
  });
});

describe('SIOCSHWTSTAMP', () => {
  // linux/net_tstamp.h
  const NONE = 0;
  const ALL = 1;
  const L4_EVENT = 6;
  const L2_EVENT = 9;
  const V2_EVENT = 12;
  const of = (filter: number) =>
    Number(
      /^\s*Receive filter: (\d+)|rx_filter (\d+)/m.exec(
        execFileSync('hwstamp_ctl', ['-i', card], { encoding: 'utf8' }),
      )?.[2],
    ) === filter;

  function chosen(transport: 'ethernet' | 'ipv4', taken: readonly number[]): number | string {
    const mask = taken.reduce((bits, filter) => bits | (1 << filter), 0);
    setCards('rx_filters', [...new Array<number>(cards - 2).fill(0), mask, 0]);
    try {
      const enabled = enableHardwareTimestamping(card, transport);
      assert.ok(of(enabled.rxFilter));
      enabled.restore();
      assert.ok(of(NONE));
      return enabled.rxFilter;
    } catch (error) {
      assert.ok(error instanceof UnsupportedError, String(error));
      return 'none';
    } finally {
      setCards('rx_filters', new Array<number>(cards).fill(0));
    }
  }

  test('takes the narrowest filter that works, and puts back what was', () => {
    const all = [L4_EVENT, L2_EVENT, V2_EVENT, ALL];
    assert.equal(chosen('ethernet', all), L2_EVENT);
    assert.equal(chosen('ipv4', all), L4_EVENT);
    assert.equal(chosen('ethernet', [L4_EVENT, V2_EVENT, ALL]), V2_EVENT);
    assert.equal(chosen('ipv4', [L2_EVENT, ALL]), ALL);
    assert.equal(chosen('ipv4', [L2_EVENT]), 'none');
  });
});
