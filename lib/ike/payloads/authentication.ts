import type { Reader, Writer } from '../../wire/index.ts';
import type { AuthPayload } from './payload.ts';

/**
 * RFC 7296 3.8.
 *
 *   | Auth Method   |                RESERVED                       |
 *   ~                      Authentication Data                      ~
 */
export function decodeAuth(r: Reader): AuthPayload {
  const method = r.u8('AUTH payload');
  r.skip(3, 'AUTH payload');
  return { type: 'AUTH', method, data: r.rest() };
}

export function encodeAuth(w: Writer, payload: AuthPayload): void {
  w.u8(payload.method);
  w.zeros(3);
  w.bytes(payload.data);
}
