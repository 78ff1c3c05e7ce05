import { native } from '../native.ts';

/** The addon's side; errors are plain until `callNative` gives them their class. */
export interface NativeRouteNetlink {
  apply(kind: string, operation: string, spec: object): void;
  applyAll(kind: string, operation: string, specs: readonly object[]): (Error | undefined)[];
  dump(kind: string, filter: object): unknown[];
  link(which: number | string): unknown;
  route(query: object): unknown;
  close(): void;
}

export interface NativeChange {
  readonly kind: 'link' | 'address' | 'route' | 'rule' | 'neighbour';
  readonly removed: boolean;
  readonly record: unknown;
}

export interface NativeMonitor {
  close(): void;
  ref(): void;
  unref(): void;
}

export const addon = native.rtnl as {
  readonly RouteNetlink: new () => NativeRouteNetlink;
  readonly Monitor: new (what: number, listener: (changes: readonly NativeChange[] | null) => void) => NativeMonitor;
};
