/** Distances that it is judged from. */
const WINDOW = 64;
/** With fewer the first guess stands. */
const ENOUGH = 4;
/** No stamp is better than this. */
const MIN_NS2 = 4;
/** Squares above so many medians count as that: a changed oscillator, or a late frame, is no noise. */
const OUTLIER_MEDIANS = 16;

interface Sample {
  readonly seconds: number;
  readonly offsetNs: number;
}

/**
 * The variance of the stamps, from how far each sample lies off the line through the two before it: frequency and offset
 * drop out of it, so that a servo that is wrong about them cannot take its own error for noise.
 */
export class StampNoise {
  #before: Sample | undefined;
  #last: Sample | undefined;
  readonly #squares: number[] = [];
  #next = 0;
  varianceNs2: number;

  constructor(initialNs2: number) {
    this.varianceNs2 = initialNs2;
  }

  /** `offsetNs` is the offset that the clock would have without steering, `seconds` its time. */
  sample(seconds: number, offsetNs: number, weight: number): void {
    const before = this.#before;
    const last = this.#last;
    this.#before = last;
    this.#last = { seconds, offsetNs };
    if (before === undefined || last === undefined) return;
    const ratio = (seconds - last.seconds) / (last.seconds - before.seconds);
    const distance = offsetNs - last.offsetNs - (last.offsetNs - before.offsetNs) * ratio;
    this.#squares[this.#next] = (weight * distance ** 2) / (1 + (1 + ratio) ** 2 + ratio ** 2);
    this.#next = (this.#next + 1) % WINDOW;
    if (this.#squares.length < ENOUGH) return;
    const sorted = [...this.#squares].sort((a, b) => a - b);
    const limit = Math.max(MIN_NS2, OUTLIER_MEDIANS * sorted[sorted.length >> 1]!);
    const sum = sorted.reduce((total, square) => total + Math.min(square, limit), 0);
    this.varianceNs2 = Math.max(MIN_NS2, sum / sorted.length);
  }

  /** The noise stays what it was; the line begins again. */
  reset(): void {
    this.#before = undefined;
    this.#last = undefined;
  }
}
