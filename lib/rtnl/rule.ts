import type { Family } from './constants.ts';

export type RuleAction = 'to-table' | 'goto' | 'nop' | 'blackhole' | 'unreachable' | 'prohibit';

/** Inclusive; within 1..65534, which is what the kernel takes. */
export interface RulePorts {
  readonly first: number;
  readonly last: number;
}

/** A policy rule to add, or to delete: deletion takes the first rule that matches what is given. */
export interface RuleSpec {
  /** Needed when there is neither `src` nor `dst`. */
  readonly family?: Family;
  /** Rules are asked in rising order. Default: one below the lowest but `local`'s. */
  readonly priority?: number;
  readonly src?: string;
  readonly dst?: string;
  readonly iif?: string;
  readonly oif?: string;
  readonly fwmark?: number;
  readonly fwmask?: number;
  /** Matches every packet but these. */
  readonly invert?: boolean;
  /** IPv6: a packet that has no source address yet gets one of `src`, or the rule is passed over. */
  readonly findSource?: boolean;
  readonly table?: number;
  /** Default `to-table`. */
  readonly action?: RuleAction;
  /** Priority of the rule that `goto` goes on with. */
  readonly target?: number;
  /** FRA_PROTOCOL: who installed it, an `RTPROT` number. */
  readonly protocol?: number;
  readonly ipProtocol?: number;
  readonly srcPorts?: RulePorts;
  readonly dstPorts?: RulePorts;
  readonly tos?: number;
  /** Ignores routes of this prefix length or shorter. */
  readonly suppressPrefixLength?: number;
}

/** A policy rule as the kernel describes it. */
export interface Rule extends RuleSpec {
  readonly family: Family;
  readonly priority: number;
  readonly invert: boolean;
  readonly findSource: boolean;
  /** 0 for actions without one. */
  readonly table: number;
  readonly action: RuleAction;
  readonly protocol: number;
  readonly ipProtocol: number;
  readonly tos: number;
  /** The interface it names does not exist. */
  readonly iifDetached: boolean;
  readonly oifDetached: boolean;
  /** A `goto` whose target does not exist. */
  readonly unresolved: boolean;
}

export interface RuleFilter {
  readonly family?: Family;
  readonly table?: number;
  readonly protocol?: number;
}
