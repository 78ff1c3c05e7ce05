import { ClosedError } from '../errors.ts';
import { callNative } from '../native.ts';
import type { NativeClock } from './addon.ts';
import type { Clock } from './clock.ts';

/** What the clocks over the addon have in common. */
export abstract class ClockOverNative<N extends NativeClock> implements Clock {
  readonly name: string;
  abstract readonly maximumAdjustmentPpb: number;
  #native: N | undefined;

  constructor(name: string, native: N) {
    this.name = name;
    this.#native = native;
  }

  protected get native(): N {
    if (!this.#native) throw new ClosedError(this.name);
    return this.#native;
  }

  time(): bigint {
    return callNative(() => this.native.time());
  }

  setTime(ns: bigint): void {
    callNative(() => this.native.setTime(ns));
  }

  step(ns: bigint): void {
    callNative(() => this.native.step(ns));
  }

  frequency(): number {
    return callNative(() => this.native.frequency());
  }

  setFrequency(ppb: number): void {
    callNative(() => this.native.setFrequency(ppb));
  }

  fromStamp(ns: bigint): bigint {
    return ns;
  }

  close(): void {
    this.#native?.close();
    this.#native = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
