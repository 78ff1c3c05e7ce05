import type { ServoConfig } from './servo.ts';

/** Which offsets are stepped and not slewed: the first-step policy. */
export class StepPolicy {
  readonly #firstNs: number;
  readonly #laterNs: number;
  #first = true;

  constructor(config: ServoConfig) {
    this.#firstNs = config.firstStepThresholdNs ?? 20_000;
    this.#laterNs = config.stepThresholdNs ?? 0;
  }

  /** Whether to step now; the first answer that led to a lock is the only first one. */
  wants(offsetNs: number): boolean {
    const size = Math.abs(offsetNs);
    if (this.#first && this.#firstNs > 0 && size > this.#firstNs) return true;
    return this.#laterNs > 0 && size > this.#laterNs;
  }

  locked(): void {
    this.#first = false;
  }
}

export function clampPpb(ppb: number, limit: number): number {
  return Math.max(-limit, Math.min(limit, ppb));
}

export const MAX_FREQUENCY_PPB = 900_000_000;
