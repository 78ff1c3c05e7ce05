import type { Clock } from './clock.ts';

export interface SimulatedClockOptions {
  readonly name?: string;
  /** The true time, ns; never steps. */
  readonly now: () => bigint;
  /** The error of its oscillator. */
  readonly driftPpb?: number;
  /** Its reading minus the true time at the start. */
  readonly offsetNs?: bigint;
}

/** A clock over a true time that the caller gives, with an oscillator of a known error: for tests and simulations. */
export class SimulatedClock implements Clock {
  readonly name: string;
  readonly maximumAdjustmentPpb = 100_000_000;
  readonly #now: () => bigint;
  #driftPpb: number;
  #frequencyPpb = 0;
  #referenceNs: bigint;
  #offsetNs: bigint;
  /** What the rate made and no whole ns holds. */
  #rest = 0;

  constructor(options: SimulatedClockOptions) {
    this.name = options.name ?? 'simulated';
    this.#now = options.now;
    this.#driftPpb = options.driftPpb ?? 0;
    this.#referenceNs = options.now();
    this.#offsetNs = options.offsetNs ?? 0n;
  }

  /** Its reading at a true time. */
  fromStamp(trueNs: bigint): bigint {
    return trueNs + this.#offsetNs + BigInt(Math.round(this.#gained(trueNs)));
  }

  time(): bigint {
    return this.fromStamp(this.#now());
  }

  step(ns: bigint): void {
    this.#offsetNs += ns;
  }

  setTime(ns: bigint): void {
    this.#offsetNs += ns - this.time();
  }

  frequency(): number {
    return this.#frequencyPpb;
  }

  setFrequency(ppb: number): void {
    this.#rebase();
    this.#frequencyPpb = ppb;
  }

  get driftPpb(): number {
    return this.#driftPpb;
  }

  set driftPpb(ppb: number) {
    this.#rebase();
    this.#driftPpb = ppb;
  }

  close(): void {}

  [Symbol.dispose](): void {}

  #gained(trueNs: bigint): number {
    return this.#rest + Number(trueNs - this.#referenceNs) * (this.#driftPpb + this.#frequencyPpb) * 1e-9;
  }

  #rebase(): void {
    const now = this.#now();
    const gained = this.#gained(now);
    const whole = Math.floor(gained);
    this.#offsetNs += BigInt(whole);
    this.#rest = gained - whole;
    this.#referenceNs = now;
  }
}
