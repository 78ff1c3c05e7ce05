import type { Reader, Writer } from '../../wire/index.ts';
import { decodeAuth, encodeAuth } from './authentication.ts';
import { decodeCert, decodeCertReq, encodeCert, encodeCertReq } from './certificate.ts';
import { decodeConfiguration, encodeConfiguration } from './configuration.ts';
import { PayloadType } from './constants.ts';
import { decodeDelete, encodeDelete } from './delete.ts';
import { decodeEap, encodeEap } from './eap.ts';
import { decodeId, encodeId } from './identification.ts';
import { decodeKe, encodeKe } from './key-exchange.ts';
import { decodeNonce, encodeNonce } from './nonce.ts';
import { decodeNotify, encodeNotify } from './notify.ts';
import type { Payload } from './payload.ts';
import { decodeSa, encodeSa } from './sa.ts';
import { decodeTrafficSelectors, encodeTrafficSelectors } from './traffic-selectors.ts';
import { decodeVendorId, encodeVendorId } from './vendor-id.ts';

/** Of one chain. The longest that is meant to be (IKE_AUTH with a certificate path) has some thirty. */
export const MAX_PAYLOADS = 128;

const CRITICAL = 0x80;

/**
 * A chain of payloads to the end of `r`; `next` is the type of the first. RFC 7296 3.2:
 *
 *   | Next Payload  |C|  RESERVED   |         Payload Length        |
 *
 * SK is the last payload of its message, and its Next Payload is the type of the first one inside it (3.14).
 */
export function decodeChain(r: Reader, next: number): Payload[] {
  const payloads: Payload[] = [];
  let type = next;
  while (type !== PayloadType.none) {
    if (payloads.length === MAX_PAYLOADS) throw r.error(`more than ${MAX_PAYLOADS} payloads`);
    const start = r.offset;
    const following = r.u8('payload header');
    const critical = (r.u8('payload header') & CRITICAL) !== 0;
    const length = r.u16('payload header');
    if (length < 4) throw r.error('payload length is below 4', start + 2);
    const body = r.sub(length - 4, 'payload');
    if (type === PayloadType.SK) {
      payloads.push({ type: 'SK', firstPayload: following, data: body.rest() });
      break;
    }
    payloads.push(decodePayload(body, type, critical));
    type = following;
  }
  r.done('payload chain');
  return payloads;
}

/** Type of the first payload, for the field before the chain. */
export function firstPayloadType(payloads: readonly Payload[]): number {
  return payloads[0] === undefined ? PayloadType.none : payloadType(payloads[0]);
}

/** A known payload goes without the critical bit (RFC 7296 2.5). */
export function encodeChain(w: Writer, payloads: readonly Payload[]): void {
  for (const [i, payload] of payloads.entries()) {
    if (payload.type === 'SK' && i !== payloads.length - 1) throw new RangeError('SK is the last payload');
    const start = w.length;
    w.u8(payload.type === 'SK' ? payload.firstPayload : firstPayloadType(payloads.slice(i + 1, i + 2)));
    w.u8(payload.type === 'unknown' && payload.critical ? CRITICAL : 0);
    w.u16(0);
    encodePayload(w, payload);
    w.patchU16(start + 2, w.length - start);
  }
}

export function payloadType(payload: Payload): number {
  return payload.type === 'unknown' ? payload.payloadType : PayloadType[payload.type];
}

function decodePayload(r: Reader, type: number, critical: boolean): Payload {
  switch (type) {
    case PayloadType.SA:
      return decodeSa(r);
    case PayloadType.KE:
      return decodeKe(r);
    case PayloadType.IDi:
      return decodeId(r, 'IDi');
    case PayloadType.IDr:
      return decodeId(r, 'IDr');
    case PayloadType.CERT:
      return decodeCert(r);
    case PayloadType.CERTREQ:
      return decodeCertReq(r);
    case PayloadType.AUTH:
      return decodeAuth(r);
    case PayloadType.Nonce:
      return decodeNonce(r);
    case PayloadType.N:
      return decodeNotify(r);
    case PayloadType.D:
      return decodeDelete(r);
    case PayloadType.V:
      return decodeVendorId(r);
    case PayloadType.TSi:
      return decodeTrafficSelectors(r, 'TSi');
    case PayloadType.TSr:
      return decodeTrafficSelectors(r, 'TSr');
    case PayloadType.CP:
      return decodeConfiguration(r);
    case PayloadType.EAP:
      return decodeEap(r);
    default:
      return { type: 'unknown', payloadType: type, critical, data: r.rest() };
  }
}

function encodePayload(w: Writer, payload: Payload): void {
  switch (payload.type) {
    case 'SA':
      encodeSa(w, payload);
      break;
    case 'KE':
      encodeKe(w, payload);
      break;
    case 'IDi':
    case 'IDr':
      encodeId(w, payload);
      break;
    case 'CERT':
      encodeCert(w, payload);
      break;
    case 'CERTREQ':
      encodeCertReq(w, payload);
      break;
    case 'AUTH':
      encodeAuth(w, payload);
      break;
    case 'Nonce':
      encodeNonce(w, payload);
      break;
    case 'N':
      encodeNotify(w, payload);
      break;
    case 'D':
      encodeDelete(w, payload);
      break;
    case 'V':
      encodeVendorId(w, payload);
      break;
    case 'TSi':
    case 'TSr':
      encodeTrafficSelectors(w, payload);
      break;
    case 'CP':
      encodeConfiguration(w, payload);
      break;
    case 'EAP':
      encodeEap(w, payload);
      break;
    case 'SK':
    case 'unknown':
      w.bytes(payload.data);
      break;
  }
}
