/** What the addon's monitors have in common. */
export interface NativeKernelMonitor {
  close(): void;
  unref(): void;
}

/** Events kept for a reader that does not read; more are one overflow. */
const QUEUE_LIMIT = 8192;

/** Events in the order the kernel announces them, for one reader. A `for await` loop ends with `close()`. */
export class KernelEvents<Event> implements AsyncIterableIterator<Event> {
  readonly #overflow: Event;
  #queue: Event[] = [];
  #waiting: ((result: IteratorResult<Event, undefined>) => void)[] = [];
  #native: NativeKernelMonitor | undefined;

  /** `open` gets what to call with events, or with null when the kernel had to drop some. */
  constructor(
    overflow: Event,
    open: (receive: (events: readonly Event[] | null) => void) => NativeKernelMonitor,
    ref = true,
  ) {
    this.#overflow = overflow;
    this.#native = open((events) => {
      for (const event of events ?? [overflow]) this.#push(event);
    });
    if (!ref) this.#native.unref();
  }

  #push(event: Event): void {
    const reader = this.#waiting.shift();
    if (reader) reader({ value: event, done: false });
    else if (this.#queue.length < QUEUE_LIMIT) this.#queue.push(event);
    else this.#queue = [this.#overflow];
  }

  next(): Promise<IteratorResult<Event, undefined>> {
    const value = this.#queue.shift();
    if (value) return Promise.resolve({ value, done: false });
    if (!this.#native) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends a `for await` loop. */
  return(): Promise<IteratorResult<Event, undefined>> {
    this.close();
    return Promise.resolve({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  close(): void {
    this.#native?.close();
    this.#native = undefined;
    this.#queue = [];
    for (const reader of this.#waiting.splice(0)) reader({ value: undefined, done: true });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
