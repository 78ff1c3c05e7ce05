/**
 * A clock that a servo can keep: a PTP hardware clock, the system clock, an overlay over it, or a simulated one.
 * Times are bigint nanoseconds since the clock's epoch.
 */
export interface Clock {
  /** For messages: `/dev/ptp0`, `CLOCK_REALTIME`, `overlay`. */
  readonly name: string;
  /** How far its rate can be set from its oscillator's, either way. */
  readonly maximumAdjustmentPpb: number;
  time(): bigint;
  /** Adds `ns` to it at once. */
  step(ns: bigint): void;
  setTime(ns: bigint): void;
  /** By how much it is made to run faster than its oscillator, ppb. */
  frequency(): number;
  setFrequency(ppb: number): void;
  /** What this clock reads at a timestamp taken by the clock that stamps for it. */
  fromStamp(ns: bigint): bigint;
  /** Idempotent. It goes on at the rate it has. */
  close(): void;
  [Symbol.dispose](): void;
}
