/**
 * The best master clock algorithm, as pure functions that read like the figures: data set comparison (IEEE 1588-2008
 * figures 27 and 28, 2019 figures 34 and 35) and state decision (2008 figure 26, 2019 figure 33).
 */
import { type ClockIdentity, comparePorts, type PortIdentity } from './identity.ts';
import type { ClockQuality } from './messages/announce.ts';
import type { PortState } from './port-state.ts';

/** What table 12 takes out of defaultDS (D0) or out of an Announce message. */
export interface ComparisonDataSet {
  readonly priority1: number;
  readonly grandmasterIdentity: ClockIdentity;
  readonly clockQuality: ClockQuality;
  readonly priority2: number;
  /** G.8275.1: of the receiving port, or of the clock itself. */
  readonly localPriority: number;
  readonly stepsRemoved: number;
  /** Of D0: the clock with port 0. */
  readonly sender: PortIdentity;
  readonly receiver: PortIdentity;
}

/** `error-1`: a message from itself; `error-2`: the same message twice. */
export type Comparison = 'A' | 'A by topology' | 'B' | 'B by topology' | 'error-1' | 'error-2';

export type Compare = (a: ComparisonDataSet, b: ComparisonDataSet) => Comparison;

/** Figure 27. */
export const compareDataSets: Compare = (a, b) => {
  if (a.grandmasterIdentity === b.grandmasterIdentity) return compareTopology(a, b);
  const difference =
    a.priority1 - b.priority1 ||
    a.clockQuality.clockClass - b.clockQuality.clockClass ||
    a.clockQuality.clockAccuracy - b.clockQuality.clockAccuracy ||
    a.clockQuality.offsetScaledLogVariance - b.clockQuality.offsetScaledLogVariance ||
    a.priority2 - b.priority2 ||
    (a.grandmasterIdentity < b.grandmasterIdentity ? -1 : 1);
  return difference < 0 ? 'A' : 'B';
};

/** ITU-T G.8275.1 figures 2 and 3: no priority1, but localPriority; several grandmasters of class 127 or better are equals. */
export const compareAlternate: Compare = (a, b) => {
  const difference =
    a.clockQuality.clockClass - b.clockQuality.clockClass ||
    a.clockQuality.clockAccuracy - b.clockQuality.clockAccuracy ||
    a.clockQuality.offsetScaledLogVariance - b.clockQuality.offsetScaledLogVariance ||
    a.priority2 - b.priority2 ||
    a.localPriority - b.localPriority;
  if (difference !== 0) return difference < 0 ? 'A' : 'B';
  if (a.clockQuality.clockClass <= 127 || a.grandmasterIdentity === b.grandmasterIdentity) return compareTopology(a, b);
  return a.grandmasterIdentity < b.grandmasterIdentity ? 'A' : 'B';
};

/** Figure 28: the same grandmaster over two paths. */
function compareTopology(a: ComparisonDataSet, b: ComparisonDataSet): Comparison {
  if (a.stepsRemoved > b.stepsRemoved + 1) return 'B';
  if (a.stepsRemoved + 1 < b.stepsRemoved) return 'A';
  if (a.stepsRemoved > b.stepsRemoved) {
    const receiver = comparePorts(a.receiver, a.sender);
    if (receiver === 0) return 'error-1';
    return receiver < 0 ? 'B' : 'B by topology';
  }
  if (a.stepsRemoved < b.stepsRemoved) {
    const receiver = comparePorts(b.receiver, b.sender);
    if (receiver === 0) return 'error-1';
    return receiver < 0 ? 'A' : 'A by topology';
  }
  const sender = comparePorts(a.sender, b.sender);
  if (sender !== 0) return sender < 0 ? 'A by topology' : 'B by topology';
  const receiver = comparePorts(a.receiver, b.receiver);
  if (receiver !== 0) return receiver < 0 ? 'A by topology' : 'B by topology';
  return 'error-2';
}

/** The better one, `a` when they are the same. */
export function better(compare: Compare, a: ComparisonDataSet, b: ComparisonDataSet): ComparisonDataSet {
  const result = compare(a, b);
  return result === 'B' || result === 'B by topology' ? b : a;
}

/** Tables 13 to 16; `LISTENING`: nothing to decide yet. */
export type StateDecision = 'M1' | 'M2' | 'M3' | 'P1' | 'P2' | 'S1' | 'LISTENING';

/**
 * Figure 26 for one port: `d0` is the clock itself, `erbest` the best this port heard, `ebest` the best of all ports.
 */
export function decideState(
  compare: Compare,
  d0: ComparisonDataSet,
  erbest: ComparisonDataSet | undefined,
  ebest: ComparisonDataSet | undefined,
  state: PortState,
): StateDecision {
  if (erbest === undefined && state === 'LISTENING') return 'LISTENING';
  if (d0.clockQuality.clockClass <= 127) {
    return erbest === undefined || better(compare, d0, erbest) === d0 ? 'M1' : 'P1';
  }
  if (ebest === undefined || better(compare, d0, ebest) === d0) return 'M2';
  if (ebest === erbest) return 'S1';
  if (erbest !== undefined && compare(ebest, erbest) === 'A by topology') return 'P2';
  return 'M3';
}
