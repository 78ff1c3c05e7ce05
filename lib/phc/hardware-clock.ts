import { UnsupportedError } from '../errors.ts';
import { callNative } from '../native.ts';
import { addon, type NativeHardwareClock } from './addon.ts';
import { ClockOverNative } from './native-clock.ts';
import { timestampingInfo } from './timestamping.ts';

/** PTP_CLOCK_GETCAPS */
export interface Capabilities {
  readonly maximumAdjustmentPpb: number;
  readonly alarms: number;
  /** Channels of external timestamps, of periodic outputs, and pins that can be given to them. */
  readonly externalTimestamps: number;
  readonly periodicOutputs: number;
  readonly pins: number;
  readonly pps: boolean;
  /** PTP_SYS_OFFSET_PRECISE: the hardware reads both clocks at once (Linux 4.5). */
  readonly crossTimestamping: boolean;
  /** `adjustPhase` (Linux 5.8). */
  readonly adjustPhase: boolean;
}

/** The clock and CLOCK_REALTIME at one instant, ns. `systemNs` is the middle of the `windowNs` within which the clock was read. */
export interface ClockComparison {
  readonly clockNs: bigint;
  readonly systemNs: bigint;
  readonly windowNs: bigint;
}

/** `best` is the first of these that the driver has: PTP_SYS_OFFSET_PRECISE, _EXTENDED, PTP_SYS_OFFSET. */
export type ComparisonMethod = 'best' | 'precise' | 'extended' | 'basic';

/** PTP_PF_* */
export type PinFunction = 'none' | 'external-timestamp' | 'periodic-output' | 'physical-sync';

export interface Pin {
  readonly index: number;
  /** What the hardware calls it. */
  readonly name: string;
  readonly function: PinFunction | 'other';
  readonly channel: number;
}

export interface PeriodicOutput {
  readonly channel: number;
  /** 0 ends it. */
  readonly periodNs: bigint;
  /** The clock's time of the first edge. */
  readonly startNs?: bigint;
  /** Instead of `startNs`: edges at whole multiples of the period, and this (Linux 5.9). */
  readonly phaseNs?: bigint;
  /** How long it is high; below the period (Linux 5.9). */
  readonly onNs?: bigint;
}

/** An edge that an external timestamp channel saw. */
export interface ExternalTimestamp {
  readonly channel: number;
  readonly timeNs: bigint;
}

/** A PTP hardware clock (PHC), `/dev/ptpN`. To adjust it asks for write access to the device. */
export class HardwareClock extends ClockOverNative<NativeHardwareClock> {
  readonly capabilities: Capabilities;
  #listeners = new Set<(edge: ExternalTimestamp) => void>();

  /**
   * @param path `/dev/ptp0`
   * @throws SystemError
   */
  constructor(path: string) {
    super(
      path,
      callNative(() => new addon.HardwareClock(path)),
    );
    this.capabilities = callNative(() => this.native.capabilities());
  }

  /**
   * The clock that stamps the packets of a network interface (ETHTOOL_GET_TS_INFO).
   * @throws UnsupportedError if it has none
   */
  static ofInterface(name: string): HardwareClock {
    const { phcIndex } = timestampingInfo(name);
    if (phcIndex < 0) throw new UnsupportedError(`a PTP hardware clock of ${name}`);
    return new HardwareClock(`/dev/ptp${phcIndex}`);
  }

  /** N of `/dev/ptpN`; -1 if it goes by another name. */
  get index(): number {
    return Number(/^\/dev\/ptp(\d+)$/.exec(this.name)?.[1] ?? -1);
  }

  get maximumAdjustmentPpb(): number {
    return this.capabilities.maximumAdjustmentPpb;
  }

  /** The comparison with the smallest window of `samples` (1..25) readings. */
  compare(options: { readonly method?: ComparisonMethod; readonly samples?: number } = {}): ClockComparison {
    return callNative(() => this.native.compare(options.method ?? 'best', options.samples ?? 5));
  }

  /** Lets the hardware's own servo take `ns` away. */
  adjustPhase(ns: number): void {
    callNative(() => this.native.adjustPhase(ns));
  }

  pins(): readonly Pin[] {
    return callNative(() => this.native.pins());
  }

  setPin(index: number, pinFunction: PinFunction, channel = 0): void {
    callNative(() => this.native.setPin(index, pinFunction, channel));
  }

  /** Edges of a channel, until the function that it returns is called. */
  onExternalTimestamp(
    channel: number,
    edge: 'rising' | 'falling' | 'both',
    listener: (edge: ExternalTimestamp) => void,
  ): () => void {
    callNative(() => this.native.requestExternalTimestamps(channel, edge));
    if (this.#listeners.size === 0) {
      callNative(() =>
        this.native.listen((n, timeNs) => {
          for (const l of this.#listeners) l({ channel: n, timeNs });
        }),
      );
    }
    const own = (event: ExternalTimestamp) => {
      if (event.channel === channel) listener(event);
    };
    this.#listeners.add(own);
    return () => {
      if (this.#listeners.delete(own)) callNative(() => this.native.requestExternalTimestamps(channel, 'none'));
    };
  }

  setPeriodicOutput(output: PeriodicOutput): void {
    callNative(() => this.native.setPeriodicOutput(output));
  }

  /** Gives the kernel's PPS subsystem an event each second. */
  enablePps(on: boolean): void {
    callNative(() => this.native.enablePps(on));
  }
}
