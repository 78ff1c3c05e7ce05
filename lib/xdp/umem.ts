import { callNative } from '../native.ts';
import { addon, type NativeUmem } from './addon.ts';

export interface UmemOptions {
  /** Packets that fit, of all sockets that share the memory. Default 4096; half of them wait for what arrives. */
  readonly frames?: number;
  /** 2048 (default) or 4096. A received packet has `frameBytes - headroom - 256` octets at most. */
  readonly frameBytes?: number;
  /** Free octets in front of each received packet. Default 0. */
  readonly headroom?: number;
  /** Huge pages if the system has any. Default true. */
  readonly hugePages?: boolean;
}

/**
 * UMEM: the packet memory that this process and the kernel share. All of it is touched here, none later. It counts
 * against RLIMIT_MEMLOCK when a socket is made without CAP_IPC_LOCK.
 */
export class Umem {
  /** Frame `n` begins at `n * frameBytes`. Of no length after `close()`. */
  readonly memory: Uint8Array;
  readonly frames: number;
  readonly frameBytes: number;
  readonly hugePages: boolean;
  /** @internal */
  readonly handle: NativeUmem;

  /** Throws TypeError naming the option that cannot be, SystemError without memory. */
  constructor(options: UmemOptions = {}) {
    const { frames = 4096, frameBytes = 2048, headroom = 0, hugePages = true } = options;
    this.handle = callNative(() => new addon.Umem({ frames, frameBytes, headroom, hugePages }));
    this.memory = new Uint8Array(this.handle.memory());
    this.frames = frames;
    this.frameBytes = frameBytes;
    this.hugePages = this.handle.hugePages();
  }

  /** Frames that nobody has. */
  get free(): number {
    return callNative(() => this.handle.free());
  }

  /** No packet can be looked at any more; the memory goes when the last socket that has it is closed. */
  close(): void {
    this.handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
