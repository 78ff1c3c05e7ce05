import type { Umem } from './umem.ts';

/** Packets of a UMEM, named by where they are; the packets themselves stay there. */
export class FrameBatch {
  readonly umem: Umem;
  readonly capacity: number;
  /** Offset in `umem.memory` of each packet's first octet. */
  readonly addresses: Uint32Array;
  /** Octets of each packet. */
  readonly lengths: Uint32Array;
  /** How many packets there are. */
  count = 0;

  /** Throws RangeError for a capacity that is not 1..32768. */
  constructor(umem: Umem, capacity = 64) {
    if (!Number.isSafeInteger(capacity) || capacity < 1 || capacity > 32768) {
      throw new RangeError('capacity: not a whole number of 1..32768');
    }
    this.umem = umem;
    this.capacity = capacity;
    this.addresses = new Uint32Array(capacity);
    this.lengths = new Uint32Array(capacity);
  }

  /** Packet `index` where it lies: a view, not a copy, and good until the batch is sent or released. */
  frame(index: number): Uint8Array {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no frame ${index}`);
    const start = this.addresses[index]!;
    return this.umem.memory.subarray(start, start + this.lengths[index]!);
  }

  /** Writes a packet into frame `index` that `allocate` brought. Throws RangeError if it does not fit. */
  write(index: number, packet: Uint8Array): void {
    if (!(index >= 0 && index < this.count)) throw new RangeError(`no frame ${index}`);
    const start = this.addresses[index]!;
    const room = this.umem.frameBytes - (start & (this.umem.frameBytes - 1));
    if (packet.length === 0 || packet.length > room) throw new RangeError(`the packet does not fit: 1..${room} octets`);
    this.umem.memory.set(packet, start);
    this.lengths[index] = packet.length;
  }
}
