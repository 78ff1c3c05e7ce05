import { WireError } from '../errors.ts';

/** The way between a bigint and two numbers that allocates nothing. */
const octets = new DataView(new ArrayBuffer(8));

/** A big-endian cursor that grows up to `limit` bytes and then throws a `WireError`. */
export class Writer {
  readonly #limit: number;
  #bytes: Uint8Array;
  #length = 0;

  constructor(limit = 65535, capacity = 512) {
    this.#limit = limit;
    this.#bytes = new Uint8Array(Math.min(capacity, limit));
  }

  /** Bytes written so far, which is the offset of the next one. */
  get length(): number {
    return this.#length;
  }

  #grow(length: number): number {
    const at = this.#length;
    const end = at + length;
    if (end > this.#limit) throw new WireError(`more than ${this.#limit} octets`, at);
    if (end > this.#bytes.length) {
      const larger = new Uint8Array(Math.min(this.#limit, Math.max(end, this.#bytes.length * 2)));
      larger.set(this.#bytes.subarray(0, at));
      this.#bytes.fill(0);
      this.#bytes = larger;
    }
    this.#length = end;
    return at;
  }

  #check(value: number, limit: number): void {
    if (!Number.isInteger(value) || value < 0 || value > limit) {
      throw new WireError(`${value} does not fit 0..${limit}`, this.#length);
    }
  }

  u8(value: number): void {
    this.#check(value, 0xff);
    const at = this.#grow(1);
    this.#bytes[at] = value;
  }

  u16(value: number): void {
    this.#check(value, 0xffff);
    const at = this.#grow(2);
    this.#bytes[at] = value >>> 8;
    this.#bytes[at + 1] = value;
  }

  u32(value: number): void {
    this.#check(value, 0xffffffff);
    const at = this.#grow(4);
    this.#put32(at, value);
  }

  u64(value: bigint): void {
    octets.setBigUint64(0, value);
    if (octets.getBigUint64(0) !== value) throw new WireError(`${value} does not fit 64 bits`, this.#length);
    this.#eight();
  }

  #eight(): void {
    const at = this.#grow(8);
    this.#put32(at, octets.getUint32(0));
    this.#put32(at + 4, octets.getUint32(4));
  }

  i8(value: number): void {
    this.u8(this.#unsigned(value, 0x100));
  }

  i16(value: number): void {
    this.u16(this.#unsigned(value, 0x1_0000));
  }

  i32(value: number): void {
    this.u32(this.#unsigned(value, 0x1_0000_0000));
  }

  u48(value: number): void {
    this.#check(value, 0xffff_ffff_ffff);
    this.u16(Math.floor(value / 0x1_0000_0000));
    this.u32(value % 0x1_0000_0000);
  }

  i64(value: bigint): void {
    octets.setBigInt64(0, value);
    if (octets.getBigInt64(0) !== value) throw new WireError(`${value} does not fit 64 bits`, this.#length);
    this.#eight();
  }

  /** Two's complement of a number with half of `range` on each side of zero. */
  #unsigned(value: number, range: number): number {
    if (!Number.isInteger(value) || value < -range / 2 || value >= range / 2) {
      throw new WireError(`${value} does not fit ${-range / 2}..${range / 2 - 1}`, this.#length);
    }
    return value < 0 ? value + range : value;
  }

  bytes(value: Uint8Array): void {
    const at = this.#grow(value.length);
    this.#bytes.set(value, at);
  }

  zeros(length: number): void {
    const at = this.#grow(length);
    this.#bytes.fill(0, at, at + length);
  }

  /** Overwrites two bytes written before: a length field, once the length is known. */
  patchU8(offset: number, value: number): void {
    this.#check(value, 0xff);
    this.#patch(offset, 1);
    this.#bytes[offset] = value;
  }

  patchU16(offset: number, value: number): void {
    this.#check(value, 0xffff);
    this.#patch(offset, 2);
    this.#bytes[offset] = value >>> 8;
    this.#bytes[offset + 1] = value;
  }

  patchU32(offset: number, value: number): void {
    this.#check(value, 0xffffffff);
    this.#patch(offset, 4);
    this.#put32(offset, value);
  }

  #patch(offset: number, length: number): void {
    if (offset < 0 || offset + length > this.#length) throw new RangeError(`nothing written at ${offset}`);
  }

  #put32(at: number, value: number): void {
    this.#bytes[at] = value >>> 24;
    this.#bytes[at + 1] = value >>> 16;
    this.#bytes[at + 2] = value >>> 8;
    this.#bytes[at + 3] = value;
  }

  /** What was written, as a view of the writer's own memory: take it once, at the end. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }
}
