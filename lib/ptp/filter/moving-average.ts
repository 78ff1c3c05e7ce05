import type { Filter } from './filter.ts';

/** The mean of the last `length` samples, or of as many as there are. */
export class MovingAverage implements Filter {
  readonly #length: number;
  readonly #window: number[] = [];
  #next = 0;
  #sum = 0;

  constructor(length: number) {
    this.#length = length;
  }

  sample(value: number): number {
    this.#sum += value - (this.#window[this.#next] ?? 0);
    this.#window[this.#next] = value;
    this.#next = (this.#next + 1) % this.#length;
    return this.#sum / this.#window.length;
  }

  reset(): void {
    this.#window.length = 0;
    this.#next = 0;
    this.#sum = 0;
  }
}
