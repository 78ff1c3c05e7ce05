import { native } from '../native.ts';
import type { Status } from './packet-batch.ts';
import type { EspSaSpec } from './sa.ts';

/** The addon's side; errors are plain until `callNative` gives them their class. */
export interface NativeOutboundSa {
  sequence(): bigint;
  sizes(): { readonly headBytes: number; readonly tailBytes: number; readonly outerBytes: number };
  maximumPayload(mtu: number): number;
  close(): void;
}

export interface NativeInboundSa {
  highest(): bigint;
  close(): void;
}

/** One call over all slots of a batch; the number of packets that are ok. */
export type Run<Sa> = (
  sa: Sa | readonly Sa[],
  arena: Uint8Array,
  stride: number,
  count: number,
  offsets: Uint32Array,
  lengths: Uint32Array,
  status: Uint8Array,
  sequences: BigUint64Array,
  outer: boolean,
) => number;

export const addon = native.esp as {
  readonly OutboundSa: new (spec: EspSaSpec) => NativeOutboundSa;
  readonly InboundSa: new (spec: EspSaSpec) => NativeInboundSa;
  readonly encapsulate: Run<NativeOutboundSa>;
  readonly decapsulate: Run<NativeInboundSa>;
  readonly statuses: readonly Status[];
};
