/** `unlocked`: still measuring; `jump`: this sample steps the clock; `locked`: frequency follows; `holdover`: no master. */
export type ServoState = 'unlocked' | 'jump' | 'locked' | 'holdover';

/** What a servo says to one sample. */
export interface ServoOutput {
  readonly state: ServoState;
  /** Correction of the oscillator: positive runs the clock faster. */
  readonly frequencyPpb: number;
  /** With `jump`: what to add to the clock at once. */
  readonly stepNs: number;
  /** One standard deviation of the clock's error, where the servo knows. */
  readonly uncertaintyNs?: number;
}

/** What steering does to the clock, where it takes effect later than at the sample that called for it. */
export interface Steering {
  /** What it added to the clock since the last sample. */
  readonly sinceLastNs: number;
  /** From the sample to the present, when the answer takes effect. */
  readonly aheadSeconds: number;
  /** What it adds to the clock in that time. */
  readonly aheadNs: number;
}

/** A clock's control loop. Pure: one number in, one out; the time is that of the samples. */
export interface Servo {
  /**
   * `offsetNs` is this clock minus the master at `localNs`, a time of this clock. `weight` of 0..1 says how much the
   * sample is worth (1 is a usual one). Without `steering` every answer takes effect at its sample.
   */
  sample(offsetNs: number, localNs: bigint, weight: number, steering?: Steering): ServoOutput;
  /** Expected seconds between samples. */
  setInterval(seconds: number): void;
  /** Back to the first sample, keeping the frequency. */
  reset(): void;
  /** The frequency it would hold without a master. */
  readonly frequencyPpb: number;
}

export type ServoName = 'pi' | 'linreg' | 'kalman' | 'none';

export interface ServoConfig {
  /** Default `kalman`. `none` measures and leaves the clock alone. */
  readonly type?: ServoName;
  /** Larger offsets are stepped once, at the start; 0 never steps. Default 20_000. */
  readonly firstStepThresholdNs?: number;
  /** Larger offsets are stepped at any time; 0 never steps after the start. Default 0. */
  readonly stepThresholdNs?: number;
  /** The largest correction asked of the clock. Default 900_000_000; the driver gives the clock's own limit. */
  readonly maxFrequencyPpb?: number;
  /**
   * A clock that seems to run faster or slower than this against the driver's monotonic one is not believed, and the
   * servo starts again. Default 200_000_000; 0 believes everything.
   */
  readonly sanityFrequencyLimitPpb?: number;
  /** Correction the clock already has, where the driver knows. */
  readonly initialFrequencyPpb?: number;
  /** Proportional and integral constants of `pi`; by default they follow the interval. */
  readonly proportional?: number;
  readonly integral?: number;
  /** `kalman`: random walk of the oscillator, ppb per square root of a second. By default it finds out. */
  readonly wanderPpb?: number;
}
