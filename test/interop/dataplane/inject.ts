import { createHmac } from 'node:crypto';
import type { Namespace } from '../../lab/index.ts';

export interface Injection {
  /** ESP straight on IP, or a datagram to UDP 4500 from port 4500 or another. */
  readonly kind: 'esp' | 'udp';
  readonly src: string;
  readonly dst: string;
  readonly srcPort?: number;
  readonly dstPort?: number;
  readonly payload: Uint8Array;
}

const script = `
import socket, sys
for kind, src, dst, source, target, payload in zip(*[iter(sys.argv[1:])] * 6):
    family = socket.AF_INET6 if ':' in dst else socket.AF_INET
    data = bytes.fromhex(payload)
    if kind == 'esp':
        s = socket.socket(family, socket.SOCK_RAW, 50)
        s.bind((src, 0))
        s.sendto(data, (dst, 0))
    else:
        s = socket.socket(family, socket.SOCK_DGRAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((src, int(source)))
        s.sendto(data, (dst, int(target)))
    s.close()
`;

/** Sends packets as anybody on the network could. */
export async function inject(namespace: Namespace, packets: readonly Injection[]): Promise<void> {
  const list = packets.flatMap((p) => [
    ...[p.kind, p.src, p.dst, `${p.srcPort ?? 34500}`, `${p.dstPort ?? 4500}`],
    Buffer.from(p.payload).toString('hex'),
  ]);
  // Alone: what it would read to set itself up takes longer than all it has to do.
  await namespace.exec('/usr/bin/python3', ['-I', '-S', '-c', script, ...list]);
}

/** An ESP packet of NULL encryption and HMAC-SHA1-96 (RFC 4303 2, RFC 2410, RFC 2404), whatever is in it. */
export function nullEsp(
  integrityKey: Uint8Array,
  spi: number,
  sequence: number,
  payload: Uint8Array,
  nextHeader: number,
): Uint8Array {
  const pad = (4 - ((payload.length + 2) % 4)) % 4;
  const packet = Buffer.alloc(8 + payload.length + pad + 2);
  packet.writeUInt32BE(spi, 0);
  packet.writeUInt32BE(sequence, 4);
  packet.set(payload, 8);
  for (let i = 0; i < pad; i++) packet[8 + payload.length + i] = i + 1;
  packet[packet.length - 2] = pad;
  packet[packet.length - 1] = nextHeader;
  const icv = createHmac('sha1', integrityKey).update(packet).digest().subarray(0, 12);
  return Buffer.concat([packet, icv]);
}

/** An IPv4 packet of UDP without checksum. */
export function ipv4Udp(src: string, dst: string, payload: Uint8Array, dstPort = 9): Uint8Array {
  const packet = Buffer.alloc(28 + payload.length);
  packet[0] = 0x45;
  packet.writeUInt16BE(packet.length, 2);
  packet[8] = 64;
  packet[9] = 17;
  packet.set(src.split('.').map(Number), 12);
  packet.set(dst.split('.').map(Number), 16);
  let sum = 0;
  for (let i = 0; i < 20; i += 2) sum += packet.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  packet.writeUInt16BE(~sum & 0xffff, 10);
  packet.writeUInt16BE(9, 20);
  packet.writeUInt16BE(dstPort, 22);
  packet.writeUInt16BE(8 + payload.length, 24);
  packet.set(payload, 28);
  return packet;
}
