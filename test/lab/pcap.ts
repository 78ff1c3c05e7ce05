/** What a packet on the wire is, as far as its outermost headers tell. */
export type WireKind =
  | 'esp'
  | 'ah'
  | 'esp-in-udp'
  | 'ike'
  | 'nat-keepalive'
  /** ICMP says that a packet of one of the kinds above did not arrive: nobody listened yet, say. It quotes that one. */
  | 'outer-error'
  | 'icmp'
  | 'tcp'
  | 'udp'
  | 'arp'
  | 'neighbour-discovery'
  | 'other';

export interface WirePacket {
  /** Nanoseconds since the epoch. */
  readonly timeNs: bigint;
  readonly kind: WireKind;
  /** Outer addresses, raw; empty if not IP. */
  readonly src: Uint8Array;
  readonly dst: Uint8Array;
  /** Bytes on the wire, link header included. */
  readonly length: number;
  /** From the IP header on. */
  readonly data: Uint8Array;
}

const linkTypes: Readonly<Record<number, { header: number; etherType: number | undefined }>> = {
  1: { header: 14, etherType: 12 }, // LINKTYPE_ETHERNET
  101: { header: 0, etherType: undefined }, // LINKTYPE_RAW
  276: { header: 20, etherType: 0 }, // LINKTYPE_LINUX_SLL2
};

function udpKind(udp: Buffer): WireKind {
  if (udp.length < 9) return 'udp';
  const ports = [udp.readUInt16BE(0), udp.readUInt16BE(2)];
  if (ports.includes(500)) return 'ike';
  if (!ports.includes(4500)) return 'udp';
  // RFC 3948 2: keepalive, non-ESP marker, else an SPI.
  if (udp.length === 9 && udp[8] === 0xff) return 'nat-keepalive';
  if (udp.length < 12) return 'udp';
  return udp.readUInt32BE(8) === 0 ? 'ike' : 'esp-in-udp';
}

/** An ICMP error has 8 octets of its own, and then the packet that it is about (RFC 792, RFC 4443 2.4). */
function icmpKind(icmp: Buffer, errors: readonly number[]): WireKind {
  if (!errors.includes(icmp[0] ?? -1)) return 'icmp';
  const { kind } = classify(icmp.subarray(8));
  return ['esp', 'ah', 'esp-in-udp', 'ike', 'nat-keepalive'].includes(kind) ? 'outer-error' : 'icmp';
}

function transportKind(protocol: number, payload: Buffer): WireKind {
  switch (protocol) {
    case 50:
      return 'esp';
    case 51:
      return 'ah';
    case 17:
      return udpKind(payload);
    case 6:
      return 'tcp';
    case 1:
      return icmpKind(payload, [3, 4, 5, 11, 12]);
    case 58: // RFC 4861 4; 143 is MLDv2's report, RFC 3810 5.2
      if ([133, 134, 135, 136, 137, 143].includes(payload[0] ?? 0)) return 'neighbour-discovery';
      return icmpKind(payload, [1, 2, 3, 4]);
    default:
      return 'other';
  }
}

function classify(ip: Buffer): Pick<WirePacket, 'kind' | 'src' | 'dst'> {
  const version = (ip[0] ?? 0) >> 4;
  if (version === 4 && ip.length >= 20) {
    const header = (ip[0]! & 15) * 4;
    const kind = transportKind(ip[9]!, ip.subarray(header));
    return { kind, src: ip.subarray(12, 16), dst: ip.subarray(16, 20) };
  }
  if (version === 6 && ip.length >= 40) {
    // MLD comes with a hop-by-hop header (RFC 3810 5).
    const extended = ip[6] === 0 && ip.length >= 48;
    const kind = transportKind(ip[extended ? 40 : 6]!, ip.subarray(extended ? 40 + (ip[41]! + 1) * 8 : 40));
    return { kind, src: ip.subarray(8, 24), dst: ip.subarray(24, 40) };
  }
  return { kind: 'other', src: ip.subarray(0, 0), dst: ip.subarray(0, 0) };
}

/**
 * Reads a pcap file (little-endian, microseconds or nanoseconds); a last, half-written record is left out. A super-packet is one of
 * them: see `cutSuperPackets`.
 */
export function readPcap(file: Buffer): WirePacket[] {
  if (file.length < 24) return [];
  const magic = file.readUInt32LE(0);
  const unit = magic === 0xa1b23c4d ? 1n : 1000n;
  if (magic !== 0xa1b2c3d4 && magic !== 0xa1b23c4d) throw new Error(`not a pcap file: magic ${magic.toString(16)}`);
  const link = linkTypes[file.readUInt32LE(20)];
  if (!link) throw new Error(`pcap link type ${file.readUInt32LE(20)} is not known here`);
  const packets: WirePacket[] = [];
  for (let at = 24; at + 16 <= file.length; ) {
    const captured = file.readUInt32LE(at + 8);
    const frame = file.subarray(at + 16, at + 16 + captured);
    if (frame.length < captured) break;
    const timeNs = BigInt(file.readUInt32LE(at)) * 1_000_000_000n + BigInt(file.readUInt32LE(at + 4)) * unit;
    const length = file.readUInt32LE(at + 12);
    const data = frame.subarray(link.header);
    const arp = link.etherType !== undefined && frame.readUInt16BE(link.etherType) === 0x0806;
    const none = data.subarray(0, 0);
    packets.push({ timeNs, length, data, ...(arp ? { kind: 'arp', src: none, dst: none } : classify(data)) });
    at += 16 + captured;
  }
  return packets;
}
