import { Reader, Writer } from '../../wire/index.ts';
import type { OrganizationExtension } from './organization-extension.ts';
import type { Tlv } from './tlv.ts';

/** IEEE 802.1's OUI. */
export const IEEE_802_1 = 0x0080c2;

/** The Follow_Up information TLV, IEEE 802.1AS-2020 11.4.4.3. */
export interface FollowUpInformation {
  /** (grandmaster's rate / this clock's - 1) * 2^41, signed 32 bits. */
  readonly cumulativeScaledRateOffset: number;
  readonly gmTimeBaseIndicator: number;
  /** ScaledNs of 96 bits: units of 2^-16 ns. */
  readonly lastGmPhaseChange: bigint;
  readonly scaledLastGmFreqChange: number;
}

/** Of a grandmaster whose time never jumped. */
export const NO_GM_CHANGE: FollowUpInformation = {
  cumulativeScaledRateOffset: 0,
  gmTimeBaseIndicator: 0,
  lastGmPhaseChange: 0n,
  scaledLastGmFreqChange: 0,
};

/** The message interval request TLV, IEEE 802.1AS-2020 10.6.4.3. -128 stops, 126 resets, 127 leaves as it is. */
export interface MessageIntervalRequest {
  readonly linkDelayInterval: number;
  readonly timeSyncInterval: number;
  readonly announceInterval: number;
  readonly flags: number;
}

/** Undefined where there is none; throws `WireError` for one of another length. */
export function followUpInformation(tlvs: readonly Tlv[]): FollowUpInformation | undefined {
  const r = find(tlvs, 1);
  if (r === undefined) return undefined;
  const cumulativeScaledRateOffset = r.i32('cumulativeScaledRateOffset');
  const gmTimeBaseIndicator = r.u16('gmTimeBaseIndicator');
  const high = r.i32('lastGmPhaseChange');
  const lastGmPhaseChange = (BigInt(high) << 64n) | r.u64('lastGmPhaseChange');
  const scaledLastGmFreqChange = r.i32('scaledLastGmFreqChange');
  r.done('Follow_Up information TLV');
  return { cumulativeScaledRateOffset, gmTimeBaseIndicator, lastGmPhaseChange, scaledLastGmFreqChange };
}

export function followUpInformationTlv(info: FollowUpInformation): OrganizationExtension {
  const w = new Writer(22, 22);
  w.i32(info.cumulativeScaledRateOffset);
  w.u16(info.gmTimeBaseIndicator);
  w.i32(Number(info.lastGmPhaseChange >> 64n));
  w.u64(BigInt.asUintN(64, info.lastGmPhaseChange));
  w.i32(info.scaledLastGmFreqChange);
  return { type: 'ORGANIZATION_EXTENSION', organizationId: IEEE_802_1, organizationSubType: 1, data: w.finish() };
}

export function messageIntervalRequest(tlvs: readonly Tlv[]): MessageIntervalRequest | undefined {
  const r = find(tlvs, 2);
  if (r === undefined) return undefined;
  const linkDelayInterval = r.i8('linkDelayInterval');
  const timeSyncInterval = r.i8('timeSyncInterval');
  const announceInterval = r.i8('announceInterval');
  const flags = r.u8('flags');
  r.skip(2, 'reserved');
  r.done('message interval request TLV');
  return { linkDelayInterval, timeSyncInterval, announceInterval, flags };
}

export function messageIntervalRequestTlv(request: MessageIntervalRequest): OrganizationExtension {
  const w = new Writer(6, 6);
  w.i8(request.linkDelayInterval);
  w.i8(request.timeSyncInterval);
  w.i8(request.announceInterval);
  w.u8(request.flags);
  w.zeros(2);
  return { type: 'ORGANIZATION_EXTENSION', organizationId: IEEE_802_1, organizationSubType: 2, data: w.finish() };
}

function find(tlvs: readonly Tlv[], subType: number): Reader | undefined {
  for (const tlv of tlvs) {
    if (
      tlv.type === 'ORGANIZATION_EXTENSION' &&
      tlv.organizationId === IEEE_802_1 &&
      tlv.organizationSubType === subType
    ) {
      return new Reader(tlv.data);
    }
  }
  return undefined;
}
