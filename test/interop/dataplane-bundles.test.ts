import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SaSpec } from '#lib/dataplane/index.js';
import { Capture, missingKernelFeature, until } from '../lab/index.ts';
import { changed } from './dataplane/gateway.ts';
import { ah, bundlePolicy, esp, ipcomp, type Layer, layerOf } from './dataplane/layers.ts';
import { net, spis, Tunnel } from './dataplane/tunnel.ts';

const lacking = missingKernelFeature();

async function open(inner: 4 | 6, outer: 4 | 6, layers: readonly Layer[], more: Partial<SaSpec> = {}): Promise<Tunnel> {
  const transport = layers[0]!.mode === 'transport';
  const options = { inner, outer, udp: false, suite: 'aes-gcm', withoutSas: true } as const;
  const tunnel = await Tunnel.open(transport ? { ...options, mode: 'transport' } : options);
  const bundle = bundlePolicy(layers);
  for (const side of ['left', 'right'] as const) {
    const gateway = side === 'left' ? tunnel.leftGateway : tunnel.rightGateway;
    await gateway.call('setPolicies', [tunnel.policy(side, bundle)]);
    for (const direction of ['in', 'out'] as const)
      for (const layer of layers)
        await gateway.call('addSa', { ...layerOf(tunnel.sa(side, direction), layer), ...more });
  }
  return tunnel;
}

