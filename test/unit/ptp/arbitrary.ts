import fc from 'fast-check';
import type { Header, Message, Tlv } from '#lib/ptp/index.js';
import { MANAGEMENT_ACTION } from '#lib/ptp/messages/management.js';

/** Messages in the one form that decoding gives them. */

const octets = (minLength: number, maxLength: number) => fc.uint8Array({ minLength, maxLength });
const even = (maxLength: number) => octets(0, maxLength).map((bytes) => bytes.subarray(0, bytes.length & ~1));
const u8 = fc.nat(0xff);
const u16 = fc.nat(0xffff);
const u32 = fc.integer({ min: 0, max: 0xffffffff });
const u48 = fc.integer({ min: 0, max: 0xffff_ffff_ffff });
const i8 = fc.integer({ min: -128, max: 127 });
const i16 = fc.integer({ min: -32768, max: 32767 });
const i32 = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const i64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

const portIdentity = fc.record({ clockIdentity: u64, portNumber: u16 });
const timestamp = fc.record({ seconds: u48, nanoseconds: fc.nat(999_999_999) });
const header: fc.Arbitrary<Header> = fc.record({
  majorSdoId: fc.nat(15),
  minorVersionPTP: fc.nat(15),
  versionPTP: fc.constant(2),
  domainNumber: u8,
  minorSdoId: u8,
  flagField: u16,
  correctionField: i64,
  messageTypeSpecific: u32,
  sourcePortIdentity: portIdentity,
  sequenceId: u16,
  logMessageInterval: i8,
});

const of = <T extends string>(type: T) => fc.constant(type);
/** No NUL at the end, since that may be padding. */
const text = fc.string({ maxLength: 5 });

const tlv: fc.Arbitrary<Tlv> = fc.oneof(
  fc.record({ type: of('MANAGEMENT'), managementId: u16, data: even(60) }),
  fc.record({
    type: of('MANAGEMENT_ERROR_STATUS'),
    managementErrorId: u16,
    managementId: u16,
    displayData: text,
  }),
  fc.record({
    type: fc.constantFrom(
      'ORGANIZATION_EXTENSION' as const,
      'ORGANIZATION_EXTENSION_PROPAGATE' as const,
      'ORGANIZATION_EXTENSION_DO_NOT_PROPAGATE' as const,
    ),
    organizationId: fc.nat(0xffffff),
    organizationSubType: fc.nat(0xffffff),
    data: even(40),
  }),
  fc.record({
    type: of('REQUEST_UNICAST_TRANSMISSION'),
    messageType: fc.nat(15),
    logInterMessagePeriod: i8,
    durationSeconds: u32,
  }),
  fc.record({
    type: of('GRANT_UNICAST_TRANSMISSION'),
    messageType: fc.nat(15),
    logInterMessagePeriod: i8,
    durationSeconds: u32,
    renewalInvited: fc.boolean(),
  }),
  fc.record({
    type: fc.constantFrom('CANCEL_UNICAST_TRANSMISSION' as const, 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION' as const),
    messageType: fc.nat(15),
  }),
  fc.record({ type: of('PATH_TRACE'), pathSequence: fc.array(u64, { maxLength: 5 }) }),
  fc.record({
    type: of('ALTERNATE_TIME_OFFSET_INDICATOR'),
    keyField: u8,
    currentOffset: i32,
    jumpSeconds: i32,
    timeOfNextJump: u48,
    displayName: text,
  }),
  fc.record({ type: fc.constantFrom('AUTHENTICATION' as const, 'AUTHENTICATION_2008' as const), value: even(40) }),
  fc.record({ type: of('OPAQUE'), tlvType: fc.constantFrom(0x7f00, 0x8008, 0xffff, 0), value: even(40) }),
);

const common = { header, tlvs: fc.array(tlv, { maxLength: 3 }) };

export const message: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    messageType: fc.constantFrom('Sync' as const, 'Delay_Req' as const),
    originTimestamp: timestamp,
    ...common,
  }),
  fc.record({ messageType: of('Follow_Up'), preciseOriginTimestamp: timestamp, ...common }),
  fc.record({
    messageType: of('Delay_Resp'),
    receiveTimestamp: timestamp,
    requestingPortIdentity: portIdentity,
    ...common,
  }),
  fc.record({ messageType: of('Pdelay_Req'), originTimestamp: timestamp, ...common }),
  fc.record({
    messageType: of('Pdelay_Resp'),
    requestReceiptTimestamp: timestamp,
    requestingPortIdentity: portIdentity,
    ...common,
  }),
  fc.record({
    messageType: of('Pdelay_Resp_Follow_Up'),
    responseOriginTimestamp: timestamp,
    requestingPortIdentity: portIdentity,
    ...common,
  }),
  fc.record({
    messageType: of('Announce'),
    originTimestamp: timestamp,
    currentUtcOffset: i16,
    grandmasterPriority1: u8,
    grandmasterClockQuality: fc.record({ clockClass: u8, clockAccuracy: u8, offsetScaledLogVariance: u16 }),
    grandmasterPriority2: u8,
    grandmasterIdentity: u64,
    stepsRemoved: u16,
    timeSource: u8,
    ...common,
  }),
  fc.record({ messageType: of('Signaling'), targetPortIdentity: portIdentity, ...common }),
  fc.record({
    messageType: of('Management'),
    targetPortIdentity: portIdentity,
    startingBoundaryHops: u8,
    boundaryHops: u8,
    actionField: fc.constantFrom(...(Object.keys(MANAGEMENT_ACTION) as (keyof typeof MANAGEMENT_ACTION)[])),
    ...common,
  }),
) as fc.Arbitrary<Message>;
