import type { Family, Scope } from './constants.ts';

/** An address of an interface as the kernel describes it. */
export interface InterfaceAddress {
  /** Of the link. */
  readonly index: number;
  /** With its prefix length, `10.0.0.1/24`; with a peer the length is that of the peer's network. */
  readonly address: string;
  /** The other end of a point-to-point interface. */
  readonly peer?: string;
  readonly broadcast?: string;
  readonly label?: string;
  readonly scope: Scope;
  /** Absent: forever. */
  readonly preferredSeconds?: number;
  readonly validSeconds?: number;
  /** Metric of the prefix route; 0 is the kernel's default. */
  readonly priority: number;
  /** IFAPROT_*; 0 before Linux 5.18. */
  readonly protocol: number;
  /** The kernel makes no prefix route for it. */
  readonly noprefixroute: boolean;
  readonly nodad: boolean;
  readonly permanent: boolean;
  /** IPv6 duplicate address detection is not through: it cannot be bound yet (RFC 4862 5.4). */
  readonly tentative: boolean;
  readonly dadfailed: boolean;
  readonly deprecated: boolean;
  readonly secondary: boolean;
}

/** An address to add or to delete. */
export interface AddressSpec {
  readonly index: number;
  /** `10.0.0.1/24`; a bare address is a host prefix. */
  readonly address: string;
  readonly peer?: string;
  readonly broadcast?: string;
  readonly label?: string;
  readonly scope?: Scope;
  readonly preferredSeconds?: number;
  readonly validSeconds?: number;
  readonly priority?: number;
  readonly protocol?: number;
  readonly noprefixroute?: boolean;
  /** No duplicate address detection. */
  readonly nodad?: boolean;
}

export interface AddressFilter {
  readonly family?: Family;
  readonly index?: number;
}
