import { native } from '../native.ts';
import type { Capabilities, ClockComparison, ComparisonMethod, Pin, PinFunction } from './hardware-clock.ts';
import type { SystemClockStatus } from './system-clock.ts';

/** The addon's side; errors are plain until `callNative` gives them their class. Times are ns since the clock's epoch. */
export interface NativeClock {
  time(): bigint;
  setTime(ns: bigint): void;
  step(ns: bigint): void;
  frequency(): number;
  setFrequency(ppb: number): void;
  close(): void;
}

export interface NativeHardwareClock extends NativeClock {
  capabilities(): Capabilities;
  compare(method: ComparisonMethod, samples: number): ClockComparison;
  adjustPhase(ns: number): void;
  pins(): Pin[];
  setPin(index: number, pinFunction: PinFunction, channel: number): void;
  requestExternalTimestamps(channel: number, edge: 'none' | 'rising' | 'falling' | 'both'): void;
  listen(listener: (channel: number, timeNs: bigint) => void): void;
  setPeriodicOutput(output: object): void;
  enablePps(on: boolean): void;
}

export interface NativeSystemClock extends NativeClock {
  status(): SystemClockStatus;
  mark(marks: { leap: number; taiOffset: number; maximumErrorNs: number }): void;
}

export interface NativeOverlayClock extends NativeClock {
  fromReal(ns: bigint): bigint;
  toReal(ns: bigint): bigint;
}

/** What the native socket writes for its listener; see native/phc/binding.cc. */
export interface SocketArrays {
  readonly data: Uint8Array;
  readonly meta: Uint32Array;
  readonly stamps: BigInt64Array;
}

export interface NativeStampedSocket {
  send(
    message: Uint8Array,
    to: 0 | 1 | string,
    stamp: 'none' | 'wanted' | 'one-step',
    cookie: number,
    timeoutMs: number,
  ): number;
  drain(): void;
  lostStamps(): { readonly cookies: readonly number[]; readonly nextMs: number };
  truncated(): number;
  ref(): void;
  unref(): void;
  close(): void;
}

export interface NativeUnixDatagramSocket {
  send(data: Uint8Array, to: string): number;
  unref(): void;
  close(): void;
}

interface Config {
  readonly txType: number;
  readonly rxFilter: number;
}

export const addon = native.phc as {
  readonly HardwareClock: new (path: string) => NativeHardwareClock;
  readonly SystemClock: new () => NativeSystemClock;
  readonly OverlayClock: new (path: string, access: 'create' | 'read') => NativeOverlayClock;
  readonly StampedSocket: new (
    spec: object,
    arrays: SocketArrays,
    listener: (kind: number, count: number) => void,
  ) => NativeStampedSocket;
  readonly UnixDatagramSocket: new (
    path: string,
    mode: number,
    listener: (data: Uint8Array, from: string, uid: number) => void,
  ) => NativeUnixDatagramSocket;
  timestampingInfo(name: string): {
    readonly software: boolean;
    readonly hardware: boolean;
    readonly phcIndex: number;
    readonly capabilities: number;
    readonly txTypes: number;
    readonly rxFilters: number;
  };
  hardwareTimestamping(name: string): Config;
  enableHardwareTimestamping(name: string, transport: string, txType: number): Config;
  setHardwareTimestamping(name: string, config: Config): void;
};
