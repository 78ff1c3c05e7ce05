/** Mutations of byte strings, the same for the same seed. */
export class Mutator {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0..below-1; mulberry32. */
  next(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % below;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.next(items.length)]!;
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.next(256));
  }

  /** One to six changes of `data`; `other` lends pieces. */
  mutate(data: Uint8Array, other: Uint8Array, maximum: number): Uint8Array<ArrayBuffer> {
    let out = Uint8Array.from(data);
    for (let changes = 1 + this.next(6); changes > 0; changes--) out = this.#change(out, other);
    return out.subarray(0, maximum);
  }

  #change(data: Uint8Array, other: Uint8Array): Uint8Array<ArrayBuffer> {
    const out = Uint8Array.from(data);
    const at = this.next(out.length + 1);
    const length = this.next(Math.min(64, out.length - at) + 1);
    switch (this.next(8)) {
      case 0:
        if (at < out.length) out[at]! ^= 1 << this.next(8);
        return out;
      case 1:
        if (at < out.length) out[at] = this.pick([0, 1, 3, 4, 7, 8, 0x7f, 0x80, 0xff, this.next(256)]);
        return out;
      case 2:
        if (at + 1 < out.length) new DataView(out.buffer).setUint16(at, this.pick([0, 1, 3, 4, 8, out.length, 0xffff]));
        return out;
      case 3: // A length that is off by a little.
        if (at < out.length) out[at]! += this.pick([-4, -1, 1, 4]);
        return out;
      case 4:
        return out.slice(0, at);
      case 5:
        return join(out.subarray(0, at), out.subarray(at + length));
      case 6:
        return join(out.subarray(0, at), out.subarray(at, at + length), out.subarray(at));
      default: {
        const from = this.next(other.length + 1);
        const piece = other.subarray(from, from + 1 + this.next(64));
        return join(
          out.subarray(0, at),
          piece,
          out.subarray(this.next(2) === 0 ? at : Math.min(out.length, at + piece.length)),
        );
      }
    }
  }
}

function join(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat(parts));
}
