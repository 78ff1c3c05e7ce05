/** Addresses and prefixes, written as RouterOS does: IPv6 as RFC 5952 says, prefixes with their length. */
import { compareBytes, formatAddress, formatPrefix, maskPrefix, parseAddress, parsePrefix } from '../../wire/index.ts';
import { ValueError, type ValueType } from '../schema.ts';

type Family = 4 | 6 | 'any';

function label(family: Family, what: string): string {
  return family === 'any' ? `IPv4 or IPv6 ${what}` : `IPv${family} ${what}`;
}

function read(text: string, family: Family, expected: string): Uint8Array {
  let bytes: Uint8Array;
  try {
    bytes = parseAddress(text);
  } catch {
    throw new ValueError(expected);
  }
  if (family !== 'any' && bytes.length !== (family === 4 ? 4 : 16)) throw new ValueError(expected);
  return bytes;
}

function split(text: string, expected: string): [string, number | undefined] {
  const slash = text.indexOf('/');
  if (slash < 0) return [text, undefined];
  const digits = text.slice(slash + 1);
  if (!/^(0|[1-9][0-9]{0,2})$/.test(digits)) throw new ValueError(expected);
  return [text.slice(0, slash), Number(digits)];
}

/** By family, then by octets, then by length. */
function compare(a: string, b: string): number {
  try {
    const [x, y] = [a, b].map((text) => parseAddress(text.split('/')[0]!)) as [Uint8Array, Uint8Array];
    return x.length - y.length || compareBytes(x, y) || Number(a.split('/')[1] ?? 0) - Number(b.split('/')[1] ?? 0);
  } catch {
    return a < b ? -1 : Number(a > b);
  }
}

export function address(family: Family = 'any'): ValueType {
  const expected = label(family, 'address');
  return { label: expected, parse: (text) => formatAddress(read(text, family, expected)), compare };
}

/** A network: host bits are cleared and a bare address is a host. */
export function prefix(family: Family = 'any'): ValueType {
  const expected = label(family, 'prefix');
  return {
    label: expected,
    compare,
    parse(text) {
      const [host] = split(text, expected);
      read(host, family, expected);
      try {
        return formatPrefix(parsePrefix(text));
      } catch {
        throw new ValueError(expected);
      }
    },
  };
}

/** An address of an interface with the length of its network: `10.0.0.1/24` keeps its host bits. */
export function interfaceAddress(family: 4 | 6): ValueType {
  const expected = label(family, 'address/length');
  return {
    label: expected,
    compare,
    parse(text) {
      const [host, length] = split(text, expected);
      const bytes = read(host, family, expected);
      const bits = bytes.length * 8;
      // RouterOS takes a bare IPv4 address for a host, a bare IPv6 one for a /64.
      const actual = length ?? (family === 4 ? bits : 64);
      if (actual > bits) throw new ValueError(expected);
      return `${formatAddress(bytes)}/${actual}`;
    },
  };
}

/** The network of `10.0.0.1/24` as /ip address shows it: `10.0.0.0`. */
export function networkOf(text: string): string {
  const [host, length] = text.split('/');
  const bytes = parseAddress(host!);
  return formatAddress(maskPrefix(bytes, Number(length ?? bytes.length * 8)).address);
}

/** A name as RFC 1123 2.1 has it, which no address is. */
export const dnsName: ValueType = {
  label: 'DNS name',
  parse(text) {
    const fits =
      text.length <= 253 &&
      /^([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z]([a-z0-9-]{0,61}[a-z0-9])?\.?$/i.test(text);
    if (!fits) throw new ValueError('DNS name');
    return text.toLowerCase();
  },
};

/** What the first type refuses the second may take. */
export function either(first: ValueType, second: ValueType): ValueType {
  const both = `${first.label} | ${second.label}`;
  return {
    ...first,
    label: both,
    parse(text) {
      for (const type of [first, second]) {
        try {
          return type.parse(text);
        } catch (error) {
          if (!(error instanceof ValueError)) throw error;
        }
      }
      throw new ValueError(both);
    },
  };
}
