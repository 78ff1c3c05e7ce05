import type { Reader, Writer } from '../../wire/index.ts';
import type { VendorIdPayload } from './payload.ts';

/** RFC 7296 3.12: the Vendor ID is all of it. */
export function decodeVendorId(r: Reader): VendorIdPayload {
  return { type: 'V', data: r.rest() };
}

export function encodeVendorId(w: Writer, payload: VendorIdPayload): void {
  w.bytes(payload.data);
}
