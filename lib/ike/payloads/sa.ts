import type { Reader, Writer } from '../../wire/index.ts';
import { ATTRIBUTE_KEY_LENGTH } from '../transform.ts';
import type { Proposal, SaPayload, Transform, TransformAttribute } from './payload.ts';

/** More than any peer sends: one that needs as many could not be answered within a datagram anyway. */
export const MAX_PROPOSALS = 64;

const MORE_PROPOSALS = 2;
const MORE_TRANSFORMS = 3;
const ATTRIBUTE_FORMAT_TV = 0x8000;

/** RFC 7296 3.3: one or more Proposal substructures. */
export function decodeSa(r: Reader): SaPayload {
  const proposals: Proposal[] = [];
  do {
    if (proposals.length === MAX_PROPOSALS) throw r.error(`SA has more than ${MAX_PROPOSALS} proposals`);
    proposals.push(decodeProposal(r));
  } while (r.remaining > 0);
  return { type: 'SA', proposals };
}

export function encodeSa(w: Writer, payload: SaPayload): void {
  for (const [i, proposal] of payload.proposals.entries()) {
    encodeProposal(w, proposal, i === payload.proposals.length - 1);
  }
}

/**
 * RFC 7296 3.3.1.
 *
 *   | Last Substruc |   RESERVED    |         Proposal Length       |
 *   | Proposal Num  |  Protocol ID  |    SPI Size   |Num  Transforms|
 *   ~                        SPI (variable)                         ~
 *   ~                        <Transforms>                           ~
 */
function decodeProposal(outer: Reader): Proposal {
  const start = outer.offset;
  const last = outer.u8('proposal');
  outer.skip(1, 'proposal');
  const length = outer.u16('proposal');
  if (length < 8) throw outer.error('proposal length is below 8', start + 2);
  const r = outer.sub(length - 4, 'proposal');
  if (last !== (outer.remaining > 0 ? MORE_PROPOSALS : 0))
    throw outer.error('Last Substruc of a proposal is wrong', start);
  const number = r.u8();
  const protocol = r.u8();
  const spiSize = r.u8();
  const count = r.u8();
  const spi = r.bytes(spiSize, 'proposal SPI');
  const transforms: Transform[] = [];
  for (let i = 0; i < count; i++) transforms.push(decodeTransform(r, i === count - 1));
  r.done('proposal');
  return { number, protocol, spi, transforms };
}

function encodeProposal(w: Writer, proposal: Proposal, last: boolean): void {
  const start = w.length;
  w.u8(last ? 0 : MORE_PROPOSALS);
  w.u8(0);
  w.u16(0);
  w.u8(proposal.number);
  w.u8(proposal.protocol);
  w.u8(proposal.spi.length);
  w.u8(proposal.transforms.length);
  w.bytes(proposal.spi);
  for (const [i, transform] of proposal.transforms.entries()) {
    encodeTransform(w, transform, i === proposal.transforms.length - 1);
  }
  w.patchU16(start + 2, w.length - start);
}

/**
 * RFC 7296 3.3.2.
 *
 *   | Last Substruc |   RESERVED    |        Transform Length       |
 *   |Transform Type |   RESERVED    |          Transform ID         |
 *   ~                      Transform Attributes                     ~
 */
function decodeTransform(outer: Reader, isLast: boolean): Transform {
  const start = outer.offset;
  const last = outer.u8('transform');
  if (last !== (isLast ? 0 : MORE_TRANSFORMS)) throw outer.error('Last Substruc of a transform is wrong', start);
  outer.skip(1, 'transform');
  const length = outer.u16('transform');
  if (length < 8) throw outer.error('transform length is below 8', start + 2);
  const r = outer.sub(length - 4, 'transform');
  const type = r.u8();
  r.skip(1);
  const id = r.u16();
  let keyLength: number | undefined;
  const attributes: TransformAttribute[] = [];
  while (r.remaining > 0) {
    const attribute = decodeAttribute(r);
    if (attribute.type === ATTRIBUTE_KEY_LENGTH && attribute.short && keyLength === undefined) {
      keyLength = (attribute.value[0]! << 8) | attribute.value[1]!;
    } else {
      attributes.push(attribute);
    }
  }
  return { type, id, ...(keyLength === undefined ? {} : { keyLength }), attributes };
}

function encodeTransform(w: Writer, transform: Transform, last: boolean): void {
  const start = w.length;
  w.u8(last ? 0 : MORE_TRANSFORMS);
  w.u8(0);
  w.u16(0);
  w.u8(transform.type);
  w.u8(0);
  w.u16(transform.id);
  if (transform.keyLength !== undefined) {
    w.u16(ATTRIBUTE_FORMAT_TV | ATTRIBUTE_KEY_LENGTH);
    w.u16(transform.keyLength);
  }
  for (const attribute of transform.attributes) encodeAttribute(w, attribute);
  w.patchU16(start + 2, w.length - start);
}

/**
 * RFC 7296 3.3.5.
 *
 *   |A|       Attribute Type        |    AF=0  Attribute Length     |
 *   |F|                             |    AF=1  Attribute Value      |
 *   |                   AF=0  Attribute Value                       |
 */
function decodeAttribute(r: Reader): TransformAttribute {
  const format = r.u16('transform attribute');
  const type = format & 0x7fff;
  if ((format & ATTRIBUTE_FORMAT_TV) !== 0) {
    return { type, short: true, value: r.bytes(2, 'transform attribute') };
  }
  const length = r.u16('transform attribute');
  return { type, short: false, value: r.bytes(length, 'transform attribute') };
}

function encodeAttribute(w: Writer, attribute: TransformAttribute): void {
  w.u16(attribute.type | (attribute.short ? ATTRIBUTE_FORMAT_TV : 0));
  if (attribute.short) {
    if (attribute.value.length !== 2) throw new RangeError('a short attribute has two octets');
  } else {
    w.u16(attribute.value.length);
  }
  w.bytes(attribute.value);
}
