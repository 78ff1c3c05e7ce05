import type { Reader, Writer } from '../../wire/index.ts';
import {
  type AlternateTimeOffset,
  decodeAlternateTimeOffset,
  encodeAlternateTimeOffset,
} from './alternate-time-offset.ts';
import {
  decodeManagementErrorStatus,
  decodeManagementTlv,
  encodeManagementErrorStatus,
  encodeManagementTlv,
  type ManagementErrorStatusTlv,
  type ManagementTlv,
} from './management.ts';
import {
  decodeOrganizationExtension,
  encodeOrganizationExtension,
  type OrganizationExtension,
} from './organization-extension.ts';
import { decodePathTrace, encodePathTrace, type PathTrace } from './path-trace.ts';
import { decodeUnicast, encodeUnicast, type UnicastTlv } from './unicast.ts';

/** tlvType, IEEE 1588-2008 table 34 and 2019 table 52. */
export const TLV_TYPE = {
  MANAGEMENT: 0x0001,
  MANAGEMENT_ERROR_STATUS: 0x0002,
  ORGANIZATION_EXTENSION: 0x0003,
  REQUEST_UNICAST_TRANSMISSION: 0x0004,
  GRANT_UNICAST_TRANSMISSION: 0x0005,
  CANCEL_UNICAST_TRANSMISSION: 0x0006,
  ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION: 0x0007,
  PATH_TRACE: 0x0008,
  ALTERNATE_TIME_OFFSET_INDICATOR: 0x0009,
  /** 2008 annex K, experimental. */
  AUTHENTICATION_2008: 0x2000,
  ORGANIZATION_EXTENSION_PROPAGATE: 0x4000,
  ORGANIZATION_EXTENSION_DO_NOT_PROPAGATE: 0x8000,
  PAD: 0x8008,
  /** 2019 16.14. */
  AUTHENTICATION: 0x8009,
} as const;

/** Authentication, kept as it is: this engine neither makes nor verifies it. */
export interface AuthenticationTlv {
  readonly type: 'AUTHENTICATION' | 'AUTHENTICATION_2008';
  readonly value: Uint8Array;
}

/** Anything else, kept as it is. */
export interface OpaqueTlv {
  readonly type: 'OPAQUE';
  readonly tlvType: number;
  readonly value: Uint8Array;
}

export type Tlv =
  | ManagementTlv
  | ManagementErrorStatusTlv
  | OrganizationExtension
  | UnicastTlv
  | PathTrace
  | AlternateTimeOffset
  | AuthenticationTlv
  | OpaqueTlv;

/** Every TLV up to the reader's end. A lengthField is even (IEEE 1588-2008 14.1.2) and within the message. */
export function decodeTlvs(r: Reader): readonly Tlv[] {
  if (r.remaining === 0) return NONE;
  const tlvs: Tlv[] = [];
  while (r.remaining > 0) {
    const tlvType = r.u16('tlvType');
    const length = r.u16('lengthField');
    if (length % 2 !== 0) throw r.error(`lengthField ${length} is odd`, r.offset - 2);
    tlvs.push(decodeTlv(r.sub(length, 'TLV'), tlvType));
  }
  return tlvs;
}

const NONE: readonly Tlv[] = [];

function decodeTlv(r: Reader, tlvType: number): Tlv {
  switch (tlvType) {
    case TLV_TYPE.MANAGEMENT:
      return decodeManagementTlv(r);
    case TLV_TYPE.MANAGEMENT_ERROR_STATUS:
      return decodeManagementErrorStatus(r);
    case TLV_TYPE.ORGANIZATION_EXTENSION:
      return decodeOrganizationExtension(r, 'ORGANIZATION_EXTENSION');
    case TLV_TYPE.ORGANIZATION_EXTENSION_PROPAGATE:
      return decodeOrganizationExtension(r, 'ORGANIZATION_EXTENSION_PROPAGATE');
    case TLV_TYPE.ORGANIZATION_EXTENSION_DO_NOT_PROPAGATE:
      return decodeOrganizationExtension(r, 'ORGANIZATION_EXTENSION_DO_NOT_PROPAGATE');
    case TLV_TYPE.REQUEST_UNICAST_TRANSMISSION:
      return decodeUnicast(r, 'REQUEST_UNICAST_TRANSMISSION');
    case TLV_TYPE.GRANT_UNICAST_TRANSMISSION:
      return decodeUnicast(r, 'GRANT_UNICAST_TRANSMISSION');
    case TLV_TYPE.CANCEL_UNICAST_TRANSMISSION:
      return decodeUnicast(r, 'CANCEL_UNICAST_TRANSMISSION');
    case TLV_TYPE.ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION:
      return decodeUnicast(r, 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION');
    case TLV_TYPE.PATH_TRACE:
      return decodePathTrace(r);
    case TLV_TYPE.ALTERNATE_TIME_OFFSET_INDICATOR:
      return decodeAlternateTimeOffset(r);
    case TLV_TYPE.AUTHENTICATION:
      return { type: 'AUTHENTICATION', value: r.rest() };
    case TLV_TYPE.AUTHENTICATION_2008:
      return { type: 'AUTHENTICATION_2008', value: r.rest() };
    default:
      return { type: 'OPAQUE', tlvType, value: r.rest() };
  }
}

export function encodeTlvs(w: Writer, tlvs: readonly Tlv[]): void {
  for (const tlv of tlvs) {
    w.u16(tlv.type === 'OPAQUE' ? tlv.tlvType : TLV_TYPE[tlv.type]);
    const at = w.length;
    w.u16(0);
    encodeValue(w, tlv);
    if ((w.length - at) % 2 !== 0) w.u8(0);
    w.patchU16(at, w.length - at - 2);
  }
}

function encodeValue(w: Writer, tlv: Tlv): void {
  switch (tlv.type) {
    case 'MANAGEMENT':
      encodeManagementTlv(w, tlv);
      break;
    case 'MANAGEMENT_ERROR_STATUS':
      encodeManagementErrorStatus(w, tlv);
      break;
    case 'ORGANIZATION_EXTENSION':
    case 'ORGANIZATION_EXTENSION_PROPAGATE':
    case 'ORGANIZATION_EXTENSION_DO_NOT_PROPAGATE':
      encodeOrganizationExtension(w, tlv);
      break;
    case 'REQUEST_UNICAST_TRANSMISSION':
    case 'GRANT_UNICAST_TRANSMISSION':
    case 'CANCEL_UNICAST_TRANSMISSION':
    case 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION':
      encodeUnicast(w, tlv);
      break;
    case 'PATH_TRACE':
      encodePathTrace(w, tlv);
      break;
    case 'ALTERNATE_TIME_OFFSET_INDICATOR':
      encodeAlternateTimeOffset(w, tlv);
      break;
    default:
      w.bytes(tlv.value);
      break;
  }
}
