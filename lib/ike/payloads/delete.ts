import type { Reader, Writer } from '../../wire/index.ts';
import { ProtocolId } from './constants.ts';
import type { DeletePayload } from './payload.ts';

/**
 * RFC 7296 3.11.
 *
 *   | Protocol ID   |   SPI Size    |          Num of SPIs          |
 *   ~               Security Parameter Index(es) (SPI)              ~
 */
export function decodeDelete(r: Reader): DeletePayload {
  const start = r.offset;
  const protocol = r.u8('D payload');
  const spiSize = r.u8('D payload');
  const count = r.u16('D payload');
  const required =
    protocol === ProtocolId.IKE ? 0 : protocol === ProtocolId.AH || protocol === ProtocolId.ESP ? 4 : spiSize;
  if (spiSize !== required || (spiSize === 0 && count !== 0))
    throw r.error('D payload has a wrong SPI size', start + 1);
  const spis: Uint8Array[] = [];
  for (let i = 0; i < count; i++) spis.push(r.bytes(spiSize, 'D payload SPI'));
  r.done('D payload');
  return { type: 'D', protocol, spis };
}

export function encodeDelete(w: Writer, payload: DeletePayload): void {
  const spiSize = payload.spis[0]?.length ?? (payload.protocol === ProtocolId.IKE ? 0 : 4);
  w.u8(payload.protocol);
  w.u8(spiSize);
  w.u16(payload.spis.length);
  for (const spi of payload.spis) {
    if (spi.length !== spiSize) throw new RangeError('the SPIs of a D payload are of one size');
    w.bytes(spi);
  }
}
