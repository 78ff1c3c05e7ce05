import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { implementations } from '#lib/crypto/index.js';
import {
  ClosedError,
  decapsulate,
  type EspSaSpec,
  encapsulate,
  InboundSa,
  OutboundSa,
  PacketBatch,
  statuses,
} from '#lib/esp/index.js';

/** One line of test/vectors/esp/packets.json, see generate.py beside it. */
interface Case {
  encryption: EspSaSpec['encryption'];
  encryptionKey: string;
  integrity: EspSaSpec['integrity'];
  integrityKey: string;
  mode: EspSaSpec['mode'];
  src: string;
  dst: string;
  udp: string;
  spi: string;
  esn: string;
  sequence: string;
  plain: string;
  wire: string;
}

const cases: Case[] = JSON.parse(readFileSync('test/vectors/esp/packets.json', 'utf8'));
const hex = (text: string) => Buffer.from(text, 'hex');

function specOf(c: Case, implementation: string): EspSaSpec {
  const [srcPort, dstPort] = c.udp.split(' ').map(Number) as [number, number];
  return {
    spi: Number(c.spi),
    mode: c.mode,
    src: c.src,
    dst: c.dst,
    ...(c.udp ? { udp: { srcPort, dstPort } } : {}),
    encryption: c.encryption,
    encryptionKey: hex(c.encryptionKey),
    integrity: c.integrity,
    integrityKey: hex(c.integrityKey),
    esn: c.esn === 'yes',
    sequence: BigInt(c.sequence) - 1n,
    implementation,
  };
}

for (const implementation of implementations()) {
  describe(`ESP packets of scapy, ${implementation}`, () => {
    it('all open in one batch, every packet with its own SA', () => {
      const batch = new PacketBatch({ capacity: cases.length });
      const sas = cases.map((c) => new InboundSa(specOf(c, implementation)));
      for (const c of cases) batch.push(hex(c.wire));
      assert.equal(decapsulate(batch, sas), cases.length);
      cases.forEach((c, i) => {
        assert.equal(Buffer.from(batch.packet(i)).toString('hex'), c.plain);
        assert.equal(batch.sequences[i], BigInt(c.sequence));
        assert.equal(sas[i]!.highest, BigInt(c.sequence));
      });
    });

    it('come out of the same plain packets, byte for byte where the IV is the sequence number', () => {
      const batch = new PacketBatch({ capacity: cases.length });
      for (const c of cases) batch.push(hex(c.plain));
      const sas = cases.map((c) => new OutboundSa(specOf(c, implementation)));
      assert.equal(encapsulate(batch, sas), cases.length);
      cases.forEach((c, i) => {
        const got = Buffer.from(batch.packet(i)).toString('hex');
        assert.equal(got.length, c.wire.length);
        assert.equal(got === c.wire, !c.encryption.endsWith('-cbc'));
      });
      // CBC: what we made, opened by the other end.
      const back = cases.map((c) => new InboundSa(specOf(c, implementation)));
      assert.equal(decapsulate(batch, back), cases.length);
      cases.forEach((c, i) => {
        assert.equal(Buffer.from(batch.packet(i)).toString('hex'), c.plain);
      });
    });
  });
}

const spec: EspSaSpec = {
  spi: 0x1000,
  mode: 'tunnel',
  src: '192.0.2.1',
  dst: '192.0.2.2',
  encryption: 'aes-gcm',
  encryptionKey: new Uint8Array(20).fill(3),
  integrity: 'none',
  integrityKey: new Uint8Array(0),
  esn: false,
};
/** An IPv4 packet with so many bytes behind its header. */
function packetOf(bytes: number): Buffer {
  const packet = Buffer.concat([hex('4500000000000000401100000a0000010a000002'), Buffer.from(count(bytes, 5))]);
  packet.writeUInt16BE(packet.length, 2);
  return packet;
}
const plain = hex('4500001c00000000401166cf0a0000010a000002123400350008d972');

/** Key bytes of every encryption, and of every integrity that can stand beside it. */
const encryptions: [EspSaSpec['encryption'], number[]][] = [
  ['null', [0]],
  ['des-cbc', [8]],
  ['3des-cbc', [24]],
  ['aes-cbc', [16, 24, 32]],
  ['aes-ctr', [20, 28, 36]],
  ['aes-gcm', [20, 28, 36]],
  ['aes-ccm', [19, 27, 35]],
  ['chacha20-poly1305', [36]],
  ['blowfish-cbc', [5, 16, 56]],
  ['twofish-cbc', [16, 24, 32]],
  ['camellia-cbc', [16, 24, 32]],
  ['camellia-ctr', [20, 28, 36]],
  ['null-aes-gmac', [20, 28, 36]],
];
const integrities: [EspSaSpec['integrity'], number][] = [
  ['md5-96', 16],
  ['sha1-96', 20],
  ['sha256-128', 32],
  ['sha384-192', 48],
  ['sha512-256', 64],
  ['aes-xcbc-96', 16],
  ['aes-cmac-96', 16],
];
const count = (bytes: number, first: number) => Uint8Array.from({ length: bytes }, (_, i) => first + i * 7);

