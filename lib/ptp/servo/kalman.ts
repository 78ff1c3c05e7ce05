import { KalmanFilter } from './kalman-filter.ts';
import type { Servo, ServoConfig, ServoOutput, Steering } from './servo.ts';
import { StampNoise } from './stamp-noise.ts';
import { clampPpb, MAX_FREQUENCY_PPB, StepPolicy } from './step.ts';

/** An innovation this many deviations out is cut to that; so many in a row on one side are another oscillator. */
const OUTLIER_DEVIATIONS = 5;
const OUTLIERS_IN_A_ROW = 3;
const LIKELIHOOD_SMOOTHING = 1 / 256;
const LIKELIHOOD_DEVIATIONS = 3;
/** A filter has to be so much likelier over all samples (e to this) before it is believed over a calmer one. */
const SIGNIFICANT = 4;
/** Of a frequency that is worth keeping. */
const ENOUGH_SAMPLES = 32;
const FIRST_NOISE_NS2 = 100 ** 2;
/** The offset is slewed away over so many intervals, or over as many of the longest waits for a sample lately. */
const SLEW_INTERVALS = 3;
const WAIT_SMOOTHING = 1 / 16;
/** From a chamber's oscillator to one in a draught, calmest first. */
const WANDERS_PPB = [0.03, 0.3, 3, 30] as const;

/**
 * A bank of Kalman filters that differ in how much they let the oscillator wander. The noise of the stamps is learned:
 * a quiet wire is followed closely and a noisy one slowly. The calmest filter that the samples do not speak against steers:
 * where the noise hides how the oscillator wanders, it does not matter, and to follow the noise would.
 */
export class Kalman implements Servo {
  readonly #steps: StepPolicy;
  readonly #maxPpb: number;
  readonly #filters: readonly KalmanFilter[];
  #best: KalmanFilter;
  #intervalSeconds = 1;
  #waitSeconds = 0;
  #lastNs: bigint | undefined;
  /** The last sample. */
  #measuredNs = 0;
  readonly #noise = new StampNoise(FIRST_NOISE_NS2);
  /** Time since the first sample, and what steering added to the clock in it. */
  #seconds = 0;
  #steeredNs = 0;
  #samples = 0;
  #outliers = 0;
  /** The frequency was measured once. */
  #known = false;
  #ppb: number;
  #locked = false;

  constructor(config: ServoConfig) {
    this.#steps = new StepPolicy(config);
    this.#maxPpb = config.maxFrequencyPpb ?? MAX_FREQUENCY_PPB;
    this.#ppb = config.initialFrequencyPpb ?? 0;
    const wanders = config.wanderPpb === undefined ? WANDERS_PPB : [config.wanderPpb];
    this.#filters = wanders.map((wander) => new KalmanFilter(wander, -this.#ppb));
    this.#best = this.#filters[0]!;
  }

