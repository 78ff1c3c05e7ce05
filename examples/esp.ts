// Both ends of an ESP tunnel SA (RFC 4303): packets in, UDP-encapsulated ESP out, and back.
import { randomBytes } from 'node:crypto';
import { decapsulate, type EspSaSpec, encapsulate, InboundSa, OutboundSa, PacketBatch } from 'routeplane/esp';

const spec: EspSaSpec = {
  spi: 0xc0ffee00,
  mode: 'tunnel',
  src: '192.0.2.1',
  dst: '198.51.100.1',
  udp: { srcPort: 4500, dstPort: 4500 },
  encryption: 'chacha20-poly1305',
  encryptionKey: randomBytes(32 + 4),
  integrity: 'none',
  integrityKey: new Uint8Array(0),
  esn: true,
  replayWindow: 128,
};
using sender = new OutboundSa(spec);
using receiver = new InboundSa(spec);

// An ICMP echo request, 10.1.101.1 to 10.1.202.1.
const ping = Buffer.from('4500001c00010000400137dc0a0165010a01ca010800f7fd00010001', 'hex');
const batch = new PacketBatch({ capacity: 8 });
for (let i = 0; i < 4; i++) batch.push(ping);

console.log(`encapsulated ${encapsulate(batch, sender)}, sequence numbers up to ${sender.sequence}`);
const first = Uint8Array.from(batch.packet(0));
console.log(`${ping.length} bytes became ${first.length}: ${Buffer.from(first).toString('hex')}`);
console.log(`decapsulated ${decapsulate(batch, receiver)}; intact: ${ping.equals(batch.packet(0))}`);

batch.clear();
batch.push(first);
decapsulate(batch, receiver);
console.log(`the first one again: ${batch.statusOf(0)}`);
