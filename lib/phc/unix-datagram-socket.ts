import { ClosedError } from '../errors.ts';
import { callNative } from '../native.ts';
import { addon, type NativeUnixDatagramSocket } from './addon.ts';

export interface UnixDatagramSocketOptions {
  /** At most 107 octets. Taken over if its owner is gone. */
  readonly path: string;
  /** Of the file; default 0o600. */
  readonly mode?: number;
  /** `from` is the sender's path, empty if it has none; `uid` its user as the kernel vouches for it. */
  message(data: Uint8Array, from: string, uid: number): void;
}

/** A datagram socket of the unix domain, as linuxptp's pmc talks to. */
export class UnixDatagramSocket {
  #native: NativeUnixDatagramSocket | undefined;

  /** @throws SystemError, with EADDRINUSE if somebody listens there */
  constructor(options: UnixDatagramSocketOptions) {
    this.#native = callNative(
      () => new addon.UnixDatagramSocket(options.path, options.mode ?? 0o600, options.message.bind(options)),
    );
  }

  /** Returns 0, or the errno of why it was not sent. */
  send(data: Uint8Array, to: string): number {
    const native = this.#native;
    if (!native) throw new ClosedError('UnixDatagramSocket');
    return callNative(() => native.send(data, to));
  }

  /** Does not keep the process alive. */
  unref(): void {
    this.#native?.unref();
  }

  /** Idempotent; removes the file. */
  close(): void {
    this.#native?.close();
    this.#native = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