  get frequencyPpb(): number {
    return clampPpb(-this.#best.oscillatorPpb, this.#maxPpb);
  }

  setInterval(seconds: number): void {
    this.#intervalSeconds = seconds;
  }

  reset(): void {
    this.#known ||= this.#samples >= ENOUGH_SAMPLES;
    this.#lastNs = undefined;
    this.#samples = 0;
    this.#outliers = 0;
    this.#locked = false;
    this.#noise.reset();
  }

  sample(offsetNs: number, localNs: bigint, weight: number, steering?: Steering): ServoOutput {
    if (this.#locked && this.#steps.wants(offsetNs)) this.reset();
    if (this.#lastNs === undefined) {
      for (const filter of this.#filters) filter.begin(offsetNs, this.#noise.varianceNs2, this.#known);
      this.#lastNs = localNs;
      this.#measuredNs = offsetNs;
      return this.#output('unlocked', 0);
    }
    const seconds = Number(localNs - this.#lastNs) / 1e9;
    if (seconds <= 0) return this.#output(this.#locked ? 'locked' : 'unlocked', 0);
    this.#lastNs = localNs;
    this.#samples++;
    const wait = seconds + (steering?.aheadSeconds ?? 0);
    this.#waitSeconds = Math.max(wait, this.#waitSeconds + (wait - this.#waitSeconds) * WAIT_SMOOTHING);
    this.#seconds += seconds;
    const appliedPpb = steering === undefined ? this.#ppb : steering.sinceLastNs / seconds;
    this.#steeredNs += appliedPpb * seconds;
    this.#noise.sample(this.#seconds, offsetNs - this.#steeredNs, weight);
    for (const filter of this.#filters) filter.predict(seconds, appliedPpb);
    this.#correct(offsetNs, Math.max(weight, 1e-3), seconds, appliedPpb);
    this.#measuredNs = offsetNs;
    const step = !this.#locked && this.#steps.wants(offsetNs);
    this.#steps.locked();
    this.#locked = true;
    return step ? this.#step(offsetNs, steering) : this.#slew(steering);
  }

  /** By what the offset is by now: a busy driver's sample is old, and the clock was not yet steered. */
  #step(measuredNs: number, steering: Steering | undefined): ServoOutput {
    const { aheadSeconds, aheadNs } = steering ?? { aheadSeconds: 0, aheadNs: 0 };
    const offsetNs = Math.round(measuredNs + this.#best.oscillatorPpb * aheadSeconds + aheadNs);
    for (const filter of this.#filters) filter.offsetNs -= offsetNs;
    this.#measuredNs = measuredNs - offsetNs;
    this.#steeredNs -= offsetNs;
    // The next sample's time is that of the stepped clock.
    this.#lastNs = this.#lastNs! - BigInt(offsetNs);
    this.#ppb = this.frequencyPpb;
    return this.#output('jump', -offsetNs);
  }

  #slew(steering: Steering | undefined): ServoOutput {
    const { oscillatorPpb } = this.#best;
    const { aheadSeconds, aheadNs } = steering ?? { aheadSeconds: 0, aheadNs: 0 };
    const offsetNs = this.#best.offsetNs + oscillatorPpb * aheadSeconds + aheadNs;
    const slewSeconds = SLEW_INTERVALS * Math.max(this.#intervalSeconds, this.#waitSeconds);
    this.#ppb = clampPpb(-oscillatorPpb - offsetNs / slewSeconds, this.#maxPpb);
    return this.#output('locked', 0);
  }

  #correct(offsetNs: number, weight: number, seconds: number, appliedPpb: number): void {
    const noise = this.#noise.varianceNs2 / weight;
    const innovation = offsetNs - this.#best.offsetNs;
    const limit = OUTLIER_DEVIATIONS * Math.sqrt(this.#best.varianceNs2 + noise);
    const side = Math.sign(innovation);
    if (Math.abs(innovation) <= limit) {
      this.#outliers = 0;
    } else {
      this.#outliers = Math.sign(this.#outliers) === side ? this.#outliers + side : side;
      if (Math.abs(this.#outliers) >= OUTLIERS_IN_A_ROW) {
        this.#outliers = 0;
        const oscillatorPpb = clampPpb((offsetNs - this.#measuredNs) / seconds - appliedPpb, this.#maxPpb);
        for (const filter of this.#filters) filter.restart(offsetNs, oscillatorPpb, noise, seconds);
        return;
      }
    }
    this.#judge(offsetNs, noise);
    for (const filter of this.#filters) filter.correct(offsetNs, noise, this.#maxPpb, OUTLIER_DEVIATIONS);
  }

  /** The first innovations hold the unknown frequency and say nothing of wander. */
  #judge(offsetNs: number, noiseNs2: number): void {
    if (this.#samples < 3) return;
    const smoothing = Math.max(LIKELIHOOD_SMOOTHING, 1 / (this.#samples - 2));
    for (const filter of this.#filters) filter.judge(offsetNs, noiseNs2, smoothing, LIKELIHOOD_DEVIATIONS);
    const enough = Math.max(...this.#filters.map(({ likelihood }) => likelihood)) - SIGNIFICANT * smoothing;
    this.#best = this.#filters.find(({ likelihood }) => likelihood >= enough)!;
  }

  #output(state: ServoOutput['state'], stepNs: number): ServoOutput {
    return { state, frequencyPpb: this.#ppb, stepNs, uncertaintyNs: Math.sqrt(this.#best.varianceNs2) };
  }
}
