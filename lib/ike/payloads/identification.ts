import type { Reader, Writer } from '../../wire/index.ts';
import { IdType } from './constants.ts';
import type { IdPayload } from './payload.ts';

/**
 * RFC 7296 3.5.
 *
 *   |   ID Type     |                 RESERVED                      |
 *   ~                   Identification Data                         ~
 */
export function decodeId(r: Reader, type: IdPayload['type']): IdPayload {
  const start = r.offset;
  const idType = r.u8('ID payload');
  r.skip(3, 'ID payload');
  const data = r.rest();
  if ((idType === IdType.ID_IPV4_ADDR && data.length !== 4) || (idType === IdType.ID_IPV6_ADDR && data.length !== 16)) {
    throw r.error('ID payload has an address of the wrong length', start);
  }
  return { type, idType, data };
}

export function encodeId(w: Writer, payload: IdPayload): void {
  w.u8(payload.idType);
  w.zeros(3);
  w.bytes(payload.data);
}
