import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeMessage } from '#lib/ike/message.js';
import { child, config as configOf } from './ike/configuration.ts';
import type { Outgoing } from './ike/host.ts';
import { Pair } from './ike/pair.ts';

const autoStart = (local: string, remote: string) => [child(local, remote, { autoStart: true })];

test('liveness is asked for only when nothing was heard', () => {
  const pair = new Pair({ a: { dpdIntervalSeconds: 8 } });
  pair.connect();
  pair.run(7000);
  assert.deepEqual(pair.ladder, []);
  pair.run(2000);
  assert.deepEqual(pair.ladder, ['a -> b INFORMATIONAL request {  }', 'b -> a INFORMATIONAL response {  }']);
  pair.ladder.length = 0;
  /* Traffic is a sign of life. */
  for (let i = 0; i < 30; i++) {
    pair.probe();
    pair.run(1000);
  }
  assert.deepEqual(pair.ladder, []);
});

test('a dead peer loses its SAs and is tried again until it is back', () => {
  const pair = new Pair({
    a: { dpdIntervalSeconds: 8, children: autoStart('10.1.0.0/16', '10.2.0.0/16') },
    b: { passive: true },
  });
  pair.run(1000);
  pair.assertConverged();
  pair.pass = () => false;
  pair.run(80_000);
  assert.equal(pair.a.named('ike-sa-closed')[0]?.reason, 'peer does not respond');
  assert.equal(pair.a.named('child-sa-closed')[0]?.reason, 'peer does not respond');
  assert.equal(pair.a.sas.size, 0);
  assert.ok(pair.a.ike.ikeSas().every(({ state }) => state === 'connecting'));
  pair.pass = () => true;
  pair.run(80_000);
  pair.assertConverged();
});

/** A NAT in front of a: a sits at 10.0.0.9 behind 203.0.113.7, whose ports can change. */
function natted(options: ConstructorParameters<typeof Pair>[0] = {}) {
  const pair = new Pair(options);
  const nat = { outside: '203.0.113.7', shift: 10_000 };
  pair.translate = (message: Outgoing) =>
    message.local.address === '192.0.2.1'
      ? { ...message, local: { address: nat.outside, port: message.local.port + nat.shift } }
      : { ...message, remote: { address: '192.0.2.1', port: message.remote.port - nat.shift } };
  pair.b.do(pair.b.ike.setPeers(pairOfB({ remote: '203.0.113.0/24', passive: true }), 0));
  return { pair, nat };
}

function pairOfB(overrides: NonNullable<Parameters<typeof configOf>[4]>) {
  return [configOf('a', '10.2.0.0/16', '10.1.0.0/16', '203.0.113.7', overrides)];
}

test('a peer is dead after as many unanswered questions as are configured', () => {
  const pair = new Pair({ a: { dpdIntervalSeconds: 8, dpdMaximumFailures: 2 } });
  pair.connect();
  pair.pass = () => false;
  pair.run(8000 + 2000 + 2000 * 1.6 + 100);
  assert.equal(pair.a.named('ike-sa-closed')[0]?.reason, 'peer does not respond');
  assert.deepEqual(pair.ladder, Array(2).fill('a -> b INFORMATIONAL request {  }'));
});

test('without NAT traversal nobody looks for a NAT, and ESP stays what it is', () => {
  for (const [a, b] of [
    [{ natTraversal: false }, {}],
    [{}, { natTraversal: false, forceEncapsulation: true }],
  ]) {
    const pair = new Pair({ a: { ...a, forceEncapsulation: true }, b: b ?? {} });
    const detections: number[] = [];
    pair.pass = ({ data, exchange, response }) => {
      if (exchange !== 'IKE_SA_INIT') return true;
      const { payloads } = decodeMessage(data);
      const count = payloads.filter(({ type, ...rest }) => type === 'N' && 'notify' in rest && rest.notify >= 16388);
      detections[response ? 1 : 0] = count.length;
      return true;
    };
    pair.connect();
    assert.deepEqual(detections, [a?.natTraversal === false ? 0 : 2, 0]);
    assert.equal(pair.a.outbound()?.keys.udpEncapsulation, false);
    assert.equal(pair.b.outbound()?.keys.udpEncapsulation, false);
    assert.equal(pair.sa(pair.a).remote.port, 500);
  }
});

