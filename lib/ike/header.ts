import type { Reader, Writer } from '../wire/index.ts';

interface HeaderFields {
  readonly initiatorSpi: bigint;
  readonly responderSpi: bigint;
  /** Type of the first payload. */
  readonly nextPayload: number;
  readonly minorVersion: number;
  readonly exchangeType: number;
  readonly messageId: number;
  /** Of the whole message, header included. */
  readonly length: number;
}

/** RFC 7296 3.1. */
export interface IkeV2Header extends HeaderFields {
  readonly majorVersion: 2;
  /** The sender is the original initiator of the IKE_SA. */
  readonly initiator: boolean;
  readonly response: boolean;
  /** The sender could speak a higher major version. */
  readonly higherVersion: boolean;
}

/** RFC 2408 3.1; the SPIs are its cookies. */
export interface IkeV1Header extends HeaderFields {
  readonly majorVersion: 1;
  readonly encrypted: boolean;
  readonly commit: boolean;
  readonly authenticationOnly: boolean;
}

/** A version that nobody here speaks: RFC 7296 2.5 says what to answer. */
export interface IkeUnknownHeader extends HeaderFields {
  readonly majorVersion: 0 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12 | 13 | 14 | 15;
  readonly flags: number;
}

export type IkeHeader = IkeV2Header | IkeV1Header | IkeUnknownHeader;

export const IKE_HEADER_BYTES = 28;

const FLAG_V1_ENCRYPTED = 0x01;
const FLAG_V1_COMMIT = 0x02;
const FLAG_V1_AUTHENTICATION_ONLY = 0x04;
const FLAG_INITIATOR = 0x08;
const FLAG_HIGHER_VERSION = 0x10;
const FLAG_RESPONSE = 0x20;

/**
 * The header that both versions share; throws `WireError` if there are fewer than 28 bytes.
 *
 *                        1                   2                   3
 *    0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *   |                       IKE SA Initiator's SPI                  |
 *   |                                                               |
 *   |                       IKE SA Responder's SPI                  |
 *   |                                                               |
 *   |  Next Payload | MjVer | MnVer | Exchange Type |     Flags     |
 *   |                          Message ID                           |
 *   |                            Length                             |
 */
export function decodeHeader(r: Reader): IkeHeader {
  const initiatorSpi = r.u64('IKE header');
  const responderSpi = r.u64('IKE header');
  const nextPayload = r.u8('IKE header');
  const version = r.u8('IKE header');
  const exchangeType = r.u8('IKE header');
  const flags = r.u8('IKE header');
  const messageId = r.u32('IKE header');
  const length = r.u32('IKE header');
  const majorVersion = version >> 4;
  const minorVersion = version & 0x0f;
  const fields = { initiatorSpi, responderSpi, nextPayload, minorVersion, exchangeType, messageId, length };
  if (majorVersion === 2) {
    return {
      ...fields,
      majorVersion,
      initiator: (flags & FLAG_INITIATOR) !== 0,
      response: (flags & FLAG_RESPONSE) !== 0,
      higherVersion: (flags & FLAG_HIGHER_VERSION) !== 0,
    };
  }
  if (majorVersion === 1) {
    return {
      ...fields,
      majorVersion,
      encrypted: (flags & FLAG_V1_ENCRYPTED) !== 0,
      commit: (flags & FLAG_V1_COMMIT) !== 0,
      authenticationOnly: (flags & FLAG_V1_AUTHENTICATION_ONLY) !== 0,
    };
  }
  return { ...fields, majorVersion: majorVersion as IkeUnknownHeader['majorVersion'], flags };
}

export function encodeHeader(w: Writer, header: IkeHeader): void {
  w.u64(header.initiatorSpi);
  w.u64(header.responderSpi);
  w.u8(header.nextPayload);
  w.u8((header.majorVersion << 4) | header.minorVersion);
  w.u8(header.exchangeType);
  w.u8(headerFlags(header));
  w.u32(header.messageId);
  w.u32(header.length);
}

function headerFlags(header: IkeHeader): number {
  if (header.majorVersion === 2) {
    return (
      (header.initiator ? FLAG_INITIATOR : 0) |
      (header.higherVersion ? FLAG_HIGHER_VERSION : 0) |
      (header.response ? FLAG_RESPONSE : 0)
    );
  }
  if (header.majorVersion === 1) {
    return (
      (header.encrypted ? FLAG_V1_ENCRYPTED : 0) |
      (header.commit ? FLAG_V1_COMMIT : 0) |
      (header.authenticationOnly ? FLAG_V1_AUTHENTICATION_ONLY : 0)
    );
  }
  return header.flags;
}
