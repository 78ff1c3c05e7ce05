import { formatAddress, parseAddress, type Reader, type Writer } from '../../wire/index.ts';
import type { TrafficSelector } from '../config.ts';
import type { TrafficSelectorPayload, UnknownTrafficSelector } from './payload.ts';

const TS_IPV4_ADDR_RANGE = 7;
const TS_IPV6_ADDR_RANGE = 8;

/**
 * RFC 7296 3.13.
 *
 *   | Number of TSs |                 RESERVED                      |
 *   ~                       <Traffic Selectors>                     ~
 */
export function decodeTrafficSelectors(r: Reader, type: TrafficSelectorPayload['type']): TrafficSelectorPayload {
  const start = r.offset;
  const count = r.u8('TS payload');
  r.skip(3, 'TS payload');
  if (count === 0) throw r.error('TS payload has no selector', start);
  const selectors: TrafficSelector[] = [];
  const unknown: UnknownTrafficSelector[] = [];
  for (let i = 0; i < count; i++) decodeSelector(r, selectors, unknown);
  r.done('TS payload');
  return { type, selectors, unknown };
}

/**
 * RFC 7296 3.13.1.
 *
 *   |   TS Type     |IP Protocol ID*|       Selector Length         |
 *   |           Start Port*         |           End Port*           |
 *   ~                         Starting Address*                     ~
 *   ~                         Ending Address*                       ~
 */
function decodeSelector(outer: Reader, selectors: TrafficSelector[], unknown: UnknownTrafficSelector[]): void {
  const start = outer.offset;
  const tsType = outer.u8('traffic selector');
  const protocol = outer.u8('traffic selector');
  const length = outer.u16('traffic selector');
  if (length < 4) throw outer.error('traffic selector length is below 4', start + 2);
  const r = outer.sub(length - 4, 'traffic selector');
  if (tsType !== TS_IPV4_ADDR_RANGE && tsType !== TS_IPV6_ADDR_RANGE) {
    unknown.push({ tsType, protocol, data: r.rest() });
    return;
  }
  const addressBytes = tsType === TS_IPV4_ADDR_RANGE ? 4 : 16;
  const startPort = r.u16('traffic selector');
  const endPort = r.u16('traffic selector');
  const startAddress = formatAddress(r.bytes(addressBytes, 'traffic selector'));
  const endAddress = formatAddress(r.bytes(addressBytes, 'traffic selector'));
  r.done('traffic selector');
  selectors.push({ protocol, startPort, endPort, startAddress, endAddress });
}

export function encodeTrafficSelectors(w: Writer, payload: TrafficSelectorPayload): void {
  const count = payload.selectors.length + payload.unknown.length;
  if (count === 0) throw new RangeError('a TS payload has one selector or more');
  w.u8(count);
  w.zeros(3);
  for (const selector of payload.selectors) {
    const start = parseAddress(selector.startAddress);
    const end = parseAddress(selector.endAddress);
    if (start.length !== end.length) throw new RangeError('a traffic selector is of one address family');
    w.u8(start.length === 4 ? TS_IPV4_ADDR_RANGE : TS_IPV6_ADDR_RANGE);
    w.u8(selector.protocol);
    w.u16(8 + 2 * start.length);
    w.u16(selector.startPort);
    w.u16(selector.endPort);
    w.bytes(start);
    w.bytes(end);
  }
  for (const { tsType, protocol, data } of payload.unknown) {
    w.u8(tsType);
    w.u8(protocol);
    w.u16(4 + data.length);
    w.bytes(data);
  }
}