test('RFC 7296 2.23: behind a NAT IKE floats to port 4500 and ESP is encapsulated', () => {
  const { pair } = natted();
  pair.connect();
  pair.assertConverged();
  const [a, b] = [pair.sa(pair.a), pair.sa(pair.b)];
  assert.deepEqual([a.natLocal, a.natRemote, b.natLocal, b.natRemote], [true, false, false, true]);
  assert.deepEqual([a.local.port, a.remote.port], [4500, 4500]);
  assert.deepEqual(b.remote, { address: '203.0.113.7', port: 14_500 });
  assert.equal(b.local.port, 4500);
  assert.equal(pair.a.outbound()?.udpEncapsulation, true);
  assert.equal(pair.b.outbound()?.udpEncapsulation, true);
  assert.deepEqual(pair.b.outbound()?.remote, { address: '203.0.113.7', port: 14_500 });
  pair.run(61_000);
  assert.equal(pair.a.keepalives, 3);
  assert.equal(pair.b.keepalives, 0);
});

test('RFC 7296 2.23: the end that is not behind the NAT follows its mapping, but only authentic messages', () => {
  const { pair, nat } = natted({ a: { dpdIntervalSeconds: 8 } });
  pair.connect();
  nat.shift = 20_000;
  /* A forged message from elsewhere moves nothing. */
  const { initiatorSpi, responderSpi } = pair.sa(pair.a);
  const forged = Buffer.from(`${initiatorSpi}${responderSpi}2e202508000000020000003829000000${'00'.repeat(24)}`, 'hex');
  forged.writeUInt32BE(forged.length, 24);
  pair.b.do(
    pair.b.ike.handleDatagram(
      { local: { address: '192.0.2.2', port: 4500 }, remote: { address: '198.51.100.1', port: 9 }, data: forged },
      pair.now,
    ),
  );
  assert.equal(pair.b.ike.counters().get('integrity check failed'), 1);
  assert.equal(pair.sa(pair.b).remote.address, '203.0.113.7');
  pair.run(10_000);
  assert.deepEqual(pair.sa(pair.b).remote, { address: '203.0.113.7', port: 24_500 });
  assert.deepEqual(pair.b.outbound()?.remote, { address: '203.0.113.7', port: 24_500 });
  nat.outside = '203.0.113.8';
  pair.run(10_000);
  assert.deepEqual(pair.b.outbound()?.remote, { address: '203.0.113.8', port: 24_500 });
  pair.b.do(pair.b.ike.rekeyIke(pair.sa(pair.b).ikeSa, pair.now));
  pair.run(2000);
  pair.b.do(pair.b.ike.rekeyChild(pair.child(pair.b).childSa, pair.now));
  pair.run(10_000);
  pair.assertConverged();
  assert.deepEqual(pair.b.outbound()?.remote, { address: '203.0.113.8', port: 24_500 });
});

for (const who of ['a', 'b'] as const) {
  test(`UDP encapsulation forced by ${who} is seen as a NAT by the other end`, () => {
    const pair = new Pair({ [who]: { forceEncapsulation: true } });
    pair.connect();
    pair.assertConverged();
    assert.deepEqual([pair.sa(pair.a).local.port, pair.sa(pair.b).local.port], [4500, 4500]);
    assert.equal(pair.a.outbound()?.udpEncapsulation, true);
    assert.equal(pair.b.outbound()?.udpEncapsulation, true);
    const other = who === 'a' ? pair.b : pair.a;
    assert.equal(pair.sa(other).natRemote, true);
  });
}

