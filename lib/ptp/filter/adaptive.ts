import type { Filter } from './filter.ts';

/** So many samples in a row on one side, all this far out, are another path. */
const CHANGED_SAMPLES = 5;
const CHANGED_DEVIATIONS = 4;

/**
 * The mean since the path last changed, over `length` samples at most. A path is as long as it was until several samples
 * in a row say otherwise; then the mean starts again with those. Single outliers count as the limit they exceed.
 */
export class Adaptive implements Filter {
  readonly #length: number;
  #count = 0;
  #mean = 0;
  #variance = 0;
  #outside: number[] = [];

  constructor(length: number) {
    this.#length = length;
  }

  sample(value: number): number {
    const limit = CHANGED_DEVIATIONS * Math.sqrt(this.#variance) + 1;
    const out = value - this.#mean;
    if (this.#count >= CHANGED_SAMPLES && Math.abs(out) > limit) {
      if (this.#outside.length > 0 && Math.sign(this.#outside[0]! - this.#mean) !== Math.sign(out)) this.#outside = [];
      this.#outside.push(value);
      if (this.#outside.length < CHANGED_SAMPLES) return this.#add(this.#mean + Math.sign(out) * limit);
      const samples = this.#outside;
      this.reset();
      for (const sample of samples) this.#add(sample);
      return this.#mean;
    }
    this.#outside = [];
    return this.#add(value);
  }

  #add(value: number): number {
    this.#count = Math.min(this.#count + 1, this.#length);
    const difference = value - this.#mean;
    this.#mean += difference / this.#count;
    this.#variance += (difference * (value - this.#mean) - this.#variance) / this.#count;
    return this.#mean;
  }

  reset(): void {
    this.#count = 0;
    this.#mean = 0;
    this.#variance = 0;
    this.#outside = [];
  }
}
