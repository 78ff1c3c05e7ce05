/**
 * What a batch has to look like before native code sees it. Native code looks at bounds again, as other threads may
 * write to shared memory in between.
 */

/** Throws `TypeError` naming the argument. */
export function wantBytes(name: string, value: unknown): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name}: not a Uint8Array`);
  wantAttached(name, value);
}

function wantWords(name: string, value: unknown, count: number): void {
  if (!(value instanceof Uint32Array)) throw new TypeError(`${name}: not a Uint32Array`);
  wantAttached(name, value);
  wantElements(name, value.length, count);
}

function wantElements(name: string, length: number, count: number): void {
  if (length < count) throw new TypeError(`${name}: ${count} elements wanted, got ${length}`);
}

function wantAttached(name: string, value: ArrayBufferView): void {
  // An array whose buffer is detached has no length, and no other can be made of the buffer (Node 20 has no `detached`).
  if (value.byteLength > 0) return;
  try {
    new Uint8Array(value.buffer);
  } catch {
    throw new TypeError(`${name}: its buffer is detached`);
  }
}

/** A whole number that is no more than `maximum`: `TypeError` for another type, `RangeError` for another number. */
export function wantWhole(name: string, value: unknown, maximum: number): void {
  if (typeof value !== 'number') throw new TypeError(`${name}: not a number`);
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new RangeError(`${name}: a whole number from 0 to ${maximum} is wanted, got ${value}`);
  }
}

/** The arrays of a batch, by the names that errors give them. */
export interface BatchArrays {
  readonly arena: Uint8Array;
  readonly offsets: Uint32Array;
  readonly textBytes: Uint32Array;
  readonly ok: Uint8Array;
  /** Others that are read, which must not lie in the arena or in `ok`. */
  readonly read: Readonly<Record<string, Uint8Array | Uint32Array | undefined>>;
}

/** `extra`: bytes of a message beside its text. Nothing is touched before everything is right. */
export function wantBatch({ arena, offsets, textBytes, ok, read }: BatchArrays, count: number, extra: number): void {
  wantWhole('count', count, 0xffff_ffff);
  wantBytes('arena', arena);
  wantWords('offsets', offsets, count);
  wantWords('textBytes', textBytes, count);
  wantBytes('ok', ok);
  wantElements('ok', ok.length, count);
  const written: readonly (readonly [string, ArrayBufferView])[] = [
    ['arena', arena],
    ['ok', ok],
  ];
  if (share(arena, ok)) throw new TypeError('ok: overlaps the arena');
  for (const [name, value] of Object.entries({ offsets, textBytes, ...read })) {
    if (value === undefined) continue;
    if (value instanceof Uint8Array) wantBytes(name, value);
    else wantWords(name, value, count);
    for (const [what, out] of written) {
      if (share(value, out)) throw new TypeError(`${name}: overlaps ${what === 'ok' ? 'ok' : 'the arena'}`);
    }
  }
  wantDisjoint(offsets, textBytes, extra, count, arena.length);
}

function share(a: ArrayBufferView, b: ArrayBufferView): boolean {
  if (a.buffer !== b.buffer || a.byteLength === 0 || b.byteLength === 0) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}

/** Messages that share bytes would be worked on twice. In order, as they mostly are, is looked at without sorting. */
function wantDisjoint(
  offsets: Uint32Array,
  bytes: Uint32Array,
  extra: number,
  count: number,
  arenaBytes: number,
): void {
  const end = (i: number) => offsets[i]! + bytes[i]! + extra;
  let ordered = true;
  for (let i = 0, before = 0; i < count; i++) {
    ordered &&= offsets[i]! >= before;
    before = end(i);
    if (before > arenaBytes) throw new TypeError(`offsets[${i}]: beyond the arena`);
  }
  if (ordered) return;
  const order = Array.from({ length: count }, (_, i) => i).sort((a, b) => offsets[a]! - offsets[b]!);
  for (let i = 1; i < count; i++) {
    const [before, at] = [order[i - 1]!, order[i]!];
    if (offsets[at]! < end(before)) throw new TypeError(`offsets[${at}]: overlaps the message of offsets[${before}]`);
  }
}
