import { clampPpb } from './step.ts';

/** Standard deviation of an oscillator that nobody has measured, and of one that followed another master, ppb. */
const UNKNOWN_PPB = 100_000;
const KNOWN_PPB = 200;

/**
 * Two states, offset of the clock and frequency error of its free oscillator, which walks at random by `wanderPpb` per
 * square root of a second.
 */
export class KalmanFilter {
  readonly #wander2: number;
  offsetNs = 0;
  oscillatorPpb: number;
  /** Covariance: ns^2, ns*ppb, ppb^2. */
  #p00 = 0;
  #p01 = 0;
  #p11 = UNKNOWN_PPB ** 2;
  /** Smoothed log-likelihood of the samples so far. */
  likelihood = 0;

  constructor(wanderPpb: number, oscillatorPpb: number) {
    this.#wander2 = wanderPpb ** 2;
    this.oscillatorPpb = oscillatorPpb;
  }

  get varianceNs2(): number {
    return this.#p00;
  }

  /** The first sample: all of its noise, and perhaps nothing known of the frequency. */
  begin(offsetNs: number, noiseNs2: number, known: boolean): void {
    this.offsetNs = offsetNs;
    this.#p00 = noiseNs2;
    this.#p01 = 0;
    this.#p11 = (known ? KNOWN_PPB : UNKNOWN_PPB) ** 2;
  }

  /** Two samples alone say where the clock is and how fast it goes. */
  restart(offsetNs: number, oscillatorPpb: number, noiseNs2: number, seconds: number): void {
    this.offsetNs = offsetNs;
    this.oscillatorPpb = oscillatorPpb;
    this.#p00 = noiseNs2;
    this.#p01 = noiseNs2 / seconds;
    this.#p11 = (2 * noiseNs2) / seconds ** 2 + this.#wander2 * seconds;
  }

  /** x = F x + u, P = F P F' + Q; `ppb` is what the clock was corrected by. */
  predict(seconds: number, ppb: number): void {
    this.offsetNs += (this.oscillatorPpb + ppb) * seconds;
    this.#p00 += 2 * seconds * this.#p01 + seconds ** 2 * this.#p11 + (this.#wander2 * seconds ** 3) / 3;
    this.#p01 += seconds * this.#p11 + (this.#wander2 * seconds ** 2) / 2;
    this.#p11 += this.#wander2 * seconds;
  }

  /** An innovation beyond `limit` deviations is cut to that. */
  correct(measuredNs: number, noiseNs2: number, maxPpb: number, limit: number): void {
    const variance = this.#p00 + noiseNs2;
    const bound = limit * Math.sqrt(variance);
    const innovationNs = Math.max(-bound, Math.min(bound, measuredNs - this.offsetNs));
    const k0 = this.#p00 / variance;
    const k1 = this.#p01 / variance;
    this.offsetNs += k0 * innovationNs;
    this.oscillatorPpb = clampPpb(this.oscillatorPpb + k1 * innovationNs, maxPpb);
    this.#p11 -= k1 * this.#p01;
    this.#p01 *= 1 - k0;
    this.#p00 *= 1 - k0;
  }

  /** One bad stamp is no evidence of an oscillator that wanders: what is beyond `limit` deviations counts as that. */
  judge(measuredNs: number, noiseNs2: number, smoothing: number, limit: number): void {
    const variance = this.#p00 + noiseNs2;
    const square = Math.min((measuredNs - this.offsetNs) ** 2 / variance, limit ** 2);
    const logLikelihood = -0.5 * (Math.log(variance) + square);
    this.likelihood += (logLikelihood - this.likelihood) * smoothing;
  }
}
