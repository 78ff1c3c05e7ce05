import {
  type AddressRange,
  compareBytes,
  formatAddress,
  formatPrefix,
  parseAddress,
  parsePrefix,
  prefixRange,
  rangePrefix,
  rangePrefixes,
} from '../wire/index.ts';
import type { TrafficSelector } from './config.ts';

/** Everything of a family. */
export function anyTrafficSelector(family: 4 | 6): TrafficSelector {
  return prefixTrafficSelector(family === 4 ? '0.0.0.0/0' : '::/0');
}

/** `prefix` as CIDR or a bare address. Throws `TypeError` for text that is neither. */
export function prefixTrafficSelector(prefix: string, protocol = 0, startPort = 0, endPort = 65535): TrafficSelector {
  const { start, end } = prefixRange(parsePrefix(prefix));
  return { protocol, startPort, endPort, startAddress: formatAddress(start), endAddress: formatAddress(end) };
}

export function equalTrafficSelector(a: TrafficSelector, b: TrafficSelector): boolean {
  const x = parse(a);
  const y = parse(b);
  return (
    a.protocol === b.protocol &&
    a.startPort === b.startPort &&
    a.endPort === b.endPort &&
    x.start.length === y.start.length &&
    compareBytes(x.start, y.start) === 0 &&
    compareBytes(x.end, y.end) === 0
  );
}

/** The same selectors in the same order. */
export function equalTrafficSelectors(a: readonly TrafficSelector[], b: readonly TrafficSelector[]): boolean {
  return a.length === b.length && a.every((selector, i) => equalTrafficSelector(selector, b[i]!));
}

/** True if `inner` allows no packet that `outer` does not; false if either allows none at all. */
export function isSubset(inner: TrafficSelector, outer: TrafficSelector): boolean {
  return contains(parse(outer), parse(inner));
}

/** True if every selector of `inner` is a subset of one of `outer`; false for an empty `inner`. */
export function areSubsets(inner: readonly TrafficSelector[], outer: readonly TrafficSelector[]): boolean {
  const outers = outer.map(parse);
  return (
    inner.length > 0 &&
    inner.every((selector) => {
      const range = parse(selector);
      return outers.some((candidate) => contains(candidate, range));
    })
  );
}

/** What both allow; undefined if that is nothing. */
export function intersectTrafficSelectors(a: TrafficSelector, b: TrafficSelector): TrafficSelector | undefined {
  const both = intersect(parse(a), parse(b));
  return both === undefined ? undefined : format(both);
}

/** Selectors in a narrowed answer, which the CHILD_SA then carries: well above any real offer. */
const MAX_NARROWED = 64;

/**
 * The responder's narrowing of one side's offer to its policy, RFC 7296 2.9: everything that both allow, in the
 * offer's order and without parts that another part covers. So what the policy allows whole comes back whole, and the
 * first selector, which is the packet that asked for the SA, is in the answer if the policy allows it. Empty is
 * TS_UNACCEPTABLE.
 */
export function narrowTrafficSelectors(
  offered: readonly TrafficSelector[],
  policy: readonly TrafficSelector[],
): TrafficSelector[] {
  const allowed = policy.map(parse);
  let narrowed: Range[] = [];
  for (const selector of offered) {
    const range = parse(selector);
    for (const candidate of allowed) {
      const both = intersect(range, candidate);
      if (both === undefined || narrowed.some((other) => contains(other, both))) continue;
      narrowed = narrowed.filter((other) => !contains(both, other));
      if (narrowed.length < MAX_NARROWED) narrowed.push(both);
    }
  }
  return narrowed.map(format);
}

/**
 * True if the policy allows the first selector of an offer whole: of several policies a responder takes the first
 * that does so for TSi and TSr (RFC 7296 2.9).
 */
export function allowsFirstSelector(offered: readonly TrafficSelector[], policy: readonly TrafficSelector[]): boolean {
  const first = offered[0];
  return first !== undefined && policy.some((selector) => isSubset(first, selector));
}

/** CIDR prefixes of the selectors' addresses, in order and without duplicates. */
export function trafficSelectorPrefixes(selectors: readonly TrafficSelector[]): string[] {
  const prefixes = new Set<string>();
  for (const selector of selectors) {
    for (const prefix of rangePrefixes(parse(selector))) prefixes.add(formatPrefix(prefix));
  }
  return [...prefixes];
}

