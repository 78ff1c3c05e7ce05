import { addressFamily, formatAddress, parseAddress, timingSafeEqual, toHex, utf8 } from '../wire/index.ts';
import type { IdentificationConfig } from './config.ts';
import { IdType } from './payloads/constants.ts';

/** ID type and Identification Data, RFC 7296 3.5. */
export interface Identification {
  readonly idType: number;
  readonly data: Uint8Array;
}

export function identification(config: IdentificationConfig): Identification {
  switch (config.type) {
    case 'address': {
      const family = addressFamily(config.value);
      return { idType: family === 4 ? IdType.ID_IPV4_ADDR : IdType.ID_IPV6_ADDR, data: parseAddress(config.value) };
    }
    case 'fqdn':
      return { idType: IdType.ID_FQDN, data: utf8(config.value) };
    case 'user-fqdn':
      return { idType: IdType.ID_RFC822_ADDR, data: utf8(config.value) };
    case 'key-id':
      return { idType: IdType.ID_KEY_ID, data: config.value.slice() };
    case 'dn':
      return { idType: IdType.ID_DER_ASN1_DN, data: config.value.slice() };
  }
}

export function sameIdentification(a: Identification, b: Identification): boolean {
  return a.idType === b.idType && timingSafeEqual(a.data, b.data);
}

/** More of a stranger's identity is not written down. */
const MAX_SHOWN_BYTES = 255;

/** For logs and `active-peers`; bytes that are no printable ASCII are written in hexadecimal. */
export function describeIdentification(id: Identification): string {
  const { idType, data } = id;
  if (idType === IdType.ID_IPV4_ADDR && data.length === 4) return formatAddress(data);
  if (idType === IdType.ID_IPV6_ADDR && data.length === 16) return formatAddress(data);
  const text = idType === IdType.ID_FQDN || idType === IdType.ID_RFC822_ADDR || idType === IdType.ID_KEY_ID;
  const shown = data.subarray(0, MAX_SHOWN_BYTES);
  const rest = shown.length < data.length ? '...' : '';
  if (text && data.every((byte) => byte > 0x20 && byte < 0x7f)) return String.fromCharCode(...shown) + rest;
  return `${idType}:${toHex(shown)}${rest}`;
}
