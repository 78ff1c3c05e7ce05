import type { Reader, Writer } from '../wire/index.ts';

/** An EUI-64 as its 64-bit number, big-endian as on the wire: comparing numbers compares octets (IEEE 1588-2008 7.5.2.2). */
export type ClockIdentity = bigint;

/** IEEE 1588-2008 5.3.5. */
export interface PortIdentity {
  readonly clockIdentity: ClockIdentity;
  /** 1.. for real ports; 0 and 65535 only in targetPortIdentity. */
  readonly portNumber: number;
}

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

/** The targetPortIdentity that every port answers to (IEEE 1588-2008 13.12.1, 15.4.1.1). */
export const ALL_PORTS: PortIdentity = { clockIdentity: ALL_ONES, portNumber: 0xffff };

/** The EUI-64 of a MAC address: ff fe in the middle (IEEE 1588-2008 7.5.2.2.2). Throws `TypeError` unless six octets. */
export function clockIdentityOf(mac: Uint8Array): ClockIdentity {
  if (mac.length !== 6) throw new TypeError('a MAC address has six octets');
  let identity = 0n;
  for (const octet of [...mac.subarray(0, 3), 0xff, 0xfe, ...mac.subarray(3)])
    identity = (identity << 8n) | BigInt(octet);
  return identity;
}

/** `64:D1:54:FF:FE:EB:AD:C7`, as RouterOS prints it. */
export function formatClockIdentity(identity: ClockIdentity): string {
  const digits = identity.toString(16).padStart(16, '0').toUpperCase();
  return digits.match(/../g)!.join(':');
}

/** Reads `64:D1:54:FF:FE:EB:AD:C7`, `64d154.fffe.ebadc7` (linuxptp) or 16 digits; throws `TypeError` for anything else. */
export function parseClockIdentity(text: string): ClockIdentity {
  const digits = text.replace(/[:.-]/g, '');
  if (!/^[0-9a-fA-F]{16}$/.test(digits)) throw new TypeError(`${text} is not a clock identity`);
  return BigInt(`0x${digits}`);
}

/** `64:D1:54:FF:FE:EB:AD:C7-1`. */
export function formatPortIdentity(identity: PortIdentity): string {
  return `${formatClockIdentity(identity.clockIdentity)}-${identity.portNumber}`;
}

export function samePort(a: PortIdentity, b: PortIdentity): boolean {
  return a.portNumber === b.portNumber && a.clockIdentity === b.clockIdentity;
}

/** Octets first, then the number (IEEE 1588-2008 7.5.2.4): negative, 0 or positive. */
export function comparePorts(a: PortIdentity, b: PortIdentity): number {
  if (a.clockIdentity !== b.clockIdentity) return a.clockIdentity < b.clockIdentity ? -1 : 1;
  return a.portNumber - b.portNumber;
}

export function decodePortIdentity(r: Reader): PortIdentity {
  const clockIdentity = r.u64('clockIdentity');
  return { clockIdentity, portNumber: r.u16('portNumber') };
}

export function encodePortIdentity(w: Writer, identity: PortIdentity): void {
  w.u64(identity.clockIdentity);
  w.u16(identity.portNumber);
}
