/** The packets of a lot: IP packets of a size, or the simple Internet mix. */
export type Size = number | 'imix';

export const sizes: readonly Size[] = [64, 128, 256, 512, 1024, 1400, 1518, 8192, 'imix'];
export const minimumSize = 1;
export const maximumSize = 16384;

/** Seven of 64, four of 594 and one of 1518 bytes, mixed as evenly as they can be. */
const imix: readonly number[] = [64, 594, 64, 64, 594, 64, 1518, 64, 594, 64, 64, 594];

/** A lot is as large as a data plane's batch, but stays in the second-level cache. */
export const lotPackets = 64;
const lotBytes = 131072;

/** The inner packets' lengths. Between 16, which fill the lanes of multi-buffer code, and 64. */
export function packetBytes(size: Size): readonly number[] {
  if (size === 'imix') return Array.from({ length: 60 }, (_, i) => imix[i % imix.length]!);
  const count = Math.max(16, Math.min(lotPackets, Math.floor(lotBytes / size)));
  return new Array<number>(count).fill(size);
}

/** Bytes that ESP encrypts for a packet: the packet, padding, pad length and next header (RFC 4303 2). */
export function textBytes(packet: number, padBytes: number): number {
  return Math.ceil((packet + 2) / padBytes) * padBytes;
}
