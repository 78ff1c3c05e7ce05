/** Order statistics. None of them changes its input; all of them give NaN for no values. */

export function sorted(values: Iterable<number>): Float64Array {
  return Float64Array.from(values).sort();
}

/** Of sorted values, by linear interpolation between the two nearest ranks; `q` of 0..1. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  if (ascending.length === 0) return Number.NaN;
  const rank = q * (ascending.length - 1);
  const below = Math.floor(rank);
  const low = ascending[below]!;
  const high = ascending[Math.min(below + 1, ascending.length - 1)]!;
  return low + (high - low) * (rank - below);
}

export function median(values: Iterable<number>): number {
  return quantile(sorted(values), 0.5);
}

/**
 * Median absolute deviation from the median, in percent of the median, times 1.4826: what the standard deviation would be
 * if the values were normal, without the outliers' weight.
 */
export function spreadPercent(values: Iterable<number>): number {
  const all = sorted(values);
  const middle = quantile(all, 0.5);
  return (median(all.map((value) => Math.abs(value - middle))) / middle) * 148.26;
}

/**
 * Two medians with their spreads: are they further apart than three times what the spreads explain, and than the 2 % that
 * where code and packets happen to lie in memory makes from one run to the next?
 */
export function differs(ratio: number, spreadA: number, spreadB: number): boolean {
  return Math.abs(ratio - 1) * 100 > Math.max(2, 3 * Math.hypot(spreadA, spreadB));
}
