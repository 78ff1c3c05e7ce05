import type { Reader, Writer } from '../../wire/index.ts';
import { decodePtpText, encodePtpText } from './alternate-time-offset.ts';

/** MANAGEMENT, IEEE 1588-2008 15.5.2: `data` is the managementId's dataField. */
export interface ManagementTlv {
  readonly type: 'MANAGEMENT';
  readonly managementId: number;
  readonly data: Uint8Array;
}

/** MANAGEMENT_ERROR_STATUS, 15.5.4. */
export interface ManagementErrorStatusTlv {
  readonly type: 'MANAGEMENT_ERROR_STATUS';
  /** Table 72. */
  readonly managementErrorId: number;
  readonly managementId: number;
  readonly displayData: string;
}

export function decodeManagementTlv(r: Reader): ManagementTlv {
  const managementId = r.u16('managementId');
  return { type: 'MANAGEMENT', managementId, data: r.rest() };
}

export function encodeManagementTlv(w: Writer, tlv: ManagementTlv): void {
  w.u16(tlv.managementId);
  w.bytes(tlv.data);
}

export function decodeManagementErrorStatus(r: Reader): ManagementErrorStatusTlv {
  const managementErrorId = r.u16('managementErrorId');
  const managementId = r.u16('managementId');
  r.skip(4, 'reserved');
  const displayData = r.remaining > 0 ? decodePtpText(r) : '';
  return { type: 'MANAGEMENT_ERROR_STATUS', managementErrorId, managementId, displayData };
}

export function encodeManagementErrorStatus(w: Writer, tlv: ManagementErrorStatusTlv): void {
  w.u16(tlv.managementErrorId);
  w.u16(tlv.managementId);
  w.zeros(4);
  if (tlv.displayData !== '') encodePtpText(w, tlv.displayData);
}
