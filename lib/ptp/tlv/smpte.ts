import { Reader, Writer } from '../../wire/index.ts';
import type { OrganizationExtension } from './organization-extension.ts';
import type { Tlv } from './tlv.ts';

const SMPTE = 0x6897e8;

/** The synchronization metadata TLV, SMPTE ST 2059-2 table 3: it travels in a Management message with COMMAND. */
export interface SynchronizationMetadata {
  readonly defaultSystemFrameRate: { readonly numerator: number; readonly denominator: number };
  /** 0 not in use, 1 free run, 2 cold locking, 3 warm locking, 4 locked. */
  readonly masterLockingStatus: number;
  /** Bit 0 drop frame, bit 1 colour frame identification. */
  readonly timeAddressFlags: number;
  /** Seconds of local time minus PTP time. */
  readonly currentLocalOffset: number;
  readonly jumpSeconds: number;
  /** PTP seconds, as the two after it. */
  readonly timeOfNextJump: number;
  readonly timeOfNextJam: number;
  readonly timeOfPreviousJam: number;
  readonly previousJamLocalOffset: number;
  /** Bit 0 now, bit 1 after the next jump, bit 2 before the previous one. */
  readonly daylightSaving: number;
  readonly leapSecondJump: number;
}

/** Undefined where there is none; throws `WireError` for one of another length. */
export function synchronizationMetadata(tlvs: readonly Tlv[]): SynchronizationMetadata | undefined {
  const tlv = tlvs.find(
    (each) => each.type === 'ORGANIZATION_EXTENSION' && each.organizationId === SMPTE && each.organizationSubType === 1,
  ) as OrganizationExtension | undefined;
  if (tlv === undefined) return undefined;
  const r = new Reader(tlv.data);
  const numerator = r.u32('defaultSystemFrameRate');
  const denominator = r.u32('defaultSystemFrameRate');
  const metadata = {
    defaultSystemFrameRate: { numerator, denominator },
    masterLockingStatus: r.u8('masterLockingStatus'),
    timeAddressFlags: r.u8('timeAddressFlags'),
    currentLocalOffset: r.i32('currentLocalOffset'),
    jumpSeconds: r.i32('jumpSeconds'),
    timeOfNextJump: r.u48('timeOfNextJump'),
    timeOfNextJam: r.u48('timeOfNextJam'),
    timeOfPreviousJam: r.u48('timeOfPreviousJam'),
    previousJamLocalOffset: r.i32('previousJamLocalOffset'),
    daylightSaving: r.u8('daylightSaving'),
    leapSecondJump: r.u8('leapSecondJump'),
  };
  r.done('synchronization metadata TLV');
  return metadata;
}

export function synchronizationMetadataTlv(metadata: SynchronizationMetadata): OrganizationExtension {
  const w = new Writer(42, 42);
  w.u32(metadata.defaultSystemFrameRate.numerator);
  w.u32(metadata.defaultSystemFrameRate.denominator);
  w.u8(metadata.masterLockingStatus);
  w.u8(metadata.timeAddressFlags);
  w.i32(metadata.currentLocalOffset);
  w.i32(metadata.jumpSeconds);
  w.u48(metadata.timeOfNextJump);
  w.u48(metadata.timeOfNextJam);
  w.u48(metadata.timeOfPreviousJam);
  w.i32(metadata.previousJamLocalOffset);
  w.u8(metadata.daylightSaving);
  w.u8(metadata.leapSecondJump);
  return { type: 'ORGANIZATION_EXTENSION', organizationId: SMPTE, organizationSubType: 1, data: w.finish() };
}
