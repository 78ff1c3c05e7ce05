/** Data fields that belong to the clock: what GET writes and SET reads, IEEE 1588-2008 15.5.3. */
import { type Reader, utf8, type Writer } from '../../wire/index.ts';
import type { Clock } from '../clock.ts';
import type { TimePropertiesDS } from '../datasets.ts';
import { encodePortIdentity } from '../identity.ts';
import { decodeClockQuality, encodeClockQuality } from '../messages/announce.ts';
import { clampScaled, scaledFromNs } from '../timestamp.ts';
import { decodePtpText, encodePtpText } from '../tlv/alternate-time-offset.ts';
import { type ClockField, flag, octet, WrongValueError } from './field.ts';

const LEAP_61 = 1;
const LEAP_59 = 2;
const UTC_VALID = 4;
const PTP_TIMESCALE = 8;
const TIME_TRACEABLE = 16;
const FREQUENCY_TRACEABLE = 32;

function timeFlags(time: TimePropertiesDS): number {
  return (
    (time.leap61 ? LEAP_61 : 0) |
    (time.leap59 ? LEAP_59 : 0) |
    (time.currentUtcOffsetValid ? UTC_VALID : 0) |
    (time.ptpTimescale ? PTP_TIMESCALE : 0) |
    (time.timeTraceable ? TIME_TRACEABLE : 0) |
    (time.frequencyTraceable ? FREQUENCY_TRACEABLE : 0)
  );
}

function fromFlags(flags: number): Omit<TimePropertiesDS, 'currentUtcOffset' | 'timeSource'> {
  return {
    leap61: (flags & LEAP_61) !== 0,
    leap59: (flags & LEAP_59) !== 0,
    currentUtcOffsetValid: (flags & UTC_VALID) !== 0,
    ptpTimescale: (flags & PTP_TIMESCALE) !== 0,
    timeTraceable: (flags & TIME_TRACEABLE) !== 0,
    frequencyTraceable: (flags & FREQUENCY_TRACEABLE) !== 0,
  };
}

function oneOctet(get: (clock: Clock) => number, set?: (clock: Clock, value: number, now: number) => void): ClockField {
  return {
    scope: 'clock',
    get: (w, clock) => {
      w.u8(get(clock));
      w.u8(0);
    },
    ...(set === undefined ? {} : { set: (r: Reader, clock: Clock, now: number) => set(clock, octet(r), now) }),
  };
}

