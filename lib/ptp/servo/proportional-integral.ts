import type { Servo, ServoConfig, ServoOutput } from './servo.ts';
import { clampPpb, MAX_FREQUENCY_PPB, StepPolicy } from './step.ts';

/** Constants scale with the interval so that the loop is stable at any of them. */
const KP_SCALE = 0.7;
const KP_EXPONENT = -0.3;
const KI_SCALE = 0.3;
const KI_EXPONENT = 0.4;

/**
 * A PI loop. Two samples measure the drift, then offset and its integral steer. One noisy sample moves the clock by
 * most of its error: good for quiet wires and quick oscillators.
 */
export class ProportionalIntegral implements Servo {
  readonly #config: ServoConfig;
  readonly #steps: StepPolicy;
  readonly #maxPpb: number;
  #kp = KP_SCALE;
  #ki = KI_SCALE;
  #intervalSeconds = 1;
  #integralPpb: number;
  #first: { offsetNs: number; localNs: bigint } | undefined;
  #locked = false;
  #ppb: number;

  constructor(config: ServoConfig) {
    this.#config = config;
    this.#steps = new StepPolicy(config);
    this.#maxPpb = config.maxFrequencyPpb ?? MAX_FREQUENCY_PPB;
    this.#integralPpb = config.initialFrequencyPpb ?? 0;
    this.#ppb = this.#integralPpb;
    this.setInterval(1);
  }

  get frequencyPpb(): number {
    return this.#ppb;
  }

  setInterval(seconds: number): void {
    this.#intervalSeconds = seconds;
    const kp = this.#config.proportional ?? KP_SCALE * seconds ** KP_EXPONENT;
    const ki = this.#config.integral ?? KI_SCALE * seconds ** KI_EXPONENT;
    this.#kp = Math.min(kp, KP_SCALE / seconds);
    this.#ki = Math.min(ki, KI_SCALE / seconds);
  }

  reset(): void {
    this.#first = undefined;
    this.#locked = false;
  }

  sample(offsetNs: number, localNs: bigint, weight: number): ServoOutput {
    if (this.#locked) {
      if (!this.#steps.wants(offsetNs)) return this.#follow(offsetNs, weight);
      this.reset();
    }
    const first = this.#first;
    if (first === undefined || localNs <= first.localNs) {
      this.#first = { offsetNs, localNs };
      return this.#output('unlocked', 0);
    }
    const seconds = Number(localNs - first.localNs) / 1e9;
    // A baseline of a few stamps' noise would tell the drift wrong.
    if (seconds < Math.min(this.#intervalSeconds / 2, 0.016)) return this.#output('unlocked', 0);
    this.#integralPpb = clampPpb(this.#ppb - (offsetNs - first.offsetNs) / seconds, this.#maxPpb);
    this.#ppb = this.#integralPpb;
    const step = this.#steps.wants(offsetNs);
    this.#steps.locked();
    this.#locked = true;
    return step ? this.#output('jump', -offsetNs) : this.#follow(offsetNs, weight);
  }

  #follow(offsetNs: number, weight: number): ServoOutput {
    this.#integralPpb = clampPpb(this.#integralPpb - this.#ki * offsetNs * weight, this.#maxPpb);
    this.#ppb = clampPpb(this.#integralPpb - this.#kp * offsetNs * weight, this.#maxPpb);
    return this.#output('locked', 0);
  }

  #output(state: ServoOutput['state'], stepNs: number): ServoOutput {
    return { state, frequencyPpb: this.#ppb, stepNs };
  }
}
