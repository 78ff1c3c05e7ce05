import type { Filter } from './filter.ts';

/** The median of the last `length` samples: one late packet does not show. */
export class MovingMedian implements Filter {
  readonly #length: number;
  readonly #window: number[] = [];
  #next = 0;

  constructor(length: number) {
    this.#length = length;
  }

  sample(value: number): number {
    this.#window[this.#next] = value;
    this.#next = (this.#next + 1) % this.#length;
    const sorted = [...this.#window].sort((a, b) => a - b);
    const middle = sorted.length >> 1;
    return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
  }

  reset(): void {
    this.#window.length = 0;
    this.#next = 0;
  }
}
