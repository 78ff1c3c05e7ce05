import type { Reader, Writer } from '../../wire/index.ts';
import type { CertPayload, CertReqPayload } from './payload.ts';

/**
 * RFC 7296 3.6.
 *
 *   | Cert Encoding |                                               |
 *   +-+-+-+-+-+-+-+-+       Certificate Data                        ~
 */
export function decodeCert(r: Reader): CertPayload {
  return { type: 'CERT', encoding: r.u8('CERT payload'), data: r.rest() };
}

export function encodeCert(w: Writer, payload: CertPayload): void {
  w.u8(payload.encoding);
  w.bytes(payload.data);
}

/**
 * RFC 7296 3.7.
 *
 *   | Cert Encoding |                                               |
 *   +-+-+-+-+-+-+-+-+       Certification Authority                 ~
 */
export function decodeCertReq(r: Reader): CertReqPayload {
  return { type: 'CERTREQ', encoding: r.u8('CERTREQ payload'), authority: r.rest() };
}

export function encodeCertReq(w: Writer, payload: CertReqPayload): void {
  w.u8(payload.encoding);
  w.bytes(payload.authority);
}
