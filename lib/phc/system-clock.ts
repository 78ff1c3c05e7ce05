import { callNative } from '../native.ts';
import { addon, type NativeSystemClock } from './addon.ts';
import { ClockOverNative } from './native-clock.ts';

/** What the kernel says of CLOCK_REALTIME (adjtimex(2)). */
export interface SystemClockStatus {
  /** Something keeps it, and said so: STA_UNSYNC is not set. */
  readonly synchronized: boolean;
  /** A second is inserted or deleted at the end of this UTC day. */
  readonly insertLeap: boolean;
  readonly deleteLeap: boolean;
  /** TAI - UTC in seconds; 0 if nobody set it. */
  readonly taiOffset: number;
  readonly maximumErrorNs: bigint;
  readonly frequencyPpb: bigint;
}

/** CLOCK_REALTIME. To adjust it asks for CAP_SYS_TIME. */
export class SystemClock extends ClockOverNative<NativeSystemClock> {
  /** MAXFREQ of the kernel. */
  readonly maximumAdjustmentPpb = 500_000;

  constructor() {
    super('CLOCK_REALTIME', new addon.SystemClock());
  }

  status(): SystemClockStatus {
    return callNative(() => this.native.status());
  }

  /** Says that it is synchronised, to what error, what TAI - UTC is, and whether a leap second is near. */
  mark(marks: {
    readonly leap: -1 | 0 | 1;
    readonly taiOffset: number;
    /** At most 1000 s. */
    readonly maximumErrorNs: number;
  }): void {
    callNative(() => this.native.mark(marks));
  }
}
