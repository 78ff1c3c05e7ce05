import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '#lib/errors.js';
import { decodeHeader, encodeHeader } from '#lib/ike/header.js';
import { decodeMessage, encodeMessage, type IkeMessage, peekHeader } from '#lib/ike/message.js';
import { MAX_PAYLOADS } from '#lib/ike/payloads/chain.js';
import { isErrorNotify, NotifyType, notifyName } from '#lib/ike/payloads/notify-type.js';
import { MAX_PROPOSALS } from '#lib/ike/payloads/sa.js';
import { Reader, Writer } from '#lib/wire/index.js';
import { messages } from './ike-codec-arbitrary.js';
import { type GoldenPayload, goldenPayloads } from './ike-codec-golden.js';

const bytes = (...parts: string[]): Uint8Array =>
  new Uint8Array(Buffer.from(parts.join('').replaceAll(' ', ''), 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

/** A message of one payload, from its hexadecimal body. */
function wrap(type: number, body: string, critical = false): Uint8Array {
  const length = body.replaceAll(' ', '').length / 2 + 4;
  const payload = `00 ${critical ? '80' : '00'} ${length.toString(16).padStart(4, '0')} ${body}`;
  const header = `0102030405060708 1112131415161718 ${type.toString(16).padStart(2, '0')} 20 25 08 00000007`;
  return bytes(header, (length + 28).toString(16).padStart(8, '0'), payload);
}

function envelope(payloads: IkeMessage['payloads']): IkeMessage {
  return {
    initiatorSpi: 0x0102030405060708n,
    responderSpi: 0x1112131415161718n,
    exchangeType: 37,
    initiator: true,
    response: false,
    messageId: 7,
    payloads,
  };
}

for (const { name, type, body, payload } of goldenPayloads as readonly GoldenPayload[]) {
  test(`${name} payload, to the octet`, () => {
    const data = wrap(type, body);
    const message = decodeMessage(data);
    assert.deepEqual(message, envelope([payload]));
    assert.equal(hex(encodeMessage(message)), hex(data));
    for (let length = 0; length < data.length; length++) {
      assert.throws(() => decodeMessage(data.subarray(0, length)), WireError, `cut to ${length}`);
      if (length < 28) continue;
      // Cut, with a header that agrees.
      const cut = Uint8Array.from(data.subarray(0, length));
      new DataView(cut.buffer).setUint32(24, length);
      assert.throws(() => decodeMessage(cut), WireError, `cut to ${length}, header corrected`);
    }
  });
}

test('every body cut short, with all lengths above it corrected, is a WireError or another valid payload', () => {
  for (const { type, body } of goldenPayloads) {
    const octets = body.replaceAll(' ', '');
    for (let length = 0; length < octets.length / 2; length++) {
      try {
        const message = decodeMessage(wrap(type, octets.slice(0, 2 * length)));
        assert.equal(hex(encodeMessage(message)).length, 2 * (32 + length));
      } catch (error) {
        assert.ok(error instanceof WireError);
      }
    }
  }
});

test('what is written is what is read', () => {
  fc.assert(
    fc.property(messages, (message) => {
      const data = encodeMessage(message);
      // A clone, as fast-check's records have no prototype.
      assert.deepEqual(decodeMessage(data), structuredClone(message));
    }),
    { numRuns: 300 },
  );
});

test('the header tells versions apart', () => {
  const v2 = wrap(40, '00'.repeat(16));
  assert.deepEqual(peekHeader(v2), {
    majorVersion: 2,
    minorVersion: 0,
    initiatorSpi: 0x0102030405060708n,
    responderSpi: 0x1112131415161718n,
    nextPayload: 40,
    exchangeType: 37,
    messageId: 7,
    length: 48,
    initiator: true,
    response: false,
    higherVersion: false,
  });
  const v1 = Uint8Array.from(v2);
  v1[17] = 0x10;
  v1[19] = 0x05;
  const header = peekHeader(v1);
  assert.ok(header.majorVersion === 1 && header.encrypted && !header.commit && header.authenticationOnly);
  assert.throws(() => decodeMessage(v1), /version 1 is not IKEv2/);
  const v3 = Uint8Array.from(v2);
  v3[17] = 0x3f;
  const unknown = peekHeader(v3);
  assert.ok(unknown.majorVersion === 3 && unknown.minorVersion === 15 && unknown.flags === 8);
  // RFC 7296 2.5: a higher minor version and reserved flags are let pass.
  const minor = Uint8Array.from(v2);
  minor[17] = 0x21;
  minor[19] = 0xef;
  assert.equal(decodeMessage(minor).response, true);
  for (let length = 0; length < 28; length++) assert.throws(() => peekHeader(v2.subarray(0, length)), WireError);
});

test('a header of any version is written as it was read, but for reserved flags', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 28, maxLength: 28 }), (data) => {
      const major = data[17]! >> 4;
      if (major === 2) data[19]! &= 0x38;
      if (major === 1) data[19]! &= 0x07;
      const w = new Writer();
      encodeHeader(w, decodeHeader(new Reader(data)));
      assert.equal(hex(w.finish()), hex(data));
    }),
  );
});

test('unknown payloads keep their octets and the critical bit', () => {
  const message = decodeMessage(wrap(200, '0102', true));
  assert.deepEqual(message.payloads, [{ type: 'unknown', payloadType: 200, critical: true, data: bytes('0102') }]);
  assert.equal(hex(encodeMessage(message)), hex(wrap(200, '0102', true)));
  // The bit is of no meaning on a payload that is known (RFC 7296 2.5).
  assert.equal(hex(encodeMessage(decodeMessage(wrap(43, '01', true)))), hex(wrap(43, '01')));
});

