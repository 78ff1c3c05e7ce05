import { callNative } from '../native.ts';
import { addon, type NativeOverlayClock } from './addon.ts';
import { ClockOverNative } from './native-clock.ts';

export interface OverlayClockOptions {
  /**
   * A file whose first page holds the clock, `/dev/shm/ptp` say; any process may map it and read the time. Without it
   * the clock belongs to this process alone.
   */
  readonly path?: string;
  /** `read`: follows what another process writes. Default `create`; then it is the only writer (SystemError EBUSY). */
  readonly access?: 'create' | 'read';
}

/**
 * A clock of offset and rate over CLOCK_REALTIME, in user space: kept by a servo without setting anybody's clock. Its
 * stamps are those of the kernel's software timestamps.
 */
export class OverlayClock extends ClockOverNative<NativeOverlayClock> {
  readonly maximumAdjustmentPpb = 100_000_000;

  /** @throws SystemError, also with EBUSY; Error if the file is something else */
  constructor(options: OverlayClockOptions = {}) {
    super(
      options.path ?? 'overlay',
      callNative(() => new addon.OverlayClock(options.path ?? '', options.access ?? 'create')),
    );
  }

  /** What it reads when CLOCK_REALTIME reads `ns`. */
  override fromStamp(ns: bigint): bigint {
    return callNative(() => this.native.fromReal(ns));
  }

  /** What CLOCK_REALTIME reads when it reads `ns`; within 1 ns. */
  toReal(ns: bigint): bigint {
    return callNative(() => this.native.toReal(ns));
  }
}
