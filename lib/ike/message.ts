import { IntegrityError, WireError } from '../errors.ts';
import { Reader, Writer } from '../wire/index.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import { decodeHeader, encodeHeader, IKE_HEADER_BYTES, type IkeHeader } from './header.ts';
import { decodeChain, encodeChain, firstPayloadType } from './payloads/chain.ts';
import { PayloadType } from './payloads/constants.ts';
import type { Payload } from './payloads/payload.ts';
import { openSk, padLength, type SkKeys, sealSk, skLength } from './sk.ts';

export type { SkKeys } from './sk.ts';

/** An IKEv2 message, RFC 7296 3. What it holds is a view of the bytes it was decoded from. */
export interface IkeMessage {
  readonly initiatorSpi: bigint;
  readonly responderSpi: bigint;
  /** `ExchangeType`. */
  readonly exchangeType: number;
  /** The sender is the original initiator of the IKE_SA. */
  readonly initiator: boolean;
  readonly response: boolean;
  readonly messageId: number;
  readonly payloads: readonly Payload[];
}

/** What a UDP datagram can carry at the most. */
export const MAX_MESSAGE_BYTES = 65535;

const LENGTH_OFFSET = IKE_HEADER_BYTES - 4;

/** The header alone, to find the IKE_SA before anything else is looked at. Throws `WireError`. */
export function peekHeader(data: Uint8Array): IkeHeader {
  return decodeHeader(new Reader(data));
}

/**
 * Throws `WireError`: truncated, over limits, not version 2, or a payload that its own syntax forbids. Unknown
 * payloads, critical or not, are in the result for the caller to judge (RFC 7296 2.5).
 */
export function decodeMessage(data: Uint8Array): IkeMessage {
  if (data.length > MAX_MESSAGE_BYTES) throw new Reader(data).error(`message is above ${MAX_MESSAGE_BYTES} octets`);
  const r = new Reader(data);
  const header = decodeHeader(r);
  if (header.majorVersion !== 2) throw r.error(`version ${header.majorVersion} is not IKEv2`, 17);
  if (header.length !== data.length) throw r.error(`length field is ${header.length} of ${data.length}`, 24);
  const { initiatorSpi, responderSpi, exchangeType, initiator, response, messageId } = header;
  const payloads = decodeChain(r, header.nextPayload);
  return { initiatorSpi, responderSpi, exchangeType, initiator, response, messageId, payloads };
}

export function encodeMessage(message: IkeMessage): Uint8Array {
  const w = new Writer(MAX_MESSAGE_BYTES);
  writeHeader(w, message, firstPayloadType(message.payloads));
  encodeChain(w, message.payloads);
  w.patchU32(LENGTH_OFFSET, w.length);
  return w.finish();
}

/**
 * A message whose payloads all go into one SK payload (RFC 7296 3.14). A message ID has one request and one response
 * in each direction: build each once and retransmit the bytes (2.1), as counter modes take their IV from it.
 */
export function protectMessage(crypto: IkeCrypto, keys: SkKeys, message: IkeMessage): Uint8Array {
  const plain = new Writer(MAX_MESSAGE_BYTES);
  encodeChain(plain, message.payloads);
  const padBytes = padLength(keys, plain.length);
  plain.zeros(padBytes);
  plain.u8(padBytes);
  const plaintext = plain.finish();
  const skBytes = skLength(keys, plaintext.length);
  const w = new Writer(MAX_MESSAGE_BYTES, IKE_HEADER_BYTES + skBytes);
  writeHeader(w, message, PayloadType.SK);
  w.u8(firstPayloadType(message.payloads));
  w.u8(0);
  w.u16(skBytes);
  w.patchU32(LENGTH_OFFSET, IKE_HEADER_BYTES + skBytes);
  sealSk(crypto, keys, w, plaintext, message);
  plaintext.fill(0);
  return w.finish();
}

/**
 * Checks and opens the SK payload of a message; the result has the payloads before it and then those inside, and no
 * SK. Throws `IntegrityError` for anything that is wrong before the checksum was found right, so that it can be
 * dropped without an answer (RFC 7296 2.21.2), and `WireError` if what was inside, and is therefore the peer's own,
 * does not decode.
 */
export function unprotectMessage(crypto: IkeCrypto, keys: SkKeys, data: Uint8Array): IkeMessage {
  const outer = decodeUnauthenticated(data);
  const sk = outer.payloads.at(-1);
  if (sk?.type !== 'SK') throw new IntegrityError();
  const plaintext = openSk(crypto, keys, data, sk.data);
  // Padding is the sender's choice, in content and in length (RFC 7296 3.14).
  const end = plaintext.length - 1 - plaintext[plaintext.length - 1]!;
  if (end < 0) throw new WireError('Pad Length is above the size of the SK payload', data.length);
  const inner = decodeChain(new Reader(plaintext, 0, end), sk.firstPayload);
  if (inner.at(-1)?.type === 'SK') throw new WireError('SK payload inside an SK payload', data.length);
  return { ...outer, payloads: [...outer.payloads.slice(0, -1), ...inner] };
}

function decodeUnauthenticated(data: Uint8Array): IkeMessage {
  try {
    return decodeMessage(data);
  } catch (error) {
    if (error instanceof WireError) throw new IntegrityError();
    throw error;
  }
}

function writeHeader(w: Writer, message: IkeMessage, nextPayload: number): void {
  encodeHeader(w, {
    majorVersion: 2,
    minorVersion: 0,
    higherVersion: false,
    nextPayload,
    initiatorSpi: message.initiatorSpi,
    responderSpi: message.responderSpi,
    exchangeType: message.exchangeType,
    initiator: message.initiator,
    response: message.response,
    messageId: message.messageId,
    length: 0,
  });
}
