import type { Measurement } from '../../ptp/action.ts';

/** Measurements kept for a reader that does not read; the oldest go first. */
const queueLimit = 1024;

/** The servo's measurements in order, for one reader. Ends when the daemon closes. */
export class Measurements implements AsyncIterableIterator<Measurement> {
  readonly #queue: Measurement[] = [];
  readonly #waiting: ((result: IteratorResult<Measurement, undefined>) => void)[] = [];
  readonly #onEnd: () => void;
  #ended = false;

  constructor(onEnd: () => void) {
    this.#onEnd = onEnd;
  }

  push(measurement: Measurement): void {
    const reader = this.#waiting.shift();
    if (reader) {
      reader({ value: measurement, done: false });
      return;
    }
    if (this.#queue.length === queueLimit) this.#queue.shift();
    this.#queue.push(measurement);
  }

  next(): Promise<IteratorResult<Measurement, undefined>> {
    const value = this.#queue.shift();
    if (value) return Promise.resolve({ value, done: false });
    if (this.#ended) return Promise.resolve({ value: undefined, done: true });
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
    });
  }

  /** Ends a `for await` loop. */
  return(): Promise<IteratorResult<Measurement, undefined>> {
    this.end();
    return Promise.resolve({ value: undefined, done: true });
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#onEnd();
    for (const reader of this.#waiting.splice(0)) reader({ value: undefined, done: true });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
