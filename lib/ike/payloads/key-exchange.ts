import type { Reader, Writer } from '../../wire/index.ts';
import type { KePayload } from './payload.ts';

/**
 * RFC 7296 3.4.
 *
 *   |   Diffie-Hellman Group Num    |           RESERVED            |
 *   ~                       Key Exchange Data                       ~
 */
export function decodeKe(r: Reader): KePayload {
  const group = r.u16('KE payload');
  r.skip(2, 'KE payload');
  return { type: 'KE', group, data: r.rest() };
}

export function encodeKe(w: Writer, payload: KePayload): void {
  w.u16(payload.group);
  w.u16(0);
  w.bytes(payload.data);
}
