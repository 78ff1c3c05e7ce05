import type { Family, Scope } from './constants.ts';

export type RouteType =
  | 'unicast'
  | 'local'
  | 'broadcast'
  | 'anycast'
  | 'multicast'
  | 'blackhole'
  | 'unreachable'
  | 'prohibit'
  | 'throw';

/** One of several next hops. */
export interface Nexthop {
  readonly gateway?: string;
  readonly oif: number;
  /** 1..256 */
  readonly weight: number;
  readonly onlink: boolean;
  readonly dead: boolean;
  readonly linkdown: boolean;
}

/** A route as the kernel describes it. */
export interface Route {
  /** CIDR; `0.0.0.0/0` and `::/0` are default routes. In an answer to a query, the destination's host prefix. */
  readonly dst: string;
  /** IPv6 source-specific routes. */
  readonly src?: string;
  /** Of IPv6 also for an IPv4 route (RTA_VIA). */
  readonly gateway?: string;
  /** Index of the outgoing link; 0 is none (blackhole, several next hops). */
  readonly oif: number;
  readonly iif: number;
  readonly table: number;
  /** The metric; the lower wins. Absent is 0. */
  readonly priority?: number;
  /** The source address that the kernel prefers. */
  readonly prefsrc?: string;
  /** `RTPROT`. */
  readonly protocol: number;
  readonly scope: Scope;
  readonly type: RouteType;
  readonly tos: number;
  /** 0 is the link's. */
  readonly mtu: number;
  /** 0 is never. */
  readonly expiresSeconds: number;
  readonly onlink: boolean;
  readonly dead: boolean;
  readonly linkdown: boolean;
  readonly nexthops?: readonly Nexthop[];
}

/** A route to add, replace or delete. Deletion matches what is given. */
export interface RouteSpec {
  readonly dst: string;
  readonly src?: string;
  readonly gateway?: string;
  readonly oif?: number;
  /** Default `RT_TABLE.MAIN`. */
  readonly table?: number;
  /** Default 0 for IPv4, 1024 for IPv6. */
  readonly priority?: number;
  readonly prefsrc?: string;
  /** Default `RTPROT.STATIC`. */
  readonly protocol?: number;
  /** Default: as ip-route(8) chooses it. */
  readonly scope?: Scope;
  /** Default `unicast`. */
  readonly type?: RouteType;
  readonly tos?: number;
  readonly mtu?: number;
  readonly expiresSeconds?: number;
  /** The gateway is on the link, whatever its prefixes say. */
  readonly onlink?: boolean;
  readonly nexthops?: readonly {
    readonly gateway?: string;
    readonly oif?: number;
    readonly weight?: number;
    readonly onlink?: boolean;
  }[];
}

export interface RouteFilter {
  readonly family?: Family;
  readonly table?: number;
  readonly protocol?: number;
  /** Out of this link. */
  readonly index?: number;
}

/** The packet whose way is asked for. */
export interface RouteQuery {
  readonly dst: string;
  readonly src?: string;
  readonly oif?: number;
  readonly iif?: number;
  readonly mark?: number;
  readonly tos?: number;
  readonly ipProtocol?: number;
  readonly srcPort?: number;
  readonly dstPort?: number;
  /** The table entry that matches, instead of the resolved route. */
  readonly fibMatch?: boolean;
}
