import { WireError } from '../errors.ts';

/** The way between two numbers and a bigint that allocates one bigint only. */
const octets = new DataView(new ArrayBuffer(8));

/**
 * A bounds-checked big-endian cursor over bytes it does not copy. Every method that runs past the end throws a
 * `WireError` with the offset in the whole message, also in a reader made by `sub`.
 */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #offset: number;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#offset = start;
    this.#end = end;
  }

  /** Offset of the next byte in the message. */
  get offset(): number {
    return this.#offset;
  }

  get remaining(): number {
    return this.#end - this.#offset;
  }

  #take(length: number, what: string): number {
    const at = this.#offset;
    if (length > this.#end - at) throw new WireError(`${what} is truncated`, at);
    this.#offset = at + length;
    return at;
  }

  u8(what = 'octet'): number {
    return this.#bytes[this.#take(1, what)]!;
  }

  u16(what = 'two octets'): number {
    const at = this.#take(2, what);
    return (this.#bytes[at]! << 8) | this.#bytes[at + 1]!;
  }

  u32(what = 'four octets'): number {
    const at = this.#take(4, what);
    const b = this.#bytes;
    return ((b[at]! << 24) | (b[at + 1]! << 16) | (b[at + 2]! << 8) | b[at + 3]!) >>> 0;
  }

  u64(what = 'eight octets'): bigint {
    this.#eight(what);
    return octets.getBigUint64(0);
  }

  #eight(what: string): void {
    const at = this.#take(8, what);
    this.#offset = at;
    octets.setUint32(0, this.u32(what));
    octets.setUint32(4, this.u32(what));
  }

  i8(what = 'octet'): number {
    return (this.u8(what) << 24) >> 24;
  }

  i16(what = 'two octets'): number {
    return (this.u16(what) << 16) >> 16;
  }

  i32(what = 'four octets'): number {
    return this.u32(what) | 0;
  }

  /** As a number: 48 bits are exact in one. */
  u48(what = 'six octets'): number {
    const at = this.#take(6, what);
    this.#offset = at;
    const high = this.u16(what);
    return high * 0x1_0000_0000 + this.u32(what);
  }

  i64(what = 'eight octets'): bigint {
    this.#eight(what);
    return octets.getBigInt64(0);
  }

  /** The next `length` bytes, as a view. */
  bytes(length: number, what = 'field'): Uint8Array {
    const at = this.#take(length, what);
    return this.#bytes.subarray(at, at + length);
  }

  /** Everything up to the end, as a view. */
  rest(): Uint8Array {
    return this.bytes(this.remaining);
  }

  skip(length: number, what = 'field'): void {
    this.#take(length, what);
  }

  /** A reader over the next `length` bytes only. */
  sub(length: number, what = 'field'): Reader {
    const at = this.#take(length, what);
    return new Reader(this.#bytes, at, at + length);
  }

  /** A `WireError` at the next byte, or at `offset`; the caller throws it. */
  error(message: string, offset = this.#offset): WireError {
    return new WireError(message, offset);
  }

  /** Throws unless every byte was read. */
  done(what = 'field'): void {
    if (this.#offset !== this.#end) throw new WireError(`${what} has ${this.remaining} trailing octets`, this.#offset);
  }
}
