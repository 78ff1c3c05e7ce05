import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { TrafficSelector } from '#lib/ike/config.js';
import {
  allowsFirstSelector,
  anyTrafficSelector,
  areSubsets,
  describeTrafficSelector,
  describeTrafficSelectors,
  equalTrafficSelector,
  equalTrafficSelectors,
  intersectTrafficSelectors,
  isSubset,
  narrowTrafficSelectors,
  prefixTrafficSelector,
  trafficSelectorPrefixes,
} from '#lib/ike/traffic-selector.js';

const prefix = prefixTrafficSelector;
const range = (startAddress: string, endAddress: string): TrafficSelector => ({
  protocol: 0,
  startPort: 0,
  endPort: 65535,
  startAddress,
  endAddress,
});
const opaque = (selector: TrafficSelector): TrafficSelector => ({ ...selector, startPort: 65535, endPort: 0 });

/** `offered` and `policy` in words, and what is left of them. */
const narrowed = (offered: TrafficSelector[], policy: TrafficSelector[]): string =>
  describeTrafficSelectors(narrowTrafficSelectors(offered, policy));

test('narrowing as RFC 7296 2.9 has it', () => {
  const lan = prefix('10.1.0.0/16');
  const policy = [prefix('10.1.0.0/24')];
  assert.equal(narrowed([lan], policy), '10.1.0.0/24');
  assert.equal(narrowed([prefix('10.1.0.0/25')], policy), '10.1.0.0/25', 'all of it is allowed');
  assert.equal(narrowed([prefix('10.2.0.0/16')], policy), '', 'TS_UNACCEPTABLE');
  assert.equal(narrowed([anyTrafficSelector(6)], policy), '', 'another family');
  const two = [prefix('10.1.0.0/24'), prefix('10.3.0.0/24')];
  assert.equal(narrowed([anyTrafficSelector(4)], two), '10.1.0.0/24 10.3.0.0/24');
  assert.equal(narrowed(two, [anyTrafficSelector(4)]), '10.1.0.0/24 10.3.0.0/24', 'the same selectors come back');
  // The example of RFC 7296 2.9: a packet of 198.51.100.43 to 192.0.2.123, TCP ports 2322 and 22.
  const packet = prefix('192.0.2.123', 6, 22, 22);
  const responder = [prefix('192.0.2.0/24')];
  assert.equal(narrowed([packet, anyTrafficSelector(4)], responder), '192.0.2.0/24');
  assert.ok(areSubsets([packet], narrowTrafficSelectors([packet, anyTrafficSelector(4)], responder)));
  assert.ok(allowsFirstSelector([packet, anyTrafficSelector(4)], responder));
  assert.ok(!allowsFirstSelector([packet], [prefix('192.0.2.0/24', 17)]));
  assert.ok(!allowsFirstSelector([], responder));
  // A policy that cannot take the first selector gives what it can.
  assert.equal(narrowed([packet, anyTrafficSelector(4)], [prefix('192.0.2.0/24', 17)]), '192.0.2.0/24[udp]');
});

test('protocols and ports', () => {
  const tcp = prefix('10.0.0.0/8', 6, 80, 90);
  assert.deepEqual(intersectTrafficSelectors(tcp, prefix('10.1.0.0/16')), prefix('10.1.0.0/16', 6, 80, 90));
  assert.deepEqual(intersectTrafficSelectors(tcp, prefix('10.0.0.0/8', 6, 85, 100)), prefix('10.0.0.0/8', 6, 85, 90));
  assert.equal(intersectTrafficSelectors(tcp, prefix('10.0.0.0/8', 17)), undefined);
  assert.equal(intersectTrafficSelectors(tcp, prefix('10.0.0.0/8', 6, 91, 100)), undefined);
  assert.ok(isSubset(tcp, prefix('10.0.0.0/8')));
  assert.ok(!isSubset(prefix('10.0.0.0/8'), tcp));
});

test('OPAQUE ports are a part of any port and of nothing else', () => {
  const any = prefix('10.0.0.0/8', 6);
  assert.ok(isSubset(opaque(any), any));
  assert.ok(!isSubset(any, opaque(any)));
  assert.deepEqual(intersectTrafficSelectors(opaque(any), opaque(any)), opaque(any));
  assert.equal(intersectTrafficSelectors(opaque(any), prefix('10.0.0.0/8', 6, 0, 80)), undefined);
});

test('a range that is none allows nothing', () => {
  const backwards = range('10.0.0.9', '10.0.0.1');
  assert.equal(intersectTrafficSelectors(backwards, anyTrafficSelector(4)), undefined);
  assert.ok(!isSubset(backwards, anyTrafficSelector(4)));
  assert.ok(!isSubset({ ...anyTrafficSelector(4), startPort: 9, endPort: 8 }, anyTrafficSelector(4)));
  assert.deepEqual(narrowTrafficSelectors([backwards], [anyTrafficSelector(4)]), []);
  assert.deepEqual(trafficSelectorPrefixes([backwards]), []);
  assert.ok(!areSubsets([], [anyTrafficSelector(4)]));
});

