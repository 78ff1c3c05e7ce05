import type { Reader, Writer } from '../../wire/index.ts';
import type { NoncePayload } from './payload.ts';

/** RFC 7296 3.9: the size MUST be between 16 and 256 octets. */
export function decodeNonce(r: Reader): NoncePayload {
  if (r.remaining < 16 || r.remaining > 256) throw r.error('nonce is not of 16 to 256 octets');
  return { type: 'Nonce', data: r.rest() };
}

export function encodeNonce(w: Writer, payload: NoncePayload): void {
  if (payload.data.length < 16 || payload.data.length > 256) throw new RangeError('nonce is not of 16 to 256 octets');
  w.bytes(payload.data);
}
