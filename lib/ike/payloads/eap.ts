import type { Reader, Writer } from '../../wire/index.ts';
import type { EapPayload } from './payload.ts';

/** RFC 7296 3.16: one EAP message of RFC 3748, whose own engine reads it. */
export function decodeEap(r: Reader): EapPayload {
  return { type: 'EAP', message: r.rest() };
}

export function encodeEap(w: Writer, payload: EapPayload): void {
  w.bytes(payload.message);
}
