import { type Clock, type HardwareClock, SystemClock } from '../../phc/index.ts';
import { createServo } from '../../ptp/servo/create.ts';
import type { ServoConfig } from '../../ptp/servo/servo.ts';
import { requireNoClockKeeper } from './clock-keepers.ts';

const second = 1_000_000_000n;

export interface SystemClockLinkOptions {
  /** The PTP hardware clock; not closed by the link. */
  readonly clock: HardwareClock;
  /** `to-system`: CLOCK_REALTIME follows it; `from-system`: it follows CLOCK_REALTIME. */
  readonly direction: 'to-system' | 'from-system';
  /** TAI - UTC of the moment, seconds: the hardware clock counts TAI. Undefined: not known, nothing is done. */
  readonly utcOffset: () => number | undefined;
  /** Whether the one that is followed is worth it now; default always. */
  readonly ready?: () => boolean;
  /** Default: a proportional-integral servo, a step at the start if it is more than 20 us away. */
  readonly servo?: ServoConfig;
  /** Default 1000. */
  readonly intervalMs?: number;
  /** Readings per comparison, 1..25; default 5. */
  readonly samples?: number;
  /** Each comparison: the clock that is kept minus the one that is followed. */
  readonly onOffset?: (offsetNs: number, frequencyPpb: number) => void;
  /** The clock refused; the link has ended. */
  readonly onFailed?: (error: Error) => void;
  /** Goes on although another program keeps CLOCK_REALTIME. Default false. */
  readonly force?: boolean;
}

/** Keeps the system clock by a PTP hardware clock, or the reverse: what phc2sys does. */
export class SystemClockLink {
  readonly #options: SystemClockLinkOptions;
  readonly #system = new SystemClock();
  readonly #kept: Clock;
  readonly #servo: ReturnType<typeof createServo>;
  readonly #timer: NodeJS.Timeout;
  #utcOffset: number | undefined;

  /** @throws UnsupportedError: another program keeps the system clock */
  constructor(options: SystemClockLinkOptions) {
    this.#options = options;
    const toSystem = options.direction === 'to-system';
    if (toSystem && !options.force) requireNoClockKeeper(this.#system);
    this.#kept = toSystem ? this.#system : options.clock;
    const intervalMs = options.intervalMs ?? 1000;
    this.#servo = createServo({
      type: 'pi',
      initialFrequencyPpb: this.#kept.frequency(),
      ...options.servo,
      maxFrequencyPpb: Math.min(
        this.#kept.maximumAdjustmentPpb,
        options.servo?.maxFrequencyPpb ?? this.#kept.maximumAdjustmentPpb,
      ),
    });
    this.#servo.setInterval(intervalMs / 1000);
    this.#timer = setInterval(() => this.#round(), intervalMs).unref();
  }

  #round(): void {
    try {
      this.#compare();
    } catch (error) {
      this.close();
      this.#options.onFailed?.(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** A leap second is over: the system clock is set by it at once, and the servo sees nothing of it. */
  #leap(utcOffset: number): void {
    const before = this.#utcOffset ?? utcOffset;
    this.#utcOffset = utcOffset;
    if (this.#options.direction === 'to-system' && before !== utcOffset)
      this.#kept.step(BigInt(before - utcOffset) * second);
  }

  #compare(): void {
    const { clock, direction, utcOffset, ready, onOffset, samples = 5 } = this.#options;
    const seconds = utcOffset();
    if (seconds === undefined || ready?.() === false) {
      this.#servo.reset();
      this.#utcOffset = undefined;
      return;
    }
    this.#leap(seconds);
    const { clockNs, systemNs } = clock.compare({ samples });
    const ahead = Number(clockNs - BigInt(seconds) * second - systemNs);
    const offset = direction === 'to-system' ? -ahead : ahead;
    const output = this.#servo.sample(offset, direction === 'to-system' ? systemNs : clockNs, 1);
    if (output.state === 'jump' && output.stepNs !== 0) this.#kept.step(BigInt(Math.round(output.stepNs)));
    if (output.state === 'jump' || output.state === 'locked') this.#kept.setFrequency(output.frequencyPpb);
    onOffset?.(offset, output.frequencyPpb);
  }

  /** Idempotent. The clock goes on at the rate it has. */
  close(): void {
    clearInterval(this.#timer);
    this.#system.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