for (const implementation of implementations()) {
  describe(`ESP with every algorithm, ${implementation}`, () => {
    for (const [encryption, sizes] of encryptions) {
      const aead = ['aes-gcm', 'aes-ccm', 'chacha20-poly1305', 'null-aes-gmac'].includes(encryption);
      it(encryption, () => {
        for (const [integrity, macBytes] of aead ? ([['none', 0]] as const) : integrities) {
          for (const [n, bytes] of sizes.entries()) {
            const sa: EspSaSpec = {
              ...spec,
              encryption,
              encryptionKey: count(bytes, 3),
              integrity,
              integrityKey: count(macBytes, 1),
              esn: n % 2 === 0,
              implementation,
            };
            using out = new OutboundSa(sa);
            using into = new InboundSa(sa);
            const batch = new PacketBatch({ capacity: 70 });
            const sent = Array.from({ length: 70 }, (_, i) => packetOf(i * 21));
            for (const packet of sent) batch.push(packet);
            assert.equal(encapsulate(batch, out), sent.length);
            const [a, b] = [batch.packet(2), batch.packet(3)].map((p) => Buffer.from(p));
            if (!encryption.startsWith('null')) assert.equal(a!.indexOf(sent[2]!.subarray(20)), -1);
            assert.ok(!a!.subarray(28, 36).equals(b!.subarray(28, 36)), 'IVs differ');
            batch.packet(69)[60]! ^= 1;
            assert.equal(decapsulate(batch, into), sent.length - 1);
            sent.slice(0, -1).forEach((packet, i) => {
              assert.deepEqual(Buffer.from(batch.packet(i)), packet);
            });
          }
        }
      });
    }
  });
}

describe('encapsulate and decapsulate', () => {
  it('count sequence numbers, refuse replays and forgeries', () => {
    using out = new OutboundSa(spec);
    using into = new InboundSa(spec);
    const batch = new PacketBatch({ capacity: 4 });
    for (let i = 0; i < 3; i++) batch.push(plain);
    assert.equal(encapsulate(batch, out), 3);
    assert.deepEqual([...batch.sequences.subarray(0, 3)], [1n, 2n, 3n]);
    assert.equal(out.sequence, 3n);
    const wire = [0, 1, 2].map((i) => Uint8Array.from(batch.packet(i)));
    batch.clear();
    batch.push(wire[0]!);
    batch.push(wire[0]!);
    batch.push(wire[1]!.map((b, i) => (i === 40 ? b ^ 1 : b)));
    batch.push(wire[2]!.subarray(0, 30));
    assert.equal(decapsulate(batch, into), 1);
    assert.deepEqual(
      [0, 1, 2, 3].map((i) => batch.statusOf(i)),
      ['ok', 'replayed', 'integrity', 'malformedOuter'],
    );
    assert.deepEqual(Buffer.from(batch.packet(0)), plain);
    assert.equal(into.highest, 1n);
  });

  it('leave the outer header to the socket when told so', () => {
    using out = new OutboundSa(spec);
    using into = new InboundSa(spec);
    const batch = new PacketBatch({ capacity: 1 });
    batch.push(plain);
    encapsulate(batch, out, { outerHeader: false });
    assert.equal(Buffer.from(batch.packet(0)).readUInt32BE(0), spec.spi);
    assert.equal(decapsulate(batch, into, { outerHeader: false }), 1);
    assert.deepEqual(Buffer.from(batch.packet(0)), plain);
  });

  it('keep a packet inside its slot', () => {
    using out = new OutboundSa(spec);
    const stride = out.headBytes + plain.length;
    const batch = new PacketBatch({ capacity: 2, stride, headroom: out.headBytes });
    batch.push(plain);
    assert.equal(encapsulate(batch, out), 0);
    assert.equal(batch.statusOf(0), 'noRoom');
    assert.deepEqual(Buffer.from(batch.packet(0)), plain);
    batch.offsets[0] = 1;
    batch.lengths[0] = stride;
    assert.throws(() => encapsulate(batch, out), { name: 'TypeError', message: /offsets\[0\]/ });
    batch.count = 3;
    assert.throws(() => encapsulate(batch, out), TypeError);
  });

  it('stop before the sequence number wraps', () => {
    using out = new OutboundSa({ ...spec, sequence: 0xffffffffn });
    const batch = new PacketBatch({ capacity: 1 });
    batch.push(plain);
    assert.equal(encapsulate(batch, out), 0);
    assert.equal(batch.statusOf(0), 'sequenceOverflow');
  });

  it('fit the MTU', () => {
    using out = new OutboundSa({ ...spec, udp: { srcPort: 4500, dstPort: 4500 } });
    const payload = out.maximumPayload(1500);
    const batch = new PacketBatch({ capacity: 1 });
    const packet = Buffer.alloc(payload);
    plain.copy(packet);
    packet.writeUInt16BE(payload, 2);
    batch.push(packet);
    assert.equal(encapsulate(batch, out), 1);
    assert.ok(batch.packet(0).length <= 1500 && batch.packet(0).length > 1490);
  });

  it('refuse the wrong direction, fewer SAs than packets, closed SAs and what cannot be', () => {
    const out = new OutboundSa(spec);
    using into = new InboundSa(spec);
    const batch = new PacketBatch({ capacity: 1 });
    batch.push(plain);
    assert.throws(() => encapsulate(batch, into as never), TypeError);
    assert.throws(() => encapsulate(batch, []), { name: 'TypeError', message: /fewer SAs than packets/ });
    out.close();
    out.close();
    assert.throws(() => encapsulate(batch, out), ClosedError);
    assert.throws(() => out.sequence, ClosedError);
    for (const [change, message] of [
      [{ spi: 255 }, /spi: /],
      [{ src: '192.0.2' }, /src: not an IP address/],
      [{ dst: '::1' }, /dst: not of the IP version of src/],
      [{ mode: 'beet' }, /mode: unknown: beet/],
      [{ replayWindow: 31 }, /replayWindow: 0 or 32..4096, got 31/],
      [{ dscp: 64 }, /dscp: /],
      [{ udp: { srcPort: 0, dstPort: 1 } }, /srcPort/],
      [{ sequence: 1n << 32n }, /sequence: more than 32 bits want esn/],
      [{ sequence: -1n }, /sequence: not a bigint/],
    ] as [object, RegExp][]) {
      assert.throws(() => new InboundSa({ ...spec, ...change }), { name: 'TypeError', message });
    }
  });

  it('have a name for every status', () => {
    assert.equal(statuses[0], 'ok');
    assert.equal(new Set(statuses).size, statuses.length);
  });
});

