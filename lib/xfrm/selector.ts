export type Protocol = 'esp' | 'ah' | 'comp' | 'route2' | 'hao' | 'any';
export type Mode = 'transport' | 'tunnel' | 'beet' | 'ro' | 'in_trigger' | 'iptfs';

/** Ports whose bits under `mask` (default 0xffff) are those of `port`. For ICMP the source port is the type, the destination port the code. */
export interface PortMask {
  readonly port: number;
  readonly mask?: number;
}

/** struct xfrm_selector. Without prefixes it is that of an SA that takes any packet. */
export interface Selector {
  /** CIDR. */
  readonly src?: string;
  readonly dst?: string;
  /** IP protocol number; 0, the default, is any. */
  readonly protocol?: number;
  readonly srcPort?: PortMask;
  readonly dstPort?: PortMask;
  readonly ifindex?: number;
}

/** Packets whose mark, masked, is `value`. Default mask 0xffffffff. */
export interface Mark {
  readonly value: number;
  readonly mask?: number;
}

/** Limits; 0 or absent is none. Octets and packets may be bigint. */
export interface Lifetime {
  readonly softBytes?: number | bigint;
  readonly hardBytes?: number | bigint;
  readonly softPackets?: number | bigint;
  readonly hardPackets?: number | bigint;
  /** Since it was added. */
  readonly softAddSeconds?: number | bigint;
  readonly hardAddSeconds?: number | bigint;
  /** Since it was first used. */
  readonly softUseSeconds?: number | bigint;
  readonly hardUseSeconds?: number | bigint;
}

/** What has gone through. Times are seconds of CLOCK_REALTIME, 0n is never. */
export interface Usage {
  readonly bytes: bigint;
  readonly packets: bigint;
  readonly addTime: bigint;
  readonly useTime: bigint;
}

/** Hardware offload: the link, and how much of the work. `packet` (Linux 6.2) is all of it, else the cipher only. */
export interface Offload {
  readonly ifindex: number;
  readonly inbound?: boolean;
  readonly packet?: boolean;
}
