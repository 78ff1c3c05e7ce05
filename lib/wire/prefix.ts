import { compareBytes } from './bytes.ts';
import { formatAddress, parseAddress } from './ip-address.ts';

/** A CIDR prefix (RFC 4632, RFC 4291 2.3). Host bits of `address` are zero. */
export interface Prefix {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** 0..32 or 0..128. */
  readonly length: number;
}

/** An inclusive range, both ends of one family. */
export interface AddressRange {
  readonly start: Uint8Array;
  readonly end: Uint8Array;
}

/** Reads `10.1.202.0/24`, `2001:db8::/32`, or a bare address as a host prefix; host bits are cleared. Throws `TypeError`. */
export function parsePrefix(text: string): Prefix {
  const slash = text.indexOf('/');
  const address = parseAddress(slash < 0 ? text : text.slice(0, slash));
  const bits = address.length * 8;
  const digits = slash < 0 ? String(bits) : text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits) || Number(digits) > bits) {
    throw new TypeError(`${JSON.stringify(text)} is not a CIDR prefix`);
  }
  return maskPrefix(address, Number(digits));
}

/** Always with the length, also for a host. */
export function formatPrefix(prefix: Prefix): string {
  return `${formatAddress(prefix.address)}/${prefix.length}`;
}

/** The prefix of `length` bits that `address` lies in. */
export function maskPrefix(address: Uint8Array, length: number): Prefix {
  const masked = new Uint8Array(address.length);
  for (let i = 0; i < address.length; i++) masked[i] = address[i]! & maskByte(length, i);
  return { address: masked, length };
}

export function prefixContains(prefix: Prefix, address: Uint8Array): boolean {
  if (address.length !== prefix.address.length) return false;
  for (let i = 0; i * 8 < prefix.length; i++) {
    if (((address[i]! ^ prefix.address[i]!) & maskByte(prefix.length, i)) !== 0) return false;
  }
  return true;
}

/** Whether some address is in one of both lists. */
export function prefixesOverlap(some: readonly Prefix[], others: readonly Prefix[]): boolean {
  return anyInside(some, others) || anyInside(others, some);
}

/** Two prefixes share an address only if one is inside of the other. */
function anyInside(inner: readonly Prefix[], outer: readonly Prefix[]): boolean {
  const known = new Set(outer.map(formatPrefix));
  const lengths = [...new Set(outer.map(({ length }) => length))];
  const shortened = ({ address }: Prefix, length: number) => formatPrefix(maskPrefix(address, length));
  return inner.some((p) => lengths.some((length) => length <= p.length && known.has(shortened(p, length))));
}

export function prefixRange(prefix: Prefix): AddressRange {
  const end = Uint8Array.from(prefix.address, (byte, i) => byte | (~maskByte(prefix.length, i) & 0xff));
  return { start: prefix.address, end };
}

/**
 * The fewest prefixes that make up a range, in order: at most 62 for IPv4 and 254 for IPv6. Empty if the range is
 * (start above end).
 */
export function rangePrefixes(range: AddressRange): Prefix[] {
  const bytes = range.start.length;
  const bits = bytes * 8;
  const end = toBigInt(range.end);
  const out: Prefix[] = [];
  for (let at = toBigInt(range.start); at <= end; ) {
    // The largest block that starts here: as aligned as `at` is, and not past the end.
    let hostBits = 0;
    while (hostBits < bits && (at >> BigInt(hostBits)) % 2n === 0n && at + (2n << BigInt(hostBits)) - 1n <= end) {
      hostBits++;
    }
    out.push({ address: fromBigInt(at, bytes), length: bits - hostBits });
    at += 1n << BigInt(hostBits);
  }
  return out;
}

/** The one prefix that is exactly this range, if there is one. */
export function rangePrefix(range: AddressRange): Prefix | undefined {
  let length = 0;
  const bits = range.start.length * 8;
  while (length < bits && bit(range.start, length) === bit(range.end, length)) length++;
  const prefix = maskPrefix(range.start, length);
  const same =
    compareBytes(prefix.address, range.start) === 0 && compareBytes(prefixRange(prefix).end, range.end) === 0;
  return same ? prefix : undefined;
}

function bit(bytes: Uint8Array, index: number): number {
  return (bytes[index >> 3]! >> (7 - (index & 7))) & 1;
}

function maskByte(length: number, index: number): number {
  const kept = Math.min(8, Math.max(0, length - index * 8));
  return (0xff00 >> kept) & 0xff;
}

function toBigInt(bytes: Uint8Array): bigint {
  let value = 0n;
  for (const byte of bytes) value = (value << 8n) | BigInt(byte);
  return value;
}

function fromBigInt(value: bigint, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = length - 1, rest = value; i >= 0; i--, rest >>= 8n) out[i] = Number(rest & 0xffn);
  return out;
}