for (const [what, sides, expected] of [
  ['both ends prefer it', ['a', 'b'], true],
  ['only the initiator prefers it', ['a'], false],
  ['only the responder prefers it', ['b'], false],
] as const) {
  test(`ESP is ${expected ? '' : 'not '}in UDP without a NAT when ${what}`, () => {
    const of = (end: 'a' | 'b') => ({ prefersEncapsulation: sides.some((side) => side === end) });
    const pair = new Pair({ settings: { prefersEncapsulation: true }, a: of('a'), b: of('b') });
    let vendorIds = 0;
    pair.pass = ({ data, exchange }) => {
      if (exchange === 'IKE_SA_INIT')
        vendorIds += decodeMessage(data).payloads.filter(({ type }) => type === 'V').length;
      return true;
    };
    pair.connect();
    pair.assertConverged();
    assert.equal(vendorIds, sides.some((side) => side === 'a') ? 1 : 0);
    assert.equal(pair.a.outbound()?.udpEncapsulation, expected);
    assert.equal(pair.b.outbound()?.udpEncapsulation, expected);
    assert.equal(pair.sa(pair.a).remote.port, expected ? 4500 : 500);
  });
}

test('the end that is not behind the NAT follows CHILD_SA packets too', () => {
  const { pair, nat } = natted();
  pair.connect();
  nat.shift = 30_000;
  const childSa = pair.child(pair.b).childSa;
  pair.b.do(pair.b.ike.moved(childSa, { address: '203.0.113.7', port: 34_500 }, pair.now));
  assert.deepEqual(pair.sa(pair.b).remote, { address: '203.0.113.7', port: 34_500 });
  assert.deepEqual(pair.b.outbound()?.remote, { address: '203.0.113.7', port: 34_500 });
  /* a is behind it, and stays with what it knows. */
  pair.a.do(pair.a.ike.moved(pair.child(pair.a).childSa, { address: '198.51.100.1', port: 1 }, pair.now));
  assert.deepEqual(pair.sa(pair.a).remote, { address: '192.0.2.2', port: 4500 });
  assert.deepEqual(pair.a.outbound()?.remote, { address: '192.0.2.2', port: 4500 });
});

test('RFC 7296 2.23.1: transport mode through a NAT', () => {
  const port = (address: string) => ({
    protocol: 17,
    startPort: 1701,
    endPort: 1701,
    startAddress: address,
    endAddress: address,
  });
  const transport = { mode: 'transport', name: 'l2tp' } as const;
  const { pair } = natted({
    a: {
      children: [
        {
          ...child('192.0.2.1/32', '192.0.2.2/32', transport),
          local: [port('192.0.2.1')],
          remote: [port('192.0.2.2')],
        },
      ],
    },
  });
  const template = child('0.0.0.0/0', '0.0.0.0/0', { ...transport, template: true });
  pair.b.do(pair.b.ike.setPeers(pairOfB({ remote: '203.0.113.0/24', passive: true, children: [template] }), 0));
  pair.connect();
  /* a is told what it asked for, b has the address that the packets come from. */
  assert.equal(pair.child(pair.a).selectors, '192.0.2.1/32[udp/1701] === 192.0.2.2/32[udp/1701]');
  assert.equal(pair.child(pair.b).selectors, '192.0.2.2/32[udp/1701] === 203.0.113.7/32[udp/1701]');
  assert.equal(pair.a.outbound()?.keys.mode, 'transport');
  assert.deepEqual(pair.a.outbound()?.keys.keyOut, pair.b.outbound()?.keys.keyIn);
  pair.b.do(pair.b.ike.rekeyChild(pair.child(pair.b).childSa, pair.now));
  pair.run(5000);
  assert.equal(pair.child(pair.a).selectors, '192.0.2.1/32[udp/1701] === 192.0.2.2/32[udp/1701]');
  assert.equal(pair.child(pair.b).selectors, '192.0.2.2/32[udp/1701] === 203.0.113.7/32[udp/1701]');
  assert.equal(pair.b.named('child-sa-rekeyed').length, 1);
});
