export type OperState = 'unknown' | 'notpresent' | 'down' | 'lowerlayerdown' | 'testing' | 'dormant' | 'up';

/** Counters since the link was made (struct rtnl_link_stats64). */
export interface LinkStatistics {
  readonly rxPackets: bigint;
  readonly txPackets: bigint;
  readonly rxBytes: bigint;
  readonly txBytes: bigint;
  readonly rxErrors: bigint;
  readonly txErrors: bigint;
  readonly rxDropped: bigint;
  readonly txDropped: bigint;
}

/**
 * Parameters of a tunnel: `gre`, `gretap`, `ipip`, `sit` over IPv4; `ip6gre`, `ip6gretap`, `ip6tnl` (both IP versions inside) over IPv6; or of
 * an xfrm interface (`xfrm`).
 */
export interface Tunnel {
  /** Outer addresses; absent is any. */
  readonly local?: string;
  readonly remote?: string;
  /** GRE, both ways (RFC 2890). */
  readonly key?: number;
  /** 0, the default, is the inner packet's. */
  readonly ttl?: number;
  /** 0 by default; 1 is the inner packet's. */
  readonly tos?: number;
  /** IPv4 outside. Default true; false needs a `ttl` of 0 to be changed too. */
  readonly pathMtuDiscovery?: boolean;
  /** xfrm interfaces: of the SAs and policies that are its own. */
  readonly ifId?: number;
}

/** A network interface as the kernel describes it. */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** ARPHRD_* as a word (`ether`, `loopback`, `none`), or its number as text. */
  readonly type: string;
  /** IFLA_INFO_KIND: `veth`, `bridge`, `vlan`, `dummy`, `tun`; absent for hardware. */
  readonly kind?: string;
  /** IFF_UP: the administrator wants it up. */
  readonly up: boolean;
  /** IFF_RUNNING: it can carry packets. */
  readonly running: boolean;
  readonly lowerUp: boolean;
  readonly loopback: boolean;
  readonly pointToPoint: boolean;
  readonly noarp: boolean;
  readonly promiscuous: boolean;
  /** RFC 2863. */
  readonly operState: OperState;
  /** Bytes. */
  readonly mtu: number;
  readonly minimumMtu: number;
  readonly maximumMtu: number;
  readonly macAddress?: string;
  /** Index of the bridge or bond it belongs to. */
  readonly master?: number;
  /** Index of the link that a VLAN stands on, or of a veth's peer; 0 is none. */
  readonly parent: number;
  /** 0 if it is no VLAN. */
  readonly vlanId: number;
  readonly tunnel?: Tunnel;
  readonly statistics?: LinkStatistics;
}

/** What can be set. */
export interface LinkChange {
  /** The new name; the link has to be down. */
  readonly name?: string;
  readonly up?: boolean;
  readonly mtu?: number;
  readonly macAddress?: string;
  /** Index of the bridge to join; 0 leaves it. */
  readonly master?: number;
  /** Moves the link to the network namespace of this process. */
  readonly namespacePid?: number;
}

/** A link to create. */
export interface LinkSpec extends LinkChange {
  readonly name: string;
  readonly kind:
    | 'veth'
    | 'bridge'
    | 'vlan'
    | 'dummy'
    | 'gre'
    | 'gretap'
    | 'ipip'
    | 'sit'
    | 'ip6gre'
    | 'ip6gretap'
    | 'ip6tnl'
    | 'xfrm'
    | (string & {});
  readonly tunnel?: Tunnel;
  /** Index of the link that a VLAN stands on, or that a tunnel's packets leave by. */
  readonly parent?: number;
  /** 1..4094 */
  readonly vlanId?: number;
  /** The other end of a veth pair. */
  readonly peer?: { readonly name?: string; readonly macAddress?: string; readonly namespacePid?: number };
}

/** Only links that are all of this. */
export interface LinkFilter {
  readonly kind?: string;
  readonly master?: number;
}