const protocolNames: Readonly<Record<number, string>> = {
  1: 'icmp',
  4: 'ipencap',
  6: 'tcp',
  17: 'udp',
  41: 'ipv6',
  47: 'gre',
  50: 'esp',
  51: 'ah',
  58: 'ipv6-icmp',
  115: 'l2tp',
  132: 'sctp',
};

/** `10.1.0.0/24`, `10.1.0.0/24[tcp/80]`, `10.1.0.5-10.1.0.9[udp/1000-2000]`, `10.1.0.1/32[icmp/8.0]`. */
export function describeTrafficSelector(selector: TrafficSelector): string {
  const range = parse(selector);
  const prefix = rangePrefix(range);
  const addresses = prefix === undefined ? `${selector.startAddress}-${selector.endAddress}` : formatPrefix(prefix);
  const { protocol, startPort, endPort } = selector;
  const anyPort = startPort === 0 && endPort === 65535;
  if (protocol === 0 && anyPort) return addresses;
  const name = protocol === 0 ? 'any' : (protocolNames[protocol] ?? String(protocol));
  if (anyPort) return `${addresses}[${name}]`;
  if (isOpaque(selector)) return `${addresses}[${name}/opaque]`;
  // RFC 7296 3.13.1: ICMP type and code are the two octets of a port.
  const icmp = protocol === 1 || protocol === 58;
  const port = (value: number): string => (icmp ? `${value >> 8}.${value & 0xff}` : String(value));
  return `${addresses}[${name}/${port(startPort)}${startPort === endPort ? '' : `-${port(endPort)}`}]`;
}

/** Joined with blanks; no more than a CHILD_SA can have. */
export function describeTrafficSelectors(selectors: readonly TrafficSelector[]): string {
  const shown = selectors.slice(0, MAX_NARROWED).map(describeTrafficSelector);
  if (selectors.length > shown.length) shown.push('...');
  return shown.join(' ');
}

interface Range extends AddressRange {
  readonly protocol: number;
  readonly startPort: number;
  readonly endPort: number;
}

function parse(selector: TrafficSelector): Range {
  const { protocol, startPort, endPort } = selector;
  return {
    protocol,
    startPort,
    endPort,
    start: parseAddress(selector.startAddress),
    end: parseAddress(selector.endAddress),
  };
}

function format(range: Range): TrafficSelector {
  const { protocol, startPort, endPort } = range;
  return {
    protocol,
    startPort,
    endPort,
    startAddress: formatAddress(range.start),
    endAddress: formatAddress(range.end),
  };
}

/** RFC 7296 3.13.1: start 65535 and end 0 is OPAQUE, packets whose ports cannot be seen. ANY has it inside (RFC 4301 4.4.1.1). */
function isOpaque(ports: { readonly startPort: number; readonly endPort: number }): boolean {
  return ports.startPort === 65535 && ports.endPort === 0;
}

function intersect(a: Range, b: Range): Range | undefined {
  if (a.start.length !== b.start.length) return undefined;
  if (a.protocol !== b.protocol && a.protocol !== 0 && b.protocol !== 0) return undefined;
  const ports = intersectPorts(a, b);
  const start = compareBytes(a.start, b.start) >= 0 ? a.start : b.start;
  const end = compareBytes(a.end, b.end) <= 0 ? a.end : b.end;
  if (ports === undefined || compareBytes(start, end) > 0) return undefined;
  return { protocol: a.protocol === 0 ? b.protocol : a.protocol, ...ports, start, end };
}

function intersectPorts(a: Range, b: Range): { startPort: number; endPort: number } | undefined {
  if (isOpaque(a) || isOpaque(b)) {
    const other = isOpaque(a) ? b : a;
    const fits = isOpaque(other) || (other.startPort === 0 && other.endPort === 65535);
    return fits ? { startPort: 65535, endPort: 0 } : undefined;
  }
  const startPort = Math.max(a.startPort, b.startPort);
  const endPort = Math.min(a.endPort, b.endPort);
  return startPort <= endPort ? { startPort, endPort } : undefined;
}

/** `outer` has all of `inner`, which is not empty. */
function contains(outer: Range, inner: Range): boolean {
  const both = intersect(outer, inner);
  return (
    both !== undefined &&
    both.protocol === inner.protocol &&
    both.startPort === inner.startPort &&
    both.endPort === inner.endPort &&
    compareBytes(both.start, inner.start) === 0 &&
    compareBytes(both.end, inner.end) === 0
  );
}
