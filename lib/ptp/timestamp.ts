import type { Reader, Writer } from '../wire/index.ts';

/** A time since the epoch as on the wire (IEEE 1588-2008 5.3.3): 48 bits of seconds, and nanoseconds under 10^9. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanoseconds: number;
}

export const ZERO_TIMESTAMP: Timestamp = { seconds: 0, nanoseconds: 0 };

const NS_PER_SECOND = 1_000_000_000n;

export function decodeTimestamp(r: Reader): Timestamp {
  const seconds = r.u48('secondsField');
  const nanoseconds = r.u32('nanosecondsField');
  if (nanoseconds >= 1e9) throw r.error(`nanosecondsField is ${nanoseconds}`, r.offset - 4);
  return { seconds, nanoseconds };
}

export function encodeTimestamp(w: Writer, value: Timestamp): void {
  w.u48(value.seconds);
  w.u32(value.nanoseconds);
}

export function timestampToNs(value: Timestamp): bigint {
  return BigInt(value.seconds) * NS_PER_SECOND + BigInt(value.nanoseconds);
}

/** Throws `RangeError` for a time before the epoch, which the wire cannot carry. */
export function timestampFromNs(ns: bigint): Timestamp {
  if (ns < 0n) throw new RangeError(`${ns} ns is before the epoch`);
  const seconds = ns / NS_PER_SECOND;
  return { seconds: Number(seconds), nanoseconds: Number(ns - seconds * NS_PER_SECOND) };
}

/** correctionField and TimeInterval: units of 2^-16 ns (IEEE 1588-2008 5.3.2). */
export function scaledToNs(scaled: bigint): number {
  return Number(scaled) / 65536;
}

export function scaledFromNs(ns: number): bigint {
  return clampScaled(BigInt(Math.round(ns * 65536)));
}

const MAX_SCALED = 0x7fff_ffff_ffff_ffffn;

/** 13.3.2.7: a correction too big for its field is the biggest that fits. A neighbour can make any sum that big. */
export function clampScaled(scaled: bigint): bigint {
  if (scaled > MAX_SCALED) return MAX_SCALED;
  return scaled < -MAX_SCALED ? -MAX_SCALED : scaled;
}
