import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readPcap } from './pcap.ts';

function ipv4(protocol: number, payload: Buffer): Buffer {
  const header = Buffer.from('4500000000000000400000000a0000010a000002', 'hex');
  header.writeUInt16BE(20 + payload.length, 2);
  header[9] = protocol;
  return Buffer.concat([header, payload]);
}

function ipv6(protocol: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(40, 1);
  header.set([0x60, 0, 0, 0, payload.length >> 8, payload.length & 0xff, protocol, 64]);
  return Buffer.concat([header, payload]);
}

function udp(port: number, payload: string): Buffer {
  const bytes = Buffer.from(payload, 'hex');
  const header = Buffer.alloc(8);
  header.writeUInt16BE(port, 0);
  header.writeUInt16BE(port, 2);
  header.writeUInt16BE(8 + bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

const icmp = (type: number, quoted: Buffer) => Buffer.concat([Buffer.from([type, 3, 0, 0, 0, 0, 0, 0]), quoted]);

/** What each of the packets is, read from a capture without link headers. */
function kinds(...packets: readonly Buffer[]): string[] {
  const file = Buffer.alloc(24);
  file.writeUInt32LE(0xa1b2c3d4, 0);
  file.writeUInt32LE(101, 20);
  const records = packets.map((packet) => {
    const record = Buffer.alloc(16);
    record.writeUInt32LE(packet.length, 8);
    record.writeUInt32LE(packet.length, 12);
    return Buffer.concat([record, packet]);
  });
  return readPcap(Buffer.concat([file, ...records])).map(({ kind }) => kind);
}

test('what crosses a wire has a kind', () => {
  const ike = udp(500, '00'.repeat(28));
  const esp = udp(4500, `12345678${'00'.repeat(28)}`);
  assert.deepEqual(
    kinds(
      ipv4(50, Buffer.alloc(40)),
      ipv4(51, Buffer.alloc(40)),
      ipv4(17, ike),
      ipv4(17, esp),
      ipv4(17, udp(4500, '00'.repeat(32))),
      ipv4(17, udp(4500, 'ff')),
      ipv4(17, udp(53, '00'.repeat(28))),
      ipv6(17, esp),
    ),
    ['esp', 'ah', 'ike', 'esp-in-udp', 'ike', 'nat-keepalive', 'udp', 'esp-in-udp'],
  );
});

test('an ICMP error about IKE or ESP tells nothing in the clear, one about anything else does', () => {
  const ike = udp(500, '00'.repeat(28));
  const echo = Buffer.concat([Buffer.from([8, 0, 0, 0]), Buffer.alloc(60)]);
  assert.deepEqual(
    kinds(
      ipv4(1, icmp(3, ipv4(17, ike))),
      ipv6(58, icmp(1, ipv6(17, ike))),
      ipv4(1, icmp(3, ipv4(1, echo))),
      ipv6(58, icmp(1, ipv6(17, udp(53, '00'.repeat(28))))),
      // An echo request whose content looks like it is no error.
      ipv4(1, icmp(8, ipv4(17, ike))),
      ipv4(1, icmp(3, Buffer.alloc(0))),
    ),
    ['outer-error', 'outer-error', 'icmp', 'icmp', 'icmp', 'icmp'],
  );
});
