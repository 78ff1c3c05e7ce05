import { callNative, nativeError } from '../native.ts';
import { addon, type NativeSocket } from './addon.ts';
import { FrameBatch } from './frame-batch.ts';
import type { Umem } from './umem.ts';

export interface XdpSocketOptions {
  readonly umem: Umem;
  /** Its name, in the network namespace of the calling thread. */
  readonly interface: string;
  /** Default 0; see `queues`. */
  readonly queue?: number;
  /** Of each of the four rings: a power of two. Default 2048. */
  readonly ringEntries?: number;
  /** Whether the driver writes into the UMEM itself. Default `any`: if it can. */
  readonly binding?: 'any' | 'copy' | 'zero-copy';
  /** Another socket that has the UMEM already: of another queue or interface. */
  readonly sibling?: XdpSocket;
  /** Drives the queue from `receive` and `send` instead of by interrupts (Linux 5.11). Default off. */
  readonly busyPoll?: { readonly microseconds: number; readonly budget?: number };
}

/** What the kernel counted: packets that were lost, and why; `txRingEmpty` is how often it found nothing to send. */
export interface XdpStatistics {
  readonly rxDropped: number;
  readonly rxInvalid: number;
  readonly txInvalid: number;
  readonly rxRingFull: number;
  readonly fillRingEmpty: number;
  readonly txRingEmpty: number;
}

/**
 * One AF_XDP socket: packets of one queue of one interface, from the Ethernet header on, without a copy into JavaScript.
 * Which packets come is an `XdpProgram`'s to say. Needs CAP_NET_RAW.
 */
export class XdpSocket {
  readonly umem: Umem;
  readonly interface: string;
  readonly queue: number;
  readonly zeroCopy: boolean;
  /** @internal */
  readonly handle: NativeSocket;
  readonly #sibling: XdpSocket | undefined;
  #waiting: ((open: boolean) => void) | undefined;
  #closed = false;

  /**
   * Throws SystemError naming interface and queue (EBUSY if somebody has it, EINVAL if there is none), UnsupportedError,
   * TypeError naming the option that cannot be.
   */
  constructor(options: XdpSocketOptions) {
    const { umem, queue = 0, ringEntries = 2048, binding = 'any', sibling, busyPoll } = options;
    const busyPollMicroseconds = busyPoll?.microseconds ?? 0;
    const busyPollBudget = busyPoll?.budget ?? 64;
    this.umem = umem;
    this.interface = options.interface;
    this.queue = queue;
    this.#sibling = sibling;
    const fields = { interface: options.interface, queue, ringEntries, binding, busyPollMicroseconds, busyPollBudget };
    this.handle = callNative(() => new addon.Socket(umem.handle, fields, this.#sibling?.handle));
    this.zeroCopy = this.handle.zeroCopy();
  }

  /** Fills the batch with what has arrived, without waiting; returns `batch.count`. The frames are the caller's. */
  receive(batch: FrameBatch): number {
    this.#check(batch);
    batch.count = callNative(() => this.handle.receive(batch.addresses, batch.lengths, batch.capacity));
    return batch.count;
  }

  /** Gives the frames of a batch back; it is empty afterwards. Throws TypeError for one that is not the caller's. */
  release(batch: FrameBatch): void {
    this.#check(batch);
    callNative(() => this.handle.release(batch.addresses, batch.lengths, batch.count));
    batch.count = 0;
  }

  /** Fills the batch with up to `wanted` free frames to write into; returns `batch.count`. */
  allocate(batch: FrameBatch, wanted: number = batch.capacity): number {
    this.#check(batch);
    batch.count = callNative(() => this.handle.allocate(batch.addresses, batch.lengths, wanted));
    return batch.count;
  }

  /**
   * Sends the packets of a batch; returns how many the ring had room for. Those are gone from the batch, the others stay,
   * moved to its front. Throws TypeError for a frame that is not the caller's or not as long; nothing is sent then.
   */
  send(batch: FrameBatch): number {
    this.#check(batch);
    const sent = callNative(() => this.handle.send(batch.addresses, batch.lengths, batch.count));
    batch.addresses.copyWithin(0, sent, batch.count);
    batch.lengths.copyWithin(0, sent, batch.count);
    batch.count -= sent;
    return sent;
  }

  /** Packets handed to the kernel that have not left yet. */
  get inFlight(): number {
    return callNative(() => this.handle.inFlight());
  }

  /** Resolves when there is something to receive, with true, or with false when the socket is closed. */
  async readable(): Promise<boolean> {
    if (this.#closed) return false;
    if (this.#waiting !== undefined) throw new TypeError('another readable() is waiting');
    return await new Promise<boolean>((resolve, reject) => {
      this.#waiting = resolve;
      try {
        this.handle.wait(() => this.#ready(true));
      } catch (error) {
        this.#waiting = undefined;
        reject(nativeError(error));
      }
    });
  }

  /**
   * Batches as they arrive, for one reader. The batch is the same object each time: what the reader did not send goes
   * back when it asks for the next one.
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<FrameBatch, void, void> {
    const batch = new FrameBatch(this.umem, 64);
    try {
      while (await this.readable()) {
        if (this.receive(batch) === 0) continue;
        yield batch;
        if (!this.#closed) this.release(batch);
      }
    } finally {
      if (!this.#closed) this.release(batch);
    }
  }

  statistics(): XdpStatistics {
    return callNative(() => this.handle.statistics()) as unknown as XdpStatistics;
  }

  /** Keeps the process alive while `readable` waits (the default), or not. */
  ref(): this {
    this.handle.ref();
    return this;
  }

  unref(): this {
    this.handle.unref();
    return this;
  }

  /** Idempotent. Ends the reader. */
  close(): void {
    this.#closed = true;
    this.handle.close();
    this.#ready(false);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #ready(open: boolean): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(open);
  }

  #check(batch: FrameBatch): void {
    if (batch.umem !== this.umem) throw new TypeError('batch: is of another UMEM');
  }
}
