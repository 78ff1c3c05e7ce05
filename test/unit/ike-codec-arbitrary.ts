import fc from 'fast-check';
import type { IkeMessage } from '#lib/ike/message.js';
import { PayloadType } from '#lib/ike/payloads/constants.js';
import type { Payload, Proposal, Transform } from '#lib/ike/payloads/payload.js';
import { formatAddress } from '#lib/wire/index.js';

/** Messages in the one form that decoding gives them. */

const octets = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);

const attribute = fc.oneof(
  fc.record({ type: fc.integer({ min: 15, max: 0x7fff }), short: fc.constant(true), value: octets(2, 2) }),
  fc.record({ type: fc.nat(0x7fff), short: fc.constant(false), value: octets(0, 9) }),
);
const transform: fc.Arbitrary<Transform> = fc.record(
  { type: u8, id: u16, keyLength: u16, attributes: fc.array(attribute, { maxLength: 2 }) },
  { requiredKeys: ['type', 'id', 'attributes'] },
);
const proposal: fc.Arbitrary<Proposal> = fc.record({
  number: u8,
  protocol: u8,
  spi: octets(0, 8),
  transforms: fc.array(transform, { maxLength: 6 }),
});

const address = (length: number) => octets(length, length).map(formatAddress);
const selector = fc.constantFrom(4, 16).chain((length) =>
  fc.record({
    protocol: u8,
    startPort: u16,
    endPort: u16,
    startAddress: address(length),
    endAddress: address(length),
  }),
);
const unknownSelector = fc.record({ tsType: fc.constantFrom(0, 1, 9, 10, 255), protocol: u8, data: octets(0, 12) });

const spis = fc.array(octets(4, 4), { maxLength: 5 });
const known = new Set<number>(Object.values(PayloadType));
known.delete(PayloadType.SKF);

const of = <T extends Payload['type']>(type: T) => fc.constant(type);

const payload: fc.Arbitrary<Payload> = fc.oneof(
  fc.record({ type: of('SA'), proposals: fc.array(proposal, { minLength: 1, maxLength: 4 }) }),
  fc.record({ type: of('KE'), group: u16, data: octets(0, 300) }),
  fc.record({
    type: fc.constantFrom('IDi' as const, 'IDr' as const),
    idType: fc.constantFrom(2, 3, 9, 11),
    data: octets(0, 40),
  }),
  fc.record({ type: fc.constantFrom('IDi' as const, 'IDr' as const), idType: fc.constant(1), data: octets(4, 4) }),
  fc.record({ type: of('CERT'), encoding: u8, data: octets(0, 60) }),
  fc.record({ type: of('CERTREQ'), encoding: u8, authority: octets(0, 60) }),
  fc.record({ type: of('AUTH'), method: u8, data: octets(0, 64) }),
  fc.record({ type: of('Nonce'), data: octets(16, 256) }),
  fc.record({ type: of('N'), protocol: u8, spi: octets(0, 8), notify: u16, data: octets(0, 30) }),
  fc.record({ type: of('D'), protocol: fc.constantFrom(2, 3), spis }),
  fc.record({ type: of('V'), data: octets(0, 30) }),
  fc.record({
    type: fc.constantFrom('TSi' as const, 'TSr' as const),
    selectors: fc.array(selector, { minLength: 1, maxLength: 4 }),
    unknown: fc.array(unknownSelector, { maxLength: 2 }),
  }),
  fc.record({
    type: of('CP'),
    configurationType: u8,
    attributes: fc.array(fc.record({ type: fc.nat(0x7fff), value: octets(0, 20) }), { maxLength: 4 }),
  }),
  fc.record({ type: of('EAP'), message: octets(0, 30) }),
  fc.record({
    type: of('unknown'),
    payloadType: fc.integer({ min: 1, max: 255 }).filter((type) => !known.has(type)),
    critical: fc.boolean(),
    data: octets(0, 30),
  }),
);

export const payloads: fc.Arbitrary<Payload[]> = fc.array(payload, { maxLength: 8 });

export const messages: fc.Arbitrary<IkeMessage> = fc.record({
  initiatorSpi: fc.bigInt(0n, 0xffffffffffffffffn),
  responderSpi: fc.bigInt(0n, 0xffffffffffffffffn),
  exchangeType: u8,
  initiator: fc.boolean(),
  response: fc.boolean(),
  messageId: fc.nat(0xffffffff),
  payloads,
});
