import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '#lib/errors.js';
import {
  compareBytes,
  formatAddress,
  formatPrefix,
  fromHex,
  isAddress,
  maskPrefix,
  parseAddress,
  parsePrefix,
  prefixContains,
  prefixRange,
  Reader,
  rangePrefix,
  rangePrefixes,
  timingSafeEqual,
  toHex,
  Writer,
} from '#lib/wire/index.js';

test('a reader ends where its bytes end, and says where that was', () => {
  const r = new Reader(Uint8Array.of(1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 4, 5, 6));
  assert.equal(r.u8(), 1);
  assert.equal(r.u16(), 2);
  assert.equal(r.u32(), 3);
  assert.equal(r.u64(), 4n);
  const sub = r.sub(2);
  assert.equal(sub.u8(), 5);
  assert.throws(() => sub.u16('pair'), new WireError('pair is truncated', 16));
  assert.equal(sub.offset, 16, 'a failed read takes nothing');
  assert.throws(() => sub.done(), WireError);
  assert.equal(r.remaining, 0);
  assert.throws(() => r.u8(), WireError);
  assert.throws(() => r.sub(1), WireError);
  assert.equal(new Reader(Uint8Array.of(0xff, 0xff, 0xff, 0xff)).u32(), 0xffffffff);
});

test('a writer keeps its limit and every value', () => {
  const value = fc.oneof(
    fc.record({ kind: fc.constant('u8' as const), value: fc.nat(0xff) }),
    fc.record({ kind: fc.constant('u16' as const), value: fc.nat(0xffff) }),
    fc.record({ kind: fc.constant('u32' as const), value: fc.nat(0xffffffff) }),
    fc.record({ kind: fc.constant('u64' as const), value: fc.bigInt(0n, 0xffffffffffffffffn) }),
    fc.record({ kind: fc.constant('bytes' as const), value: fc.uint8Array({ maxLength: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(value, { maxLength: 60 }), (values) => {
      const w = new Writer(65535, 1); // Small, so that it grows again and again.
      for (const item of values) (w[item.kind] as (value: unknown) => void)(item.value);
      const r = new Reader(w.finish());
      for (const item of values) {
        if (item.kind === 'bytes') assert.equal(toHex(r.bytes(item.value.length)), toHex(item.value));
        else assert.equal(r[item.kind](), item.value);
      }
      r.done();
    }),
  );
  const w = new Writer(4, 1);
  w.u32(1);
  assert.throws(() => w.u8(0), WireError);
  assert.throws(() => new Writer().u8(256), WireError);
  assert.throws(() => new Writer().u16(-1), WireError);
  assert.throws(() => new Writer().u32(1.5), WireError);
  assert.throws(() => new Writer().patchU16(0, 1), RangeError);
});

test('addresses are read and written as RFC 4291 and RFC 5952 say', () => {
  const pairs = [
    ['192.168.0.1', '192.168.0.1'],
    ['2001:0DB8:0:0:0:0:0:1', '2001:db8::1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
    ['::', '::'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['1::', '1::'],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.1'],
    ['64:ff9b::10.0.0.1', '64:ff9b::a00:1'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
  ];
  for (const [text, canonical] of pairs) assert.equal(formatAddress(parseAddress(text!)), canonical);
  const wrong = [
    '',
    '1.2.3',
    '1.2.3.4.5',
    '256.1.1.1',
    '01.2.3.4',
    '1.2.3.a',
    ' 1.2.3.4',
    '1::2::3',
    ':::',
    '1:2:3:4:5:6:7',
  ];
  wrong.push(
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7:8::',
    '12345::',
    'g::',
    'fe80::1%eth0',
    '1.2.3.4::',
    ':1',
    '1:',
    '::1.2.3',
  );
  for (const text of wrong) {
    assert.equal(isAddress(text), false, text);
    assert.throws(() => parseAddress(text), TypeError);
  }
  assert.throws(() => formatAddress(new Uint8Array(5)), TypeError);
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
      const bytes = parseAddress(text);
      assert.equal(toHex(parseAddress(formatAddress(bytes))), toHex(bytes));
    }),
  );
});

test('prefixes and ranges', () => {
  assert.equal(formatPrefix(parsePrefix('10.1.202.7/24')), '10.1.202.0/24');
  assert.equal(formatPrefix(parsePrefix('2001:db8::1')), '2001:db8::1/128');
  for (const text of ['10.0.0.0/33', '::/129', '10.0.0.0/', '10.0.0.0/08', '10.0.0.0/-1', '/8']) {
    assert.throws(() => parsePrefix(text), TypeError);
  }
  assert.ok(prefixContains(parsePrefix('10.0.0.0/9'), parseAddress('10.127.255.255')));
  assert.ok(!prefixContains(parsePrefix('10.0.0.0/9'), parseAddress('10.128.0.0')));
  assert.ok(prefixContains(parsePrefix('0.0.0.0/0'), parseAddress('255.1.2.3')));
  assert.ok(!prefixContains(parsePrefix('0.0.0.0/0'), parseAddress('::')));
  const range = (start: string, end: string) => ({ start: parseAddress(start), end: parseAddress(end) });
  assert.deepEqual(rangePrefixes(range('10.0.0.1', '10.0.0.6')).map(formatPrefix), [
    '10.0.0.1/32',
    '10.0.0.2/31',
    '10.0.0.4/31',
    '10.0.0.6/32',
  ]);
  assert.deepEqual(rangePrefixes(range('0.0.0.0', '255.255.255.255')).map(formatPrefix), ['0.0.0.0/0']);
  assert.deepEqual(rangePrefixes(range('10.0.0.2', '10.0.0.1')), []);
  assert.equal(rangePrefixes(range('0.0.0.1', '255.255.255.254')).length, 62);
  assert.equal(rangePrefix(range('10.0.0.0', '10.0.0.2')), undefined);
  fc.assert(
    fc.property(fc.oneof(fc.tuple(fc.ipV4(), fc.nat(32)), fc.tuple(fc.ipV6(), fc.nat(128))), ([text, length]) => {
      const prefix = maskPrefix(parseAddress(text), length);
      const whole = prefixRange(prefix);
      assert.deepEqual(rangePrefix(whole), prefix);
      assert.deepEqual(rangePrefixes(whole), [prefix]);
      assert.ok(prefixContains(prefix, whole.start) && prefixContains(prefix, whole.end));
    }),
  );
  fc.assert(
    fc.property(fc.ipV4(), fc.ipV4(), (a, b) => {
      const [start, end] = [parseAddress(a), parseAddress(b)].sort(compareBytes);
      let next = BigInt(`0x${toHex(start!)}`);
      for (const prefix of rangePrefixes({ start: start!, end: end! })) {
        const part = prefixRange(prefix);
        assert.equal(BigInt(`0x${toHex(part.start)}`), next, 'no gap, no overlap');
        next = BigInt(`0x${toHex(part.end)}`) + 1n;
      }
      assert.equal(next - 1n, BigInt(`0x${toHex(end!)}`));
    }),
  );
});

test('bytes', () => {
  assert.ok(timingSafeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
  assert.ok(!timingSafeEqual(Uint8Array.of(1, 2), Uint8Array.of(1, 3)));
  assert.ok(!timingSafeEqual(Uint8Array.of(1, 2), Uint8Array.of(1)));
  assert.equal(toHex(fromHex('00ff10')), '00ff10');
  assert.throws(() => fromHex('0'), TypeError);
  assert.throws(() => fromHex('0g'), TypeError);
});
