import {
  type Clock,
  HardwareClock,
  OverlayClock,
  type OverlayClockOptions,
  SystemClock,
  type TimestampingInfo,
  timestampingInfo,
} from '../../phc/index.ts';

/**
 * Which clock is kept, and what stamps.
 * - `hardware`: the PTP hardware clock of the interfaces, all of one
 * - `overlay`: an offset and rate over CLOCK_REALTIME in user space, with the kernel's stamps
 * - `system`: CLOCK_REALTIME itself, with the kernel's stamps
 * - `auto`: `hardware` where every interface has it and it is one clock, else `overlay`
 */
export type LocalClockKind = 'auto' | 'hardware' | 'overlay' | 'system';

export interface LocalClock {
  readonly clock: Clock;
  readonly stamping: 'hardware' | 'software';
  /** What the stamps count. */
  readonly timescale: 'tai' | 'utc';
  /** Why there is no hardware clock, where one was wanted or hoped for. */
  readonly fallback: string | undefined;
}

/** Why these interfaces have no PTP hardware clock in common; undefined if they have. */
function withoutHardware(interfaces: readonly string[], infos: readonly TimestampingInfo[]): string | undefined {
  const lacking = interfaces.filter((_, i) => !infos[i]!.hardware);
  if (lacking.length > 0) {
    return `${lacking.join(', ')} ${lacking.length > 1 ? 'have' : 'has'} no hardware timestamping: software timestamps are used`;
  }
  if (new Set(infos.map((info) => info.phcIndex)).size > 1) {
    return `${interfaces.join(', ')} have different hardware clocks: software timestamps are used`;
  }
  return undefined;
}

/**
 * @throws UnsupportedError, SystemError: what was asked for by name is not there
 */
export function openLocalClock(
  kind: LocalClockKind,
  interfaces: readonly string[],
  overlay: OverlayClockOptions,
): LocalClock {
  if (kind === 'system')
    return { clock: new SystemClock(), stamping: 'software', timescale: 'utc', fallback: undefined };
  const infos = kind === 'overlay' ? [] : interfaces.map((name) => timestampingInfo(name));
  const fallback = kind === 'overlay' ? undefined : withoutHardware(interfaces, infos);
  if (kind === 'overlay' || (kind === 'auto' && fallback !== undefined))
    return { clock: new OverlayClock(overlay), stamping: 'software', timescale: 'utc', fallback };
  if (fallback !== undefined) throw new Error(fallback);
  const clock = new HardwareClock(`/dev/ptp${infos[0]!.phcIndex}`);
  return { clock, stamping: 'hardware', timescale: 'tai', fallback: undefined };
}
