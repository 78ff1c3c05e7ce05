import type { WirePacket } from './pcap.ts';

/** How far sequence numbers of one super-packet may lie apart: several packet threads number packets of one SA. */
const GAP = 4096;

/**
 * UDP-encapsulated ESP that was sent in one piece, for the device to cut (UDP_SEGMENT): veth hands it on uncut, so that a capture has one
 * packet where a wire has several. Gives those of the wire. All are as long as the first, but for the last; how long that is only their
 * content tells: each begins with the SPI and a higher sequence number (RFC 4303 2).
 */
export function cutSuperPackets(packets: readonly WirePacket[]): WirePacket[] {
  return packets.flatMap((packet) => (packet.kind === 'esp-in-udp' ? cut(packet) : [packet]));
}

function cut(packet: WirePacket): WirePacket[] {
  const data = Buffer.from(packet.data);
  const version6 = data[0]! >> 4 === 6;
  const payloadAt = (version6 ? 40 : (data[0]! & 15) * 4) + 8;
  // What is behind the datagram is padding of the link.
  const end = payloadAt - 8 + data.readUInt16BE(payloadAt - 4);
  const payload = data.subarray(payloadAt, end);
  const each = segmentBytes(payload);
  if (each === undefined) return [packet];
  const link = packet.length - data.length;
  const cuts: WirePacket[] = [];
  for (let at = 0; at < payload.length; at += each) {
    const segment = Buffer.concat([data.subarray(0, payloadAt), payload.subarray(at, at + each)]);
    segment.writeUInt16BE(version6 ? segment.length - 40 : segment.length, version6 ? 4 : 2);
    segment.writeUInt16BE(segment.length - payloadAt + 8, payloadAt - 4);
    cuts.push({ ...packet, length: link + segment.length, data: segment });
  }
  return cuts;
}

/** The length of the first packet of several; undefined if there is one. */
function segmentBytes(payload: Buffer): number | undefined {
  const spi = payload.subarray(0, 4);
  // No ESP packet is shorter than SPI, sequence number, trailer and ICV (RFC 4303 2).
  for (let at = payload.indexOf(spi, 16); at > 0; at = payload.indexOf(spi, at + 1)) {
    if (isStride(payload, spi, at)) return at;
  }
  return undefined;
}

function isStride(payload: Buffer, spi: Buffer, each: number): boolean {
  let last = payload.readUInt32BE(4);
  for (let at = each; at < payload.length; at += each) {
    if (at + 8 > payload.length || !payload.subarray(at, at + 4).equals(spi)) return false;
    const sequence = payload.readUInt32BE(at + 4);
    const step = (sequence - last) >>> 0;
    if (step === 0 || step > GAP) return false;
    last = sequence;
  }
  return true;
}