test('equality looks at addresses, not at their spelling', () => {
  assert.ok(equalTrafficSelector(range('2001:DB8:0::1', '2001:db8::f'), range('2001:db8::1', '2001:db8:0:0::f')));
  assert.ok(!equalTrafficSelector(range('10.0.0.1', '10.0.0.1'), range('10.0.0.1', '10.0.0.2')));
  assert.ok(!equalTrafficSelector(prefix('10.0.0.1', 6), prefix('10.0.0.1', 17)));
  const [a, b] = [prefix('10.0.0.1'), prefix('10.0.0.2')];
  assert.ok(equalTrafficSelectors([a, b], [a, b]));
  assert.ok(!equalTrafficSelectors([a, b], [b, a]));
  assert.ok(!equalTrafficSelectors([a], [a, b]));
});

test('in words and as prefixes', () => {
  const cases: [TrafficSelector, string][] = [
    [anyTrafficSelector(4), '0.0.0.0/0'],
    [anyTrafficSelector(6), '::/0'],
    [prefix('10.1.0.0/24', 6, 80, 80), '10.1.0.0/24[tcp/80]'],
    [prefix('10.1.0.0/24', 17, 1000, 2000), '10.1.0.0/24[udp/1000-2000]'],
    [prefix('10.1.0.1', 1, 0x0800, 0x0800), '10.1.0.1/32[icmp/8.0]'],
    [prefix('2001:db8::/32', 58, 0x8000, 0x80ff), '2001:db8::/32[ipv6-icmp/128.0-128.255]'],
    [prefix('10.1.0.0/24', 0, 5, 5), '10.1.0.0/24[any/5]'],
    [prefix('10.1.0.0/24', 99), '10.1.0.0/24[99]'],
    [opaque(prefix('10.1.0.0/24', 132)), '10.1.0.0/24[sctp/opaque]'],
    [range('10.1.0.5', '10.1.0.9'), '10.1.0.5-10.1.0.9'],
  ];
  for (const [selector, text] of cases) assert.equal(describeTrafficSelector(selector), text);
  assert.deepEqual(trafficSelectorPrefixes([range('10.1.0.5', '10.1.0.8'), prefix('10.1.0.8'), prefix('fe80::/64')]), [
    '10.1.0.5/32',
    '10.1.0.6/31',
    '10.1.0.8/32',
    'fe80::/64',
  ]);
});

test('a large offer is cut, and takes no time that grows with its square', () => {
  const offered = Array.from({ length: 255 }, (_, i) => prefix(`10.0.${i}.0/24`));
  const policy = Array.from({ length: 200 }, (_, i) => prefix(`10.0.0.0/16`, i + 1));
  const result = narrowTrafficSelectors(offered, policy);
  assert.equal(result.length, 64);
  assert.ok(areSubsets(result, offered) && areSubsets(result, policy));
});

/** A world small enough to look at every packet. */
interface Packet {
  readonly address: number;
  readonly protocol: number;
  readonly port: number;
}
const packets: Packet[] = [0, 1, 2, 3, 4, 5, 6, 7].flatMap((address) =>
  [6, 17].flatMap((protocol) => [0, 1, 2, 65535].map((port) => ({ address, protocol, port }))),
);
const selector = fc
  .record({
    protocol: fc.constantFrom(0, 6, 17),
    startPort: fc.constantFrom(0, 1, 2),
    endPort: fc.constantFrom(0, 1, 2, 65535),
    start: fc.nat(7),
    end: fc.nat(7),
  })
  .map(({ start, end, ...rest }) => ({ ...rest, startAddress: `10.0.0.${start}`, endAddress: `10.0.0.${end}` }));
const matches = (s: TrafficSelector, { address, protocol, port }: Packet): boolean =>
  (s.protocol === 0 || s.protocol === protocol) &&
  s.startPort <= port &&
  port <= s.endPort &&
  Number(s.startAddress.slice(7)) <= address &&
  address <= Number(s.endAddress.slice(7));

test('narrowing allows exactly the packets that both allow', () => {
  const list = fc.array(selector, { maxLength: 5 });
  fc.assert(
    fc.property(list, list, (offered, policy) => {
      const result = narrowTrafficSelectors(offered, policy);
      for (const packet of packets) {
        const expected = offered.some((s) => matches(s, packet)) && policy.some((s) => matches(s, packet));
        assert.equal(
          result.some((s) => matches(s, packet)),
          expected,
        );
      }
      for (const [i, one] of result.entries()) {
        assert.ok(
          result.every((other, k) => i === k || !isSubset(one, other)),
          'no selector is for nothing',
        );
      }
      if (allowsFirstSelector(offered, policy)) assert.ok(areSubsets([offered[0]!], result));
    }),
    { numRuns: 1000 },
  );
});

test('a subset has no packet that is not in the whole', () => {
  fc.assert(
    fc.property(selector, selector, (inner, outer) => {
      const seen = packets.filter((packet) => matches(inner, packet));
      const expected = seen.length > 0 && seen.every((packet) => matches(outer, packet));
      // Protocols other than the two of this world are in 0 alone.
      assert.equal(isSubset(inner, outer), expected && (inner.protocol !== 0 || outer.protocol === 0));
    }),
    { numRuns: 1000 },
  );
});
