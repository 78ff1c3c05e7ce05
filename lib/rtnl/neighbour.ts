import type { Family } from './constants.ts';

/** A neighbour (ARP, RFC 4861) as the kernel describes it. */
export interface Neighbour {
  /** Of the link. */
  readonly index: number;
  readonly dst: string;
  readonly macAddress?: string;
  readonly state:
    | 'none'
    | 'incomplete'
    | 'reachable'
    | 'stale'
    | 'delay'
    | 'probe'
    | 'failed'
    | 'noarp'
    | 'permanent'
    | (string & {});
  readonly router: boolean;
}

/** A neighbour to add, replace or delete. */
export interface NeighbourSpec {
  /** Of the link. */
  readonly index: number;
  readonly dst: string;
  readonly macAddress?: string;
  /** Default `permanent`. */
  readonly state?: 'reachable' | 'stale' | 'noarp' | 'permanent';
}

export interface NeighbourFilter {
  readonly family?: Family;
  readonly index?: number;
}