export const CLOCK_FIELDS = {
  USER_DESCRIPTION: {
    scope: 'clock',
    get: (w, clock) => encodePtpText(w, shortText(clock.userDescription, 128)),
    set: (r, clock) => {
      const text = decodePtpText(r);
      if (r.remaining > 1) throw r.error('octets after the text');
      if (utf8(text).length > 128) throw new WrongValueError();
      clock.userDescription = text;
    },
  },
  DEFAULT_DATA_SET: {
    scope: 'clock',
    get: (w, { defaultDS }) => {
      w.u8((defaultDS.twoStepFlag ? 1 : 0) | (defaultDS.slaveOnly ? 2 : 0));
      w.u8(0);
      w.u16(defaultDS.numberPorts);
      w.u8(defaultDS.priority1);
      encodeClockQuality(w, defaultDS.clockQuality);
      w.u8(defaultDS.priority2);
      w.u64(defaultDS.clockIdentity);
      w.u8(defaultDS.domainNumber);
      w.u8(0);
    },
  },
  CURRENT_DATA_SET: {
    scope: 'clock',
    get: (w, { currentDS }) => {
      w.u16(currentDS.stepsRemoved);
      w.i64(scaledFromNs(currentDS.offsetFromMasterNs));
      w.i64(scaledFromNs(currentDS.meanPathDelayNs));
    },
  },
  PARENT_DATA_SET: {
    scope: 'clock',
    get: (w, { parentDS }) => {
      encodePortIdentity(w, parentDS.parentPortIdentity);
      w.u8(parentDS.parentStats ? 1 : 0);
      w.u8(0);
      w.u16(parentDS.observedParentOffsetScaledLogVariance);
      w.i32(parentDS.observedParentClockPhaseChangeRate);
      w.u8(parentDS.grandmasterPriority1);
      encodeClockQuality(w, parentDS.grandmasterClockQuality);
      w.u8(parentDS.grandmasterPriority2);
      w.u64(parentDS.grandmasterIdentity);
    },
  },
  TIME_PROPERTIES_DATA_SET: {
    scope: 'clock',
    get: (w, { timePropertiesDS }) => {
      w.i16(timePropertiesDS.currentUtcOffset);
      w.u8(timeFlags(timePropertiesDS));
      w.u8(timePropertiesDS.timeSource);
    },
  },
  PRIORITY1: oneOctet(
    (clock) => clock.defaultDS.priority1,
    (clock, priority1, now) => clock.update({ priority1 }, now),
  ),
  PRIORITY2: oneOctet(
    (clock) => clock.defaultDS.priority2,
    (clock, priority2, now) => clock.update({ priority2 }, now),
  ),
  DOMAIN: oneOctet(
    (clock) => clock.defaultDS.domainNumber,
    (clock, domainNumber, now) => clock.setDomain(domainNumber, now),
  ),
  SLAVE_ONLY: {
    scope: 'clock',
    get: (w, { defaultDS }) => {
      w.u8(defaultDS.slaveOnly ? 1 : 0);
      w.u8(0);
    },
    set: (r, clock, now) => {
      const slaveOnly = flag(r);
      // 9.2.2.1: a boundary clock is none.
      if (slaveOnly && clock.ports.length > 1) throw new WrongValueError();
      clock.setSlaveOnly(slaveOnly, now);
    },
  },
  CLOCK_ACCURACY: oneOctet(
    (clock) => clock.defaultDS.clockQuality.clockAccuracy,
    (clock, clockAccuracy, now) => clock.setQuality({ ...clock.ownQuality, clockAccuracy }, {}, now),
  ),
  UTC_PROPERTIES: {
    scope: 'clock',
    get: (w, { timePropertiesDS }) => {
      w.i16(timePropertiesDS.currentUtcOffset);
      w.u8(timeFlags(timePropertiesDS) & (LEAP_61 | LEAP_59 | UTC_VALID));
      w.u8(0);
    },
    set: (r, clock, now) => {
      const currentUtcOffset = r.i16();
      const { leap61, leap59, currentUtcOffsetValid } = fromFlags(octet(r));
      clock.updateTimeProperties({ currentUtcOffset, leap61, leap59, currentUtcOffsetValid }, now);
    },
  },
  TRACEABILITY_PROPERTIES: {
    scope: 'clock',
    get: (w, { timePropertiesDS }) => {
      w.u8(timeFlags(timePropertiesDS) & (TIME_TRACEABLE | FREQUENCY_TRACEABLE));
      w.u8(0);
    },
    set: (r, clock, now) => {
      const { timeTraceable, frequencyTraceable } = fromFlags(octet(r));
      clock.updateTimeProperties({ timeTraceable, frequencyTraceable }, now);
    },
  },
  TIMESCALE_PROPERTIES: {
    scope: 'clock',
    get: (w, { timePropertiesDS }) => {
      w.u8(timeFlags(timePropertiesDS) & PTP_TIMESCALE);
      w.u8(timePropertiesDS.timeSource);
    },
    set: (r, clock, now) => {
      const { ptpTimescale } = fromFlags(r.u8());
      clock.updateTimeProperties({ ptpTimescale, timeSource: r.u8() }, now);
    },
  },
  PATH_TRACE_LIST: {
    scope: 'clock',
    get: (w, clock) => {
      for (const identity of clock.pathSequence) w.u64(identity);
    },
  },
  TIME_STATUS_NP: { scope: 'clock', get: timeStatus },
  GRANDMASTER_SETTINGS_NP: {
    scope: 'clock',
    get: (w, clock) => {
      encodeClockQuality(w, clock.defaultDS.clockQuality);
      w.i16(clock.ownTime.currentUtcOffset);
      w.u8(timeFlags(clock.ownTime));
      w.u8(clock.ownTime.timeSource);
    },
    set: (r, clock, now) => {
      const quality = decodeClockQuality(r);
      const currentUtcOffset = r.i16();
      const flags = fromFlags(r.u8());
      clock.setQuality(quality, { ...flags, currentUtcOffset, timeSource: r.u8() }, now);
    },
  },
} as const satisfies Record<string, ClockField>;

/** linuxptp's: what the last Sync told. */
function timeStatus(w: Writer, clock: Clock): void {
  const last = clock.lastMeasurement;
  const info = clock.followUpInformation;
  w.i64(clampScaled(BigInt(Math.round(last?.offsetFromMasterNs ?? 0))));
  w.i64(last?.ingressNs ?? 0n);
  w.i32(info?.cumulativeScaledRateOffset ?? 0);
  w.i32(info?.scaledLastGmFreqChange ?? 0);
  w.u16(info?.gmTimeBaseIndicator ?? 0);
  const change = info?.lastGmPhaseChange ?? 0n;
  w.u32(Number(BigInt.asUintN(32, change >> 64n)));
  w.u64(BigInt.asUintN(64, change));
  w.i32(clock.parentDS.grandmasterIdentity === clock.defaultDS.clockIdentity ? 0 : 1);
  w.u64(clock.parentDS.grandmasterIdentity);
}

/** CLOCK_DESCRIPTION's texts: no longer than their field. */
export function shortText(value: string, octets: number): string {
  let short = value;
  while (utf8(short).length > octets) short = short.slice(0, -1);
  return short;
}
