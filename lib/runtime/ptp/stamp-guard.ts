import type { Clock } from '../../phc/index.ts';

/** After a step, stamps of the time before it may still be on their way for so long. */
const watchMs = 1000;

/** How far ahead of the clock a stamp may seem to be: it is read after the stamp was taken. */
const slackNs = 1_000_000n;

/** Takes stamps to the clock's time, and keeps those out that were taken before the clock was stepped. */
export class StampGuard {
  readonly #clock: Clock;
  #until = 0;
  #notBefore = 0n;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** To be called at once after a step. */
  stepped(): void {
    this.#until = performance.now() + watchMs;
    this.#notBefore = this.#clock.time();
  }

  /** The clock's time of the stamp; undefined if it is from before a step. */
  check(stampNs: bigint): bigint | undefined {
    const ns = this.#clock.fromStamp(stampNs);
    if (this.#until === 0) return ns;
    if (performance.now() > this.#until) {
      this.#until = 0;
      return ns;
    }
    return ns < this.#notBefore || ns > this.#clock.time() + slackNs ? undefined : ns;
  }
}
