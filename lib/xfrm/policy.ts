import type { Lifetime, Mark, Mode, Offload, Protocol, Selector, Usage } from './selector.ts';

export type PolicyDirection = 'in' | 'out' | 'fwd';

/** One transform that a packet needs, innermost first. */
export interface Template {
  /** Of the tunnel. */
  readonly src?: string;
  readonly dst?: string;
  readonly spi?: number;
  /** Default `esp`. */
  readonly protocol?: Protocol;
  /** Only SAs with this number; 0 is any. */
  readonly reqid?: number;
  /** Default `tunnel`. */
  readonly mode?: Mode;
  readonly share?: 'any' | 'session' | 'user' | 'unique';
  /** Level "use": without an SA the packet goes on without. Not for outbound tunnels since Linux 6.3. */
  readonly optional?: boolean;
}

/** What names a policy to the kernel: its selector, or its index. */
export interface PolicyKey {
  readonly selector: Selector;
  readonly direction: PolicyDirection;
  readonly index?: number;
  readonly type?: 'main' | 'sub';
  readonly mark?: Mark;
  readonly ifId?: number;
}

/** A policy to add or update. */
export interface PolicySpec {
  readonly selector: Selector;
  readonly direction: PolicyDirection;
  /** The lower wins; of equal ones the older. Default 0. */
  readonly priority?: number;
  /** Default `allow`: after the templates, if there are any. */
  readonly action?: 'allow' | 'block';
  readonly index?: number;
  /** A socket's own policy may override it. */
  readonly localok?: boolean;
  readonly icmp?: boolean;
  readonly share?: 'any' | 'session' | 'user' | 'unique';
  readonly type?: 'main' | 'sub';
  readonly lifetime?: Lifetime;
  readonly templates?: readonly Template[];
  readonly mark?: Mark;
  /** Of the xfrm interface that it belongs to (Linux 4.19). */
  readonly ifId?: number;
  /** Linux 6.2. */
  readonly offload?: Offload;
}

/** A policy as the kernel describes it. */
export interface Policy extends PolicySpec {
  readonly index: number;
  readonly priority: number;
  readonly action: 'allow' | 'block';
  readonly ifId: number;
  readonly usage: Usage;
  readonly lifetime: { readonly [limit in keyof Required<Lifetime>]: bigint };
}

/** Narrows a dump. Policies of single sockets are never in it. */
export interface PolicyFilter {
  readonly direction?: PolicyDirection;
  readonly minimumPriority?: number;
  readonly maximumPriority?: number;
}
