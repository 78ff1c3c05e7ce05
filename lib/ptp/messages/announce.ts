import type { Reader, Writer } from '../../wire/index.ts';
import type { ClockIdentity } from '../identity.ts';
import { decodeTimestamp, encodeTimestamp, type Timestamp } from '../timestamp.ts';

/** IEEE 1588-2008 5.3.7. */
export interface ClockQuality {
  /** Table 5: lower is better. */
  readonly clockClass: number;
  /** Table 6: 0x20 is 25 ns, 0xfe unknown. */
  readonly clockAccuracy: number;
  /** 7.6.3.3. */
  readonly offsetScaledLogVariance: number;
}

/** IEEE 1588-2008 table 25. */
export interface AnnounceBody {
  readonly originTimestamp: Timestamp;
  /** Seconds from UTC to TAI, signed. */
  readonly currentUtcOffset: number;
  readonly grandmasterPriority1: number;
  readonly grandmasterClockQuality: ClockQuality;
  readonly grandmasterPriority2: number;
  readonly grandmasterIdentity: ClockIdentity;
  readonly stepsRemoved: number;
  /** Table 7. */
  readonly timeSource: number;
}

export function decodeClockQuality(r: Reader): ClockQuality {
  const clockClass = r.u8('clockClass');
  const clockAccuracy = r.u8('clockAccuracy');
  return { clockClass, clockAccuracy, offsetScaledLogVariance: r.u16('offsetScaledLogVariance') };
}

export function encodeClockQuality(w: Writer, quality: ClockQuality): void {
  w.u8(quality.clockClass);
  w.u8(quality.clockAccuracy);
  w.u16(quality.offsetScaledLogVariance);
}

export function decodeAnnounceBody(r: Reader): AnnounceBody {
  const originTimestamp = decodeTimestamp(r);
  const currentUtcOffset = r.i16('currentUtcOffset');
  r.skip(1, 'reserved');
  const grandmasterPriority1 = r.u8('grandmasterPriority1');
  const grandmasterClockQuality = decodeClockQuality(r);
  const grandmasterPriority2 = r.u8('grandmasterPriority2');
  const grandmasterIdentity = r.u64('grandmasterIdentity');
  const stepsRemoved = r.u16('stepsRemoved');
  const timeSource = r.u8('timeSource');
  return {
    originTimestamp,
    currentUtcOffset,
    grandmasterPriority1,
    grandmasterClockQuality,
    grandmasterPriority2,
    grandmasterIdentity,
    stepsRemoved,
    timeSource,
  };
}

export function encodeAnnounceBody(w: Writer, body: AnnounceBody): void {
  encodeTimestamp(w, body.originTimestamp);
  w.i16(body.currentUtcOffset);
  w.u8(0);
  w.u8(body.grandmasterPriority1);
  encodeClockQuality(w, body.grandmasterClockQuality);
  w.u8(body.grandmasterPriority2);
  w.u64(body.grandmasterIdentity);
  w.u16(body.stepsRemoved);
  w.u8(body.timeSource);
}
