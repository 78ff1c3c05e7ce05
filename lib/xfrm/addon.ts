import { native } from '../native.ts';
import type { AsyncEvent, Migrate, XfrmEvent } from './event.ts';
import type { DefaultPolicy, HashThresholds, SadInfo, SpdInfo } from './info.ts';
import type { Policy, PolicyFilter, PolicyKey, PolicySpec } from './policy.ts';
import type { Sa, SaChange, SaFilter, SaKey, SaSpec, SpiRequest } from './sa.ts';

type Refusals = (Error | undefined)[];

/** The addon's side; errors are plain until `callNative` gives them their class. */
export interface NativeXfrm {
  addSa(sa: SaSpec): void;
  updateSa(sa: SaSpec): void;
  addSas(sas: readonly SaSpec[]): Refusals;
  deleteSas(keys: readonly SaKey[]): Refusals;
  sa(key: SaKey, withKeys: boolean): Sa | undefined;
  changeSa(key: SaKey, change: SaChange): void;
  deleteSa(key: SaKey): boolean;
  flushSas(filter: SaFilter): void;
  dumpSas(filter: SaFilter): Sa[];
  allocateSpi(request: SpiRequest): Sa;
  addPolicy(policy: PolicySpec): void;
  updatePolicy(policy: PolicySpec): void;
  addPolicies(policies: readonly PolicySpec[]): Refusals;
  updatePolicies(policies: readonly PolicySpec[]): Refusals;
  deletePolicies(keys: readonly PolicyKey[]): Refusals;
  policy(key: PolicyKey): Policy | undefined;
  deletePolicy(key: PolicyKey): boolean;
  flushPolicies(): void;
  dumpPolicies(filter: PolicyFilter): Policy[];
  sadInfo(): SadInfo;
  spdInfo(): SpdInfo;
  setHashThresholds(thresholds: HashThresholds): void;
  defaultPolicy(): DefaultPolicy;
  setDefaultPolicy(policy: DefaultPolicy): void;
  migrate(migrate: Migrate): void;
  asyncEvent(of: AsyncEvent): AsyncEvent;
  setAsyncEvent(event: AsyncEvent): void;
  close(): void;
}

export interface NativeMonitor {
  close(): void;
  ref(): void;
  unref(): void;
}

export const addon = native.xfrm as {
  readonly XfrmNetlink: new () => NativeXfrm;
  readonly Monitor: new (what: number, listener: (events: readonly XfrmEvent[] | null) => void) => NativeMonitor;
};