const refused: [string, number, string][] = [
  ['an SA payload without proposals', 33, ''],
  ['a proposal that says it is not the last', 33, '02 00 0008 01 03 00 00'],
  ['a proposal that says it is the last', 33, '00 00 0008 01 03 00 00 00 00 0008 02 03 00 00'],
  ['a proposal with a length of 4', 33, '00 00 0004 01 03 00 00'],
  ['a proposal with fewer transforms than it says', 33, '00 00 0008 01 03 00 01'],
  ['a proposal with more transforms than it says', 33, '00 00 0010 01 03 00 00 00 00 0008 01 00 000c'],
  ['an SPI that is longer than the proposal', 33, '00 00 0009 01 03 04 00 01'],
  ['a transform that says there are more', 33, '00 00 0010 01 03 00 01 03 00 0008 01 00 000c'],
  ['a transform with a length of 7', 33, '00 00 0010 01 03 00 01 00 00 0007 01 00 000c'],
  ['an attribute that ends early', 33, '00 00 0014 01 03 00 01 00 00 000c 01 00 000c 000e 0004'],
  ['a nonce of 15 octets', 40, '00'.repeat(15)],
  ['a nonce of 257 octets', 40, '00'.repeat(257)],
  ['an IPv4 identity of 5 octets', 35, '01 000000 0a00000101'],
  ['an IPv6 identity of 4 octets', 36, '05 000000 0a000001'],
  ['an SPI that is longer than the notify', 41, '03 04 000b 010203'],
  ['a delete of ESP with SPIs of 8 octets', 42, '03 08 0001 0102030405060708'],
  ['a delete of the IKE_SA with an SPI', 42, '01 08 0001 0102030405060708'],
  ['a delete of many SPIs of no octets', 42, '07 00 ffff'],
  ['a delete with fewer SPIs than it says', 42, '03 04 0002 01020304'],
  ['a delete with more SPIs than it says', 42, '03 04 0001 0102030405060708'],
  ['a TS payload without selectors', 44, '00 000000'],
  ['a selector of the wrong length', 44, '01 000000 07 00 0014 0000 ffff 00000000 ffffffff 00000000'],
  ['a selector with a length of 3', 44, '01 000000 07 00 0003'],
  ['a TS payload with more selectors than it says', 44, '01 000000 09 00 0004 09 00 0004'],
  ['a CP attribute that ends early', 47, '01 000000 0001 0004 0a'],
];
for (const [what, type, body] of refused) {
  test(`refused: ${what}`, () => {
    assert.throws(() => decodeMessage(wrap(type, body)), WireError);
  });
}

test('refused: chains that do not end, loop back or go on', () => {
  const good = wrap(43, '01');
  const length = Uint8Array.from(good);
  new DataView(length.buffer).setUint32(24, good.length + 1);
  assert.throws(() => decodeMessage(length), /length field/);
  const trailing = Uint8Array.from([...good, 0]);
  assert.throws(() => decodeMessage(trailing), /length field/);
  new DataView(trailing.buffer).setUint32(24, trailing.length);
  assert.throws(() => decodeMessage(trailing), /trailing/);
  const short = Uint8Array.from(good);
  short[31] = 3;
  assert.throws(() => decodeMessage(short), /payload length is below 4/);
  const endless = Uint8Array.from(good);
  endless[28] = 43;
  assert.throws(() => decodeMessage(endless), /truncated/);
  // SK is the last payload: what follows it is inside it.
  const sk = decodeMessage(wrap(46, 'aabb'));
  assert.deepEqual(sk.payloads, [{ type: 'SK', firstPayload: 0, data: bytes('aabb') }]);
  assert.throws(() => encodeMessage({ ...sk, payloads: [...sk.payloads, ...sk.payloads] }), RangeError);
});

test('limits', () => {
  const vendor = { type: 'V', data: new Uint8Array(0) } as const;
  const most = envelope(Array.from({ length: MAX_PAYLOADS }, () => vendor));
  assert.equal(decodeMessage(encodeMessage(most)).payloads.length, MAX_PAYLOADS);
  const more = envelope([...most.payloads, vendor]);
  assert.throws(() => decodeMessage(encodeMessage(more)), /more than 128 payloads/);
  const proposal = { number: 1, protocol: 3, spi: new Uint8Array(0), transforms: [] };
  const proposals = (count: number) =>
    envelope([{ type: 'SA', proposals: Array.from({ length: count }, () => proposal) }]);
  assert.equal(decodeMessage(encodeMessage(proposals(MAX_PROPOSALS))).payloads.length, 1);
  assert.throws(() => decodeMessage(encodeMessage(proposals(MAX_PROPOSALS + 1))), /more than 64 proposals/);
  assert.throws(() => encodeMessage(envelope([{ type: 'V', data: new Uint8Array(65535) }])), WireError);
  assert.throws(() => decodeMessage(new Uint8Array(65536)), /above 65535/);
});

test('notify types by name and by number', () => {
  assert.equal(notifyName(NotifyType.TS_UNACCEPTABLE), 'TS_UNACCEPTABLE');
  assert.equal(notifyName(40000), '40000');
  assert.ok(isErrorNotify(NotifyType.CHILD_SA_NOT_FOUND));
  assert.ok(!isErrorNotify(NotifyType.INITIAL_CONTACT));
  assert.equal(new Set(Object.values(NotifyType)).size, Object.keys(NotifyType).length);
});
