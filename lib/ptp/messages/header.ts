import type { Reader, Writer } from '../../wire/index.ts';
import { decodePortIdentity, encodePortIdentity, type PortIdentity } from '../identity.ts';
import { CONTROL_FIELD, MESSAGE_TYPE, type MessageType } from './constants.ts';

/** The common header, IEEE 1588-2008 13.3. messageType, messageLength and controlField follow from the message itself. */
export interface Header {
  /** transportSpecific of 2008, 0..15: 1 is IEEE 802.1AS. */
  readonly majorSdoId: number;
  readonly minorVersionPTP: number;
  readonly versionPTP: number;
  readonly domainNumber: number;
  /** Reserved in 2008. */
  readonly minorSdoId: number;
  /** Bits of `FLAG`. */
  readonly flagField: number;
  /** Units of 2^-16 ns, signed. */
  readonly correctionField: bigint;
  /** IEEE 1588-2019 table 36; reserved in 2008. */
  readonly messageTypeSpecific: number;
  readonly sourcePortIdentity: PortIdentity;
  readonly sequenceId: number;
  /** log2 of seconds, signed. */
  readonly logMessageInterval: number;
}

export const HEADER_BYTES = 34;

const BY_NUMBER = new Map<number, MessageType>(
  Object.entries(MESSAGE_TYPE).map(([name, number]) => [number, name as MessageType]),
);

/**
 * Reads the header; the reader is at the body afterwards. `length` is messageLength, at most the octets there are.
 *
 *    7   6   5   4   3   2   1   0    octets  offset
 *   | majorSdoId    | messageType   |    1       0
 *   | minorVersion  | versionPTP    |    1       1
 *   |         messageLength         |    2       2
 *   |         domainNumber          |    1       4
 *   |         minorSdoId            |    1       5
 *   |         flagField             |    2       6
 *   |        correctionField        |    8       8
 *   |      messageTypeSpecific      |    4      16
 *   |      sourcePortIdentity       |   10      20
 *   |          sequenceId           |    2      30
 *   |         controlField          |    1      32
 *   |       logMessageInterval      |    1      33
 */
export function decodeHeader(r: Reader): { header: Header; messageType: MessageType; length: number } {
  const start = r.offset;
  const available = r.remaining;
  const first = r.u8('header');
  const version = r.u8('header');
  const length = r.u16('messageLength');
  const messageType = BY_NUMBER.get(first & 0x0f);
  if ((version & 0x0f) !== 2) throw r.error(`versionPTP is ${version & 0x0f}`, start + 1);
  if (messageType === undefined) throw r.error(`messageType ${first & 0x0f} is reserved`, start);
  if (length < HEADER_BYTES || length > available)
    throw r.error(`messageLength is ${length} of ${available}`, start + 2);
  const domainNumber = r.u8('header');
  const minorSdoId = r.u8('header');
  const flagField = r.u16('header');
  const correctionField = r.i64('header');
  const messageTypeSpecific = r.u32('header');
  const sourcePortIdentity = decodePortIdentity(r);
  const sequenceId = r.u16('header');
  r.skip(1, 'header');
  const logMessageInterval = r.i8('header');
  return {
    messageType,
    length,
    header: {
      majorSdoId: first >> 4,
      minorVersionPTP: version >> 4,
      versionPTP: version & 0x0f,
      domainNumber,
      minorSdoId,
      flagField,
      correctionField,
      messageTypeSpecific,
      sourcePortIdentity,
      sequenceId,
      logMessageInterval,
    },
  };
}

/** Writes the header with messageLength 0: `patchLength` sets it at the end. */
export function encodeHeader(w: Writer, messageType: MessageType, header: Header): void {
  w.u8((header.majorSdoId << 4) | MESSAGE_TYPE[messageType]);
  w.u8((header.minorVersionPTP << 4) | header.versionPTP);
  w.u16(0);
  w.u8(header.domainNumber);
  w.u8(header.minorSdoId);
  w.u16(header.flagField);
  w.i64(header.correctionField);
  w.u32(header.messageTypeSpecific);
  encodePortIdentity(w, header.sourcePortIdentity);
  w.u16(header.sequenceId);
  w.u8(CONTROL_FIELD[messageType]);
  w.i8(header.logMessageInterval);
}

export function patchLength(w: Writer): void {
  w.patchU16(2, w.length);
}
