import { native } from '../native.ts';

const addon = native.process as {
  /** Gives the pages of programs and libraries back to the kernel's page cache, and free heap. */
  shrink(): number;
};

/** By then what the start alone has needed is not needed any more. */
const STARTED_MS = 2000;
const AGAIN_MS = 60_000;

/**
 * Keeps the process from holding text that nobody runs: of Node's own some 40 MB are touched once, at the start. Once for all, and
 * once a minute where memory is scarce; what is needed comes back by page faults of microseconds.
 */
export class Footprint {
  #timer: NodeJS.Timeout;

  constructor(scarce: boolean) {
    this.#timer = setTimeout(() => {
      addon.shrink();
      if (scarce) this.#timer = setInterval(() => addon.shrink(), AGAIN_MS).unref();
    }, STARTED_MS).unref();
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
