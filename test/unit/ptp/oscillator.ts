import { normal } from './random.ts';

export interface OscillatorOptions {
  /** Error of the oscillator before any correction. */
  readonly driftPpb?: number;
  /** Random walk of it, ppb per square root of a second. */
  readonly wanderPpb?: number;
  /** Of the clock at the beginning. */
  readonly offsetNs?: number;
  /** Resolution of the stamps. */
  readonly quantumNs?: number;
}

/** TAI at the beginning of every simulation, ns. */
const EPOCH = 1_700_000_000_000_000_000n;
const WANDER_STEP_NS = 100e6;

/** A simulated clock. True time is a number of nanoseconds since the beginning: exact to 0.1 ps for hours. */
export class Oscillator {
  readonly #random: () => number;
  readonly #wanderPpb: number;
  readonly #quantumNs: number;
  #driftPpb: number;
  #at = 0;
  #value: number;
  #ppb = 0;

  constructor(options: OscillatorOptions, random: () => number) {
    this.#random = random;
    this.#driftPpb = options.driftPpb ?? 0;
    this.#wanderPpb = options.wanderPpb ?? 0;
    this.#value = options.offsetNs ?? 0;
    this.#quantumNs = options.quantumNs ?? 1;
  }

  /** Nanoseconds since the beginning as this clock has them. */
  valueAt(trueNs: number): number {
    while (this.#wanderPpb > 0 && trueNs - this.#at >= WANDER_STEP_NS) {
      this.#value = this.#straight(this.#at + WANDER_STEP_NS);
      this.#at += WANDER_STEP_NS;
      this.#driftPpb += this.#wanderPpb * Math.sqrt(WANDER_STEP_NS / 1e9) * normal(this.#random);
    }
    return this.#straight(trueNs);
  }

  #straight(trueNs: number): number {
    return this.#value + (trueNs - this.#at) * (1 + (this.#driftPpb + this.#ppb) * 1e-9);
  }

  /** Clock minus truth. */
  errorAt(trueNs: number): number {
    return this.valueAt(trueNs) - trueNs;
  }

  stampAt(trueNs: number): bigint {
    return EPOCH + BigInt(Math.floor(this.valueAt(trueNs) / this.#quantumNs) * this.#quantumNs);
  }

  adjust(ppb: number, trueNs: number): void {
    this.#advance(trueNs);
    this.#ppb = ppb;
  }

  step(deltaNs: bigint, trueNs: number): void {
    this.#advance(trueNs);
    this.#value += Number(deltaNs);
  }

  /** The oscillator itself changes, as with a jump of temperature. */
  drift(byPpb: number, trueNs: number): void {
    this.#advance(trueNs);
    this.#driftPpb += byPpb;
  }

  #advance(trueNs: number): void {
    this.#value = this.valueAt(trueNs);
    this.#at = trueNs;
  }
}
