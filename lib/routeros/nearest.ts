/** The valid name most like what was written, for error messages. */

/** Damerau-Levenshtein distance (adjacent transpositions count one), or `limit + 1` once it is sure to be above `limit`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        cost = Math.min(cost, beforeLast[j - 2]! + 1);
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}

/** Empty if none is near: more than a third of it would have to change. The first of equals counts. */
export function nearest(word: string, names: readonly string[]): string {
  if (word.length > 64) return '';
  const wanted = word.toLowerCase();
  let best = '';
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const name of names) {
    const limit = Math.max(1, Math.floor(Math.max(wanted.length, name.length) / 3));
    const distance = editDistance(wanted, name.toLowerCase(), limit);
    if (distance <= limit && distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  if (best) return best;
  // `dst-network` for `dst-address`, where nothing else begins so.
  const dash = wanted.indexOf('-');
  if (dash > 0) {
    const kin = [...names].filter((name) => name.startsWith(wanted.slice(0, dash + 1)));
    if (kin.length === 1) return kin[0]!;
  }
  // Half a word is as good a hint: `peers` in `active-peers`, `network` for `dst-network`.
  if (wanted.length < 3) return '';
  for (const name of names) if (name.toLowerCase().includes(wanted)) return name;
  return '';
}

/** `; did you mean "address"?` or nothing. */
export function suggestion(name: string): string {
  return name ? `; did you mean "${name}"?` : '';
}
