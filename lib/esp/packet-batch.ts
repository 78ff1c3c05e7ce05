import { addon } from './addon.ts';

/** What became of a packet; the reasons are those of RFC 4303 3.3 and 3.4. */
export type Status =
  | 'ok'
  | 'tooShort'
  | 'badLength'
  | 'integrity'
  | 'replayed'
  | 'beforeWindow'
  | 'sequenceOverflow'
  | 'badPadding'
  | 'badNextHeader'
  | 'malformedInner'
  | 'noRoom'
  | 'dummy'
  | 'fragment'
  | 'congestion'
  | 'tooLong'
  | 'malformedOuter';

/** By the bytes of `PacketBatch.status`. */
export const statuses: readonly Status[] = addon.statuses;

export interface PacketBatchOptions {
  /** Packets at most. */
  readonly capacity: number;
  /** Bytes of each slot; 2048 if not given. A packet grows inside its slot only. */
  readonly stride?: number;
  /** Bytes that `push` leaves free in front of a packet; 128 if not given. */
  readonly headroom?: number;
}

/** Packets in one arena, one slot each: written by the caller, worked on in place, read from where they were. */
export class PacketBatch {
  readonly arena: Uint8Array;
  readonly stride: number;
  readonly headroom: number;
  readonly capacity: number;
  /** Where each packet begins, counted from the start of its slot. */
  readonly offsets: Uint32Array;
  readonly lengths: Uint32Array;
  /** Out: an index into `statuses`. */
  readonly status: Uint8Array;
  /** Out: the sequence number of each packet, the high half of an extended one included. */
  readonly sequences: BigUint64Array;
  /** Packets in the batch. */
  count = 0;

  constructor(options: PacketBatchOptions) {
    const { capacity, stride = 2048, headroom = 128 } = options;
    for (const [name, value] of Object.entries({ capacity, stride, headroom })) {
      if (!Number.isSafeInteger(value) || value < 0) throw new TypeError(`${name}: not a whole number`);
    }
    if (headroom > stride) throw new TypeError('headroom: more than stride');
    this.capacity = capacity;
    this.stride = stride;
    this.headroom = headroom;
    this.arena = new Uint8Array(capacity * stride);
    this.offsets = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
    this.status = new Uint8Array(capacity);
    this.sequences = new BigUint64Array(capacity);
  }

  clear(): void {
    this.count = 0;
  }

  /** Copies a packet into the next slot; returns its index. Throws `RangeError` if there is no room for it. */
  push(packet: Uint8Array): number {
    const index = this.count;
    if (index === this.capacity) throw new RangeError('the batch is full');
    if (packet.length > this.stride - this.headroom) throw new RangeError('the packet does not fit its slot');
    this.arena.set(packet, index * this.stride + this.headroom);
    this.offsets[index] = this.headroom;
    this.lengths[index] = packet.length;
    this.count = index + 1;
    return index;
  }

  /** A view of packet `index`, not a copy. */
  packet(index: number): Uint8Array {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no packet ${index}`);
    const start = index * this.stride + this.offsets[index]!;
    return this.arena.subarray(start, start + this.lengths[index]!);
  }

  statusOf(index: number): Status {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no packet ${index}`);
    return statuses[this.status[index]!]!;
  }
}
