import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { WirePacket } from './pcap.ts';
import { cutSuperPackets } from './super-packet.ts';

/** One ESP packet after the UDP header: SPI, sequence number, and something of `bytes` octets in all. */
function esp(sequence: number, bytes: number, fill = 0xa5): Buffer {
  const packet = Buffer.alloc(bytes, fill);
  packet.writeUInt32BE(0x1234_5678, 0);
  packet.writeUInt32BE(sequence >>> 0, 4);
  return packet;
}

function captured(version: 4 | 6, ...packets: readonly Buffer[]): WirePacket {
  const payload = Buffer.concat(packets);
  const ip = Buffer.alloc(version === 4 ? 20 : 40);
  ip[0] = version === 4 ? 0x45 : 0x60;
  ip.writeUInt16BE((version === 4 ? 28 : 8) + payload.length, version === 4 ? 2 : 4);
  const udp = Buffer.alloc(8);
  udp.writeUInt16BE(4500, 0);
  udp.writeUInt16BE(4500, 2);
  udp.writeUInt16BE(8 + payload.length, 4);
  const data = Buffer.concat([ip, udp, payload]);
  const address = ip.subarray(0, 0);
  return { timeNs: 1n, kind: 'esp-in-udp', src: address, dst: address, length: 14 + data.length, data };
}

test('a super-packet is the packets of a wire, each with the length that it has there', () => {
  for (const version of [4, 6] as const) {
    // The last may be shorter; sequence numbers pass 2^32 with ESN (RFC 4303 2.2.1) and skip some with several threads.
    const together = [esp(0xffff_fffe, 132), esp(0xffff_ffff, 132), esp(3, 132), esp(4, 64)];
    const alone = together.map((packet) => captured(version, packet));
    assert.deepEqual(cutSuperPackets([captured(version, ...together)]), alone);
    assert.deepEqual(cutSuperPackets(alone), alone);
  }
});

test('what only looks like one stays whole', () => {
  const spi = Buffer.from([0x12, 0x34, 0x56, 0x78]);
  const inside = Buffer.concat([esp(7, 40), spi, Buffer.alloc(60, 1)]);
  const same = Buffer.concat([esp(7, 40), esp(7, 40)]);
  const odd = Buffer.concat([esp(7, 40), esp(8, 40), Buffer.alloc(40, 2)]);
  const stump = Buffer.concat([esp(7, 40), esp(8, 40), spi]);
  for (const payload of [inside, same, odd, stump]) {
    const packet = captured(4, payload);
    assert.deepEqual(cutSuperPackets([packet]), [packet]);
  }
});