describe('AH (RFC 4302)', () => {
  const spec: Omit<EspSaSpec, 'mode'> = {
    protocol: 'ah',
    spi: 4302,
    src: '192.0.2.1',
    dst: '192.0.2.2',
    encryption: 'null',
    encryptionKey: new Uint8Array(0),
    integrity: 'sha256-128',
    integrityKey: new Uint8Array(32).fill(3),
    esn: true,
  };
  const datagram = hex('4500002000010000401100000a0100010a0200010009000900000000deadbeef');
  const own = hex('450000200001000040110000c0000201c00002020009000900000000deadbeef');

  for (const [mode, packet] of [
    ['tunnel', datagram],
    ['transport', own],
  ] as const) {
    it(`${mode} mode: there and back; what is forged on the way is refused, what is mutable is not, and a replay is`, () => {
      using out = new OutboundSa({ ...spec, mode });
      using into = new InboundSa({ ...spec, mode });
      const batch = new PacketBatch({ capacity: 4 });
      for (let i = 0; i < 4; i++) batch.push(packet);
      assert.equal(encapsulate(batch, out), 4);
      const wire = Buffer.from(batch.packet(0));
      assert.equal(wire[9], 51);
      assert.equal(wire.readUInt32BE(24), 4302);
      assert.equal(wire.length, packet.length + 28 + (mode === 'tunnel' ? 20 : 0));
      batch.packet(1)[8]! -= 1; // a router on the way counts the TTL
      batch.packet(2)[12]! ^= 1; // the source address is nobody's to change
      batch.packet(3).set(batch.packet(0));
      decapsulate(batch, into);
      assert.deepEqual(
        [0, 1, 2, 3].map((i) => batch.statusOf(i)),
        ['ok', 'ok', 'integrity', 'replayed'],
      );
      // The checksum of the header is the only thing that may differ.
      const opened = Buffer.from(batch.packet(0));
      opened.writeUInt16BE(0, 10);
      assert.deepEqual(opened, packet);
    });
  }

  it('has no UDP and wants a MAC', () => {
    const ports = { srcPort: 4500, dstPort: 4500 };
    assert.throws(() => new OutboundSa({ ...spec, mode: 'tunnel', udp: ports }), /udp/);
    assert.throws(() => new OutboundSa({ ...spec, mode: 'tunnel', integrity: 'none' }), TypeError);
  });
});
