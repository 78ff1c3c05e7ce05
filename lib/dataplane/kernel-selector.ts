import type { PortMask, Selector as XfrmSelector } from '../xfrm/index.ts';
import type { PortRange, Selector } from './dataplane.ts';

/** Our selectors (ranges of ports) as the kernel's (a port and a mask), and back. */

const ICMP = 1;
const ICMP6 = 58;
const MOBILITY = 135;
/** Protocols whose ports the kernel's flows have: UDP, TCP, UDP-Lite, SCTP, DCCP. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

const isAny = (range: PortRange): boolean => range.first === 0 && range.last === 65535;
const isTyped = (protocol: number): boolean => protocol === ICMP || protocol === ICMP6 || protocol === MOBILITY;

/** The fewest (port, mask) pairs that are exactly the range; undefined is any port. */
export function portMasks(range: PortRange): (PortMask | undefined)[] {
  if (isAny(range)) return [undefined];
  const masks: PortMask[] = [];
  for (let first = range.first; first <= range.last; ) {
    // The largest aligned block that begins here and does not reach beyond the end.
    let size = 1;
    while (first % (size * 2) === 0 && first + size * 2 - 1 <= range.last) size *= 2;
    masks.push({ port: first, mask: 0x10000 - size });
    first += size;
  }
  return masks;
}

/**
 * Type and code, which stand in the ports as one number (RFC 7296 3.13.1), as the kernel's two. Throws TypeError for a range that
 * begins or ends in the middle of a type's codes and spans several types.
 */
function typeAndCode(range: PortRange): { type: PortMask | undefined; code: PortMask | undefined }[] {
  if (isAny(range)) return [{ type: undefined, code: undefined }];
  const type = { first: range.first >> 8, last: range.last >> 8 };
  const code = { first: range.first & 0xff, last: range.last & 0xff };
  const within = (bounds: PortRange): (PortMask | undefined)[] => portMasks(bounds);
  if (type.first === type.last) {
    const codes = code.first === 0 && code.last === 255 ? [undefined] : within(code);
    return codes.map((c) => ({ type: { port: type.first, mask: 0xffff }, code: c }));
  }
  if (code.first !== 0 || code.last !== 255) throw new TypeError('localPorts: not whole types of ICMP');
  return within(type).map((t) => ({ type: t, code: undefined }));
}

/**
 * One direction of a selector. A range of ports may take several of the kernel's. Throws TypeError for what the kernel cannot
 * say.
 */
export function kernelSelectors(selector: Selector, direction: 'out' | 'in'): XfrmSelector[] {
  const { local, remote, protocol, localPorts, remotePorts } = selector;
  const ends = direction === 'out' ? { src: local, dst: remote } : { src: remote, dst: local };
  if (isTyped(protocol)) {
    const range = isAny(localPorts) ? remotePorts : localPorts;
    return typeAndCode(range).map(({ type, code }) => ({
      ...ends,
      protocol,
      ...(type && { srcPort: type }),
      ...(code && { dstPort: code }),
    }));
  }
  if ((!isAny(localPorts) || !isAny(remotePorts)) && !WITH_PORTS.has(protocol))
    throw new TypeError(`localPorts: the kernel knows no ports of protocol ${protocol}`);
  const [srcRange, dstRange] = direction === 'out' ? [localPorts, remotePorts] : [remotePorts, localPorts];
  return portMasks(srcRange).flatMap((srcPort) =>
    portMasks(dstRange).map((dstPort) => ({
      ...ends,
      protocol,
      ...(srcPort && { srcPort }),
      ...(dstPort && { dstPort }),
    })),
  );
}

const anyPort: PortRange = { first: 0, last: 65535 };

/** The packet of an acquire, seen in the outbound direction. */
export function packetSelector(packet: XfrmSelector): Selector {
  const protocol = packet.protocol ?? 0;
  const one = (port: number): PortRange => ({ first: port, last: port });
  const [source, destination] = [packet.srcPort?.port ?? 0, packet.dstPort?.port ?? 0];
  let ports = { localPorts: anyPort, remotePorts: anyPort };
  if (isTyped(protocol)) {
    const both = one(((source & 0xff) << 8) | (destination & 0xff));
    ports = { localPorts: both, remotePorts: both };
  } else if (WITH_PORTS.has(protocol)) {
    ports = { localPorts: one(source), remotePorts: one(destination) };
  }
  return { local: packet.src ?? '', remote: packet.dst ?? '', protocol, ...ports };
}
