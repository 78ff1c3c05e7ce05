/** Deep equality of configuration: plain objects, arrays, byte strings and scalars. */
export function sameConfig(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (a instanceof Uint8Array || b instanceof Uint8Array || Array.isArray(a) || Array.isArray(b)) {
    const both = a as ArrayLike<unknown>;
    const other = b as ArrayLike<unknown>;
    if (a.constructor !== b.constructor || both.length !== other.length) return false;
    return Array.from(both).every((value, i) => sameConfig(value, other[i]));
  }
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  const left = a as Readonly<Record<string, unknown>>;
  const right = b as Readonly<Record<string, unknown>>;
  return [...keys].every((key) => sameConfig(left[key], right[key]));
}
