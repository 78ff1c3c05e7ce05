import type { Servo, ServoConfig, ServoOutput, Steering } from './servo.ts';
import { clampPpb, MAX_FREQUENCY_PPB, StepPolicy } from './step.ts';

/** Windows of 4, 8 ... 64 points compete: the one whose line foretold the samples best steers. */
const SIZES = [4, 8, 16, 32, 64] as const;
const MAX_POINTS = 64;
/** Weight of an old prediction error against a new one. */
const ERROR_SMOOTHING = 0.02;

interface Line {
  readonly slopePpb: number;
  /** At the newest point. */
  readonly interceptNs: number;
}

interface Window {
  readonly size: number;
  line: Line | undefined;
  errorNs2: number;
  predictions: number;
}

/**
 * Regression over the offsets that the clock would have had without steering. The frequency is the line's slope, and the
 * offset that the line ends at is slewed away over the interval.
 */
export class LinearRegression implements Servo {
  readonly #steps: StepPolicy;
  readonly #maxPpb: number;
  readonly #windows: Window[] = SIZES.map((size) => ({ size, line: undefined, errorNs2: 0, predictions: 0 }));
  #points: { seconds: number; offsetNs: number; weight: number }[] = [];
  #intervalSeconds = 1;
  #lastNs: bigint | undefined;
  #seconds = 0;
  /** What steering added to the clock since the first point. */
  #steeredNs = 0;
  #ppb: number;
  #locked = false;

  constructor(config: ServoConfig) {
    this.#steps = new StepPolicy(config);
    this.#maxPpb = config.maxFrequencyPpb ?? MAX_FREQUENCY_PPB;
    this.#ppb = config.initialFrequencyPpb ?? 0;
  }

  get frequencyPpb(): number {
    return this.#ppb;
  }

  setInterval(seconds: number): void {
    this.#intervalSeconds = seconds;
  }

  reset(): void {
    this.#points = [];
    this.#lastNs = undefined;
    this.#seconds = 0;
    this.#steeredNs = 0;
    this.#locked = false;
    for (const window of this.#windows) Object.assign(window, { line: undefined, errorNs2: 0, predictions: 0 });
  }

  sample(offsetNs: number, localNs: bigint, weight: number, steering?: Steering): ServoOutput {
    if (this.#locked && this.#steps.wants(offsetNs)) this.reset();
    if (this.#lastNs !== undefined) {
      const elapsed = Number(localNs - this.#lastNs) / 1e9;
      if (elapsed <= 0) return this.#output(this.#locked ? 'locked' : 'unlocked', 0);
      this.#seconds += elapsed;
      this.#steeredNs += steering?.sinceLastNs ?? this.#ppb * elapsed;
    }
    this.#lastNs = localNs;
    this.#points.push({ seconds: this.#seconds, offsetNs: offsetNs - this.#steeredNs, weight });
    if (this.#points.length > MAX_POINTS) this.#points.shift();
    // Two points are enough to begin with; the windows take over as they fill.
    const best = this.#fit() ?? (this.#points.length >= 2 ? this.#line(this.#points.length) : undefined);
    if (best === undefined) return this.#output('unlocked', 0);
    const residualNs = best.interceptNs + this.#steeredNs;
    const wantsStep = !this.#locked && this.#steps.wants(offsetNs);
    this.#steps.locked();
    this.#locked = true;
    if (wantsStep) {
      this.#ppb = clampPpb(-best.slopePpb, this.#maxPpb);
      this.#steeredNs -= offsetNs;
      // The next sample's time is that of the stepped clock.
      this.#lastNs = localNs - BigInt(Math.round(offsetNs));
      return this.#output('jump', -offsetNs);
    }
    const aheadNs = steering === undefined ? 0 : best.slopePpb * steering.aheadSeconds + steering.aheadNs;
    this.#ppb = clampPpb(-best.slopePpb - (residualNs + aheadNs) / (2 * this.#intervalSeconds), this.#maxPpb);
    return this.#output('locked', 0);
  }

  #fit(): Line | undefined {
    const newest = this.#points.at(-1)!;
    let best: Window | undefined;
    for (const window of this.#windows) {
      if (window.line !== undefined) {
        const before = this.#points.at(-2)!;
        const foretold = window.line.interceptNs + window.line.slopePpb * (newest.seconds - before.seconds);
        const error = (foretold - newest.offsetNs) ** 2;
        const smoothing = Math.max(ERROR_SMOOTHING, 1 / ++window.predictions);
        window.errorNs2 += (error - window.errorNs2) * smoothing;
      }
      window.line = this.#points.length >= window.size ? this.#line(window.size) : undefined;
      if (window.line === undefined) continue;
      if (best === undefined || window.errorNs2 <= best.errorNs2 || window.predictions < window.size / 4) best = window;
    }
    return best?.line;
  }

  /** Weighted least squares over the newest `size` points. */
  #line(size: number): Line {
    const points = this.#points.slice(-size);
    const end = points.at(-1)!.seconds;
    let w = 0;
    let x = 0;
    let y = 0;
    let xx = 0;
    let xy = 0;
    for (const point of points) {
      const at = point.seconds - end;
      w += point.weight;
      x += point.weight * at;
      y += point.weight * point.offsetNs;
      xx += point.weight * at * at;
      xy += point.weight * at * point.offsetNs;
    }
    const slopePpb = (w * xy - x * y) / (w * xx - x * x);
    return { slopePpb, interceptNs: (y - slopePpb * x) / w };
  }

  #output(state: ServoOutput['state'], stepNs: number): ServoOutput {
    return { state, frequencyPpb: this.#ppb, stepNs };
  }
}
