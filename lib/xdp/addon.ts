import { native } from '../native.ts';

/** The addon's side; errors are plain until `callNative` gives them their class. */
export interface NativeUmem {
  memory(): ArrayBuffer;
  free(): number;
  hugePages(): boolean;
  close(): void;
}

export interface NativeSocket {
  receive(addresses: Uint32Array, lengths: Uint32Array, capacity: number): number;
  release(addresses: Uint32Array, lengths: Uint32Array, count: number): void;
  allocate(addresses: Uint32Array, lengths: Uint32Array, wanted: number): number;
  send(addresses: Uint32Array, lengths: Uint32Array, count: number): number;
  inFlight(): number;
  wait(ready: () => void): void;
  statistics(): Record<string, number>;
  zeroCopy(): boolean;
  ref(): void;
  unref(): void;
  close(): void;
}

export interface NativeProgram {
  native(): boolean;
  fallback(): string;
  add(socket: NativeSocket): void;
  remove(socket: NativeSocket): void;
  addAddress(address: string): void;
  removeAddress(address: string): void;
  close(): void;
}

export const addon = native.xdp as {
  readonly Umem: new (options: object) => NativeUmem;
  readonly Socket: new (umem: NativeUmem, options: object, sibling: NativeSocket | undefined) => NativeSocket;
  readonly Program: new (name: string, steer: object, hook: string) => NativeProgram;
  readonly queues: (name: string) => number;
};
