import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

test('each card has a PTP hardware clock and stamps in hardware, and the error of its clock is known', () => {
  for (const [card, clock] of [
    ['vphc0', 0],
    ['vphc1', 1],
  ] as const) {
    const info = execFileSync('ethtool', ['-T', card], { encoding: 'utf8' });
    assert.match(info, /hardware-transmit/);
    assert.match(info, new RegExp(`PTP Hardware Clock: ${clock}`));
    assert.ok(existsSync(`/dev/ptp${clock}`));
  }
  // The module's second clock starts 2 ms ahead and gains 12 ppm.
  const [error] = readFileSync('/sys/class/net/vphc1/truth_ns', 'utf8').split(/\s+/).map(Number);
  assert.ok(error! >= 2_000_000, `the clock of vphc1 is ${error} ns ahead`);
});
