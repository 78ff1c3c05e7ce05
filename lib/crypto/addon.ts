import { native } from '../native.ts';
import type { SuiteSpec } from './suite.ts';

export interface SuiteSizes {
  readonly ivBytes: number;
  readonly icvBytes: number;
  readonly blockBytes: number;
  readonly implementation: string;
}

type Batch = (
  arena: Uint8Array,
  aadBytes: number,
  offsets: Uint32Array,
  textBytes: Uint32Array,
  sequenceHigh: Uint32Array | undefined,
  ok: Uint8Array,
  count: number,
) => number;

/** The addon's side; errors are plain until `callNative` gives them their class. */
export interface NativeSuite {
  readonly seal: Batch;
  readonly open: Batch;
  sizes(): SuiteSizes;
  close(): void;
}

type AeadBatch = (
  arena: Uint8Array,
  offsets: Uint32Array,
  textBytes: Uint32Array,
  nonces: Uint8Array,
  aad: Uint8Array,
  aadEnds: Uint32Array,
  ok: Uint8Array,
  count: number,
) => number;

export interface NativeAead {
  readonly seal: AeadBatch;
  readonly open: AeadBatch;
  implementation(): string;
  close(): void;
}

export interface NativeAeadSpec {
  readonly algorithm: string;
  readonly key: Uint8Array;
  readonly tagBytes: number;
  readonly implementation?: string;
}

export const addon = native.crypto as {
  readonly Suite: new (spec: SuiteSpec) => NativeSuite;
  readonly Aead: new (spec: NativeAeadSpec) => NativeAead;
  capabilities(): { algorithm: string; implementation: string }[];
  /** In place. */
  cbc(encryption: string, key: Uint8Array, iv: Uint8Array, text: Uint8Array, encrypt: boolean): void;
  implementations(): string[];
  cpuFeatures(): string[];
  defaultImplementation(): string;
};
