import type { Reader, Writer } from '../../wire/index.ts';
import type { ConfigurationAttribute, ConfigurationPayload } from './payload.ts';

/**
 * RFC 7296 3.15.
 *
 *   |   CFG Type    |                    RESERVED                   |
 *   ~                   Configuration Attributes                    ~
 *
 * and 3.15.1
 *
 *   |R|         Attribute Type      |            Length             |
 *   ~                             Value                             ~
 */
export function decodeConfiguration(r: Reader): ConfigurationPayload {
  const configurationType = r.u8('CP payload');
  r.skip(3, 'CP payload');
  const attributes: ConfigurationAttribute[] = [];
  while (r.remaining > 0) {
    const type = r.u16('CP attribute') & 0x7fff;
    const length = r.u16('CP attribute');
    attributes.push({ type, value: r.bytes(length, 'CP attribute') });
  }
  return { type: 'CP', configurationType, attributes };
}

export function encodeConfiguration(w: Writer, payload: ConfigurationPayload): void {
  w.u8(payload.configurationType);
  w.zeros(3);
  for (const { type, value } of payload.attributes) {
    if (type > 0x7fff) throw new RangeError(`CP attribute type ${type} is above 15 bits`);
    w.u16(type);
    w.u16(value.length);
    w.bytes(value);
  }
}
