/**
 * How a userspace data plane is set up. Two of them in one network namespace need different names, ports, tables two apart,
 * marks, and preferences that do not overlap.
 */
export interface UserspaceOptions {
  /** Name of the TUN device on the plain side; default `rp0`. */
  readonly device?: string;
  /** Its MTU in bytes, 1280..9000; default 1400. */
  readonly mtu?: number;
  /** UDP port of IKE; default 500. */
  readonly ikePort?: number;
  /** UDP port of IKE and ESP behind a NAT (RFC 3948); default 4500. */
  readonly natPort?: number;
  /** Routing table of our own, 1..0xffffffff; default 21072. */
  readonly table?: number;
  /** SO_MARK of our own sockets, which the rules never catch; default 0x5250. */
  readonly mark?: number;
  /**
   * Packet threads, 1..64; default 1. Each has a queue of the device and a share of `natPort`: packets of one flow stay
   * with one thread on the way out, packets of one SA on the way in. Several threads may send with one SA, each with
   * sequence numbers of its own: what they send is out of order by as many packets as a thread has in hand, so the peer's
   * replay window should be 1024 or more.
   */
  readonly threads?: number;
  /**
   * For routers with little memory: smaller buffers, which cost speed, and once a minute the process gives back the text of Node that it
   * does not run. Default false.
   */
  readonly small?: boolean;
  /**
   * Microseconds, 0..10000, that a packet thread goes on looking for packets before it sleeps; default 0. It looks while packets come
   * closer together than this, and then has a core to itself; when they come more seldom, or none come, it sleeps at once.
   */
  readonly pollUs?: number;
  /**
   * Interfaces whose ESP and AH go past the kernel's IP: in tunnel mode where the kernel knows route and neighbour, and what is
   * received. `auto` is every Ethernet interface that is up now and is no part of a bridge or bond. Where it cannot be, the sockets do it,
   * and `xdpStates()` says why. None if not given.
   */
  readonly xdp?: readonly string[] | 'auto';
  /** By AF_XDP (ESP in UDP included), by AF_PACKET, or by the first of them that the interface can: `any`, the default. */
  readonly frames?: 'any' | 'xdp' | 'packet';
  /** First preference of the `ip rule`s we add; 8 * (maximumPolicies + 2) preferences from here on are ours. Default 5000. */
  readonly preference?: number;
  /** How many policies of one IP version there may be, 1..2498, the default: 20000 preferences. */
  readonly maximumPolicies?: number;
}

/** What became of an interface of `UserspaceOptions.xdp`. */
export interface XdpState {
  readonly interface: string;
  readonly active: boolean;
  /** `AF_XDP native, zero-copy` and the like, with what was better and could not be; or why the sockets do its work. */
  readonly detail: string;
}

/** How the kernel's data plane is set up. */
export interface KernelOptions {
  /** UDP port of IKE; default 500. */
  readonly ikePort?: number;
  /** UDP port of IKE and ESP behind a NAT (RFC 3948); default 4500. */
  readonly natPort?: number;
  /**
   * SAs that a daemon left in the kernel because it was killed or detached: `clean`, the default, deletes them; `adopt` lets them carry
   * traffic until IKE has made new ones, or their own lifetime ends.
   */
  readonly staleSas?: 'clean' | 'adopt';
}
