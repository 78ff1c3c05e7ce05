import { readdirSync, readFileSync } from 'node:fs';
import { UnsupportedError } from '../../errors.ts';
import type { SystemClock } from '../../phc/index.ts';

/** Programs that keep CLOCK_REALTIME, as the kernel names processes (at most 15 octets). */
const keepers = new Set([
  'chronyd',
  'ntpd',
  'ntpd-rs',
  'ntp-daemon',
  'openntpd',
  'phc2sys',
  'ptpd',
  'sfptpd',
  'systemd-timesyn',
  'timemaster',
  'ts2phc',
]);

/** Programs of this machine that keep the system clock, with their process ids. */
export function clockKeepers(proc = '/proc'): readonly { readonly name: string; readonly pid: number }[] {
  return readdirSync(proc)
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((entry) => {
      try {
        const name = readFileSync(`${proc}/${entry}/comm`, 'utf8').trim();
        return keepers.has(name) ? [{ name, pid: Number(entry) }] : [];
      } catch {
        return []; // It ended meanwhile.
      }
    });
}

/** @throws UnsupportedError: somebody else keeps the system clock, by the processes or by the kernel's word for it */
export function requireNoClockKeeper(clock: Pick<SystemClock, 'status'>, proc?: string): void {
  const [found] = clockKeepers(proc);
  const why = found
    ? `${found.name} (process ${found.pid}) does`
    : clock.status().synchronized
      ? 'the kernel says that something does'
      : undefined;
  if (why)
    throw new UnsupportedError(
      'the link to the system clock',
      '',
      `this would not be the only one to keep CLOCK_REALTIME: ${why}`,
    );
}
