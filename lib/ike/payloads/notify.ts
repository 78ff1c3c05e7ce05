import type { Reader, Writer } from '../../wire/index.ts';
import type { NotifyPayload } from './payload.ts';

/**
 * RFC 7296 3.10.
 *
 *   |  Protocol ID  |   SPI Size    |      Notify Message Type      |
 *   ~                Security Parameter Index (SPI)                 ~
 *   ~                       Notification Data                       ~
 */
export function decodeNotify(r: Reader): NotifyPayload {
  const protocol = r.u8('N payload');
  const spiSize = r.u8('N payload');
  const notify = r.u16('N payload');
  const spi = r.bytes(spiSize, 'N payload SPI');
  return { type: 'N', protocol, spi, notify, data: r.rest() };
}

export function encodeNotify(w: Writer, payload: NotifyPayload): void {
  w.u8(payload.protocol);
  w.u8(payload.spi.length);
  w.u16(payload.notify);
  w.bytes(payload.spi);
  w.bytes(payload.data);
}