describe('AH, IPComp and bundles through two userspace data planes', { skip: lacking, timeout: 240_000 }, () => {
  const cases: { title: string; inner: 4 | 6; outer: 4 | 6; layers: Layer[]; more?: Partial<SaSpec> }[] = [];
  for (const outer of [4, 6] as const) {
    for (const inner of [4, 6] as const)
      cases.push({ title: 'AH, tunnel mode', inner, outer, layers: [ah('tunnel')], more: { esn: inner === outer } });
    cases.push({ title: 'AH, transport mode', inner: outer, outer, layers: [ah('transport', 'sha512-256')] });
    cases.push({ title: 'AH around ESP of tunnel mode', inner: 4, outer, layers: [esp('tunnel'), ah('transport')] });
    cases.push({
      title: 'AH around ESP of transport mode',
      inner: outer,
      outer,
      layers: [esp('transport'), ah('transport')],
    });
  }
  for (const integrity of ['md5-96', 'sha1-96', 'sha384-192', 'aes-xcbc-96', 'aes-cmac-96'] as const)
    cases.push({
      title: `AH, ${integrity}`,
      inner: 4,
      outer: 4,
      layers: [ah('transport', integrity)],
      more: { esn: true },
    });
  cases.push({ title: 'ESP of tunnel mode around AH', inner: 4, outer: 4, layers: [ah('transport'), esp('tunnel')] });
  cases.push({ title: 'IPComp in ESP, tunnel', inner: 4, outer: 4, layers: [ipcomp('tunnel'), esp('transport')] });
  cases.push({
    title: 'IPComp in ESP, transport',
    inner: 6,
    outer: 6,
    layers: [ipcomp('transport'), esp('transport')],
  });
  cases.push({
    title: 'IPComp in ESP in UDP',
    inner: 4,
    outer: 4,
    layers: [ipcomp('transport'), esp('transport', true)],
  });
  cases.push({ title: 'ESP alone, transport', inner: 4, outer: 4, layers: [esp('transport')] });
  cases.push({ title: 'ESP in UDP alone, transport', inner: 4, outer: 4, layers: [esp('transport', true)] });
  cases.push({ title: 'ESP alone, transport', inner: 6, outer: 6, layers: [esp('transport')] });

  for (const { title, inner, outer, layers, more } of cases) {
    test(`${title}, IPv${inner} in IPv${outer}`, async () => {
      await using tunnel = await open(inner, outer, layers, more);
      const gateways = [tunnel.leftGateway, tunnel.rightGateway];
      const before = await Promise.all(gateways.map((gateway) => gateway.statistics()));
      const capture = await Capture.start(tunnel.right, 'wan', 'not arp and not icmp6 and not (ip6 and ip6[6] = 0)');
      const from = layers[0]!.mode === 'transport' ? tunnel.left : tunnel.a;
      // Who sends IPv6 has to learn how much is too much, on both ways.
      if (inner === 6) await from.ping(tunnel.innerTarget, { count: 3, bytes: 3000 });
      // The second is longer than any link between them.
      for (const bytes of [600, 3000])
        assert.deepEqual(
          await from.ping(tunnel.innerTarget, { count: 3, bytes }),
          { sent: 3, received: 3 },
          `${bytes}`,
        );
      await capture.stop();
      const protocols = new Set(
        capture.packets().map(({ data: ip }) => {
          return ip[0]! >> 4 === 4 ? ip[9]! : ip[6] === 44 ? ip[40]! : ip[6]!;
        }),
      );
      await capture.close();
      const outermost = layers.at(-1)!;
      assert.deepEqual([...protocols], [outermost.udp ? 17 : outermost.protocol === 'ah' ? 51 : 50]);
      for (const [i, gateway] of gateways.entries())
        assert.deepEqual(changed(before[i]!, await gateway.statistics()), {});
    });
  }

  test('a packet that lacks one of its SAs is refused, and so is one in the clear', async () => {
    await using tunnel = await open(4, 4, [esp('tunnel'), ah('transport')]);
    // Left forgets about AH.
    await tunnel.leftGateway.call('setPolicies', [tunnel.policy('left')]);
    const before = await tunnel.rightGateway.statistics();
    assert.equal(await tunnel.request(3), 0);
    await tunnel.rightGateway.counted('inTemplateMismatches', before, 3n);
    assert.deepEqual(changed(before, await tunnel.rightGateway.statistics()), { inTemplateMismatches: '+3' });
  });

  test('IPComp alone is refused by name', async () => {
    await using tunnel = await open(4, 4, [esp('tunnel')]);
    const alone = tunnel.policy('left', { protocols: ['ipcomp'] });
    await assert.rejects(tunnel.leftGateway.call('setPolicies', [alone]), {
      name: 'UnsupportedError',
      message: /IPComp/,
    });
    assert.equal(await tunnel.request(1), 1);
  });

  test('outBundleErrors: ESP in UDP inside of AH', async () => {
    await using tunnel = await open(4, 4, [esp('tunnel', true), ah('transport')]);
    const before = await tunnel.leftGateway.statistics();
    assert.equal(await tunnel.request(2), 0);
    await tunnel.leftGateway.counted('outBundleErrors', before, 2n);
    assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), { outBundleErrors: '+2' });
  });

  test('outBundleCheckErrors: SAs that do not nest', async () => {
    await using tunnel = await open(4, 4, [esp('tunnel'), ah('transport')]);
    // AH to another gateway than the tunnel's.
    const elsewhere = { ...layerOf(tunnel.sa('left', 'out'), ah('transport')), spi: 0x1234, dst: '192.0.2.77' };
    await tunnel.leftGateway.call('addSa', elsewhere);
    const before = await tunnel.leftGateway.statistics();
    assert.equal(await tunnel.request(2), 0);
    await tunnel.leftGateway.counted('outBundleCheckErrors', before, 2n);
    assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), { outBundleCheckErrors: '+2' });
  });

  test('an AH packet is refused when forged, and its SA counts it', async () => {
    await using tunnel = await open(4, 4, [ah('tunnel', 'sha1-96')]);
    const wrong = new Uint8Array(20);
    const key = { spi: spis.leftToRight, dst: net.right[4], protocol: 'ah' } as const;
    assert.equal(await tunnel.leftGateway.call('deleteSa', key), true);
    await tunnel.leftGateway.call('addSa', {
      ...layerOf(tunnel.sa('left', 'out'), ah('tunnel', 'sha1-96')),
      integrityKey: wrong,
    });
    const before = await tunnel.rightGateway.statistics();
    assert.equal(await tunnel.request(3), 0);
    await tunnel.rightGateway.counted('inStateProtocolErrors', before, 3n);
    assert.deepEqual(changed(before, await tunnel.rightGateway.statistics()), { inStateProtocolErrors: '+3' });
  });

  /** IPv4 packets as they are, by the routes of the namespace; each a header of `words` 32-bit words. */
  const raw = (packets: readonly Buffer[]) => `
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
for p in ${JSON.stringify(packets.map((packet) => packet.toString('hex')))}:
    s.sendto(bytes.fromhex(p), ('${net.right[4]}', 0))
`;
  const packet = (fragment: number, payload: number, options = Buffer.alloc(0)) => {
    const bytes = Buffer.alloc(20 + options.length + payload);
    bytes[0] = 0x45 + options.length / 4;
    bytes.writeUInt16BE(0x4711, 4);
    bytes.writeUInt16BE(fragment, 6);
    bytes[8] = 64;
    bytes[9] = 17;
    for (const [at, address] of [
      [12, net.left[4]],
      [16, net.right[4]],
    ] as const)
      bytes.set(address.split('.').map(Number), at);
    bytes.set(options, 20);
    return bytes;
  };
  const MORE = 0x2000;

  test('outPolicyDead: the policy that the first fragment met is gone before the last one comes', async () => {
    await using tunnel = await open(4, 4, [esp('transport')]);
    const before = await tunnel.leftGateway.statistics();
    const send = (...packets: Buffer[]) => tunnel.left.exec('/usr/bin/python3', ['-c', raw(packets)]);
    await send(packet(MORE, 800));
    await tunnel.leftGateway.call('setPolicies', [tunnel.policy('left', { id: 77 })]);
    await send(packet(100, 40));
    await tunnel.leftGateway.counted('outPolicyDead', before);
    assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), { outPolicyDead: '+1' });
  });

  test('outStateModeErrors: fragments that overlap, where transport mode wants the whole datagram', async () => {
    await using tunnel = await open(4, 4, [esp('transport')]);
    const before = await tunnel.leftGateway.statistics();
    const piece = packet(MORE, 800);
    await tunnel.left.exec('/usr/bin/python3', ['-c', raw([piece, piece])]);
    await tunnel.leftGateway.counted('outStateModeErrors', before);
    assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), { outStateModeErrors: '+1' });
  });

  test('outStateProtocolErrors: AH over options that cannot be read', async () => {
    await using tunnel = await open(4, 4, [ah('transport')]);
    const before = await tunnel.leftGateway.statistics();
    // A loose source route of two octets.
    await tunnel.left.exec('/usr/bin/python3', ['-c', raw([packet(0, 40, Buffer.from([131, 2, 0, 0]))])]);
    await tunnel.leftGateway.counted('outStateProtocolErrors', before);
    assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), { outStateProtocolErrors: '+1' });
  });

  test("outStateInvalid: the SA's own address is none of this host's", async () => {
    await using tunnel = await open(4, 4, [esp('tunnel')]);
    await tunnel.leftGateway.call('addSa', { ...tunnel.sa('left', 'out'), spi: 0x1235, src: '192.0.2.99' });
    const before = await tunnel.leftGateway.statistics();
    assert.equal(await tunnel.request(2), 0);
    await tunnel.leftGateway.counted('outStateInvalid', before, 2n);
    assert.deepEqual(changed(before, await tunnel.leftGateway.statistics()), { outStateInvalid: '+2' });
  });

  test('dummy packets are sent at their rate, counted by the peer and never heard of again', async () => {
    await using tunnel = await open(4, 4, [esp('tunnel')]);
    const before = await tunnel.rightGateway.statistics();
    const tfc = { padTo: 'mtu', dummiesPerSecond: 40 } as const;
    await tunnel.leftGateway.call('addSa', { ...tunnel.sa('left', 'out'), spi: 0x1236, tfc });
    await tunnel.rightGateway.call('addSa', { ...tunnel.sa('right', 'in'), spi: 0x1236 });
    await until(async () => (await tunnel.rightGateway.threadStatistics()).dummies >= 10n, 5000, 'ten dummies');
    // Padded to what the path carries, a packet of 100 octets is as long as any: through an SA without dummies, which may
    // be as long.
    await tunnel.leftGateway.call('addSa', { ...tunnel.sa('left', 'out'), spi: 0x1237, tfc: { padTo: 'mtu' } });
    await tunnel.rightGateway.call('addSa', { ...tunnel.sa('right', 'in'), spi: 0x1237 });
    const { dst } = tunnel.sa('left', 'out');
    await tunnel.leftGateway.call('deleteSa', { spi: 0x1236, dst, protocol: 'esp' });
    const capture = await Capture.start(tunnel.right, 'wan', 'ip proto 50 and src host 192.0.2.1 and greater 1400');
    assert.deepEqual(await tunnel.a.ping(tunnel.innerTarget, { count: 3, bytes: 100 }), { sent: 3, received: 3 });
    await capture.stop();
    assert.equal(capture.packets().length, 3);
    await capture.close();
    assert.deepEqual(changed(before, await tunnel.rightGateway.statistics()), {});
  });
});
