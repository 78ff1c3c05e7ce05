/** The kernel's IPsec: SAs, policies, events and statistics over XFRM netlink. */
export { NetlinkError, UnsupportedError } from '../errors.ts';
export type { Acquire, AsyncEvent, Migrate, MigrateStep, XfrmEvent } from './event.ts';
export {
  requireXfrmFeature,
  type XfrmFeature,
  type XfrmFeatureName,
  xfrmFeature,
  xfrmFeatureNames,
} from './features.ts';
export type { DefaultPolicy, HashThreshold, HashThresholds, SadInfo, SpdInfo } from './info.ts';
export { XfrmMonitor, type XfrmMonitorOptions } from './monitor.ts';
export type { Policy, PolicyDirection, PolicyFilter, PolicyKey, PolicySpec, Template } from './policy.ts';
export type {
  Algorithm,
  Encapsulation,
  Replay,
  Sa,
  SaChange,
  SaFilter,
  SaKey,
  SaSpec,
  SpiRequest,
} from './sa.ts';
export type { Lifetime, Mark, Mode, Offload, PortMask, Protocol, Selector, Usage } from './selector.ts';
export { parseXfrmStatistics, type XfrmStatistics, xfrmStatistics } from './statistics.ts';
export { type Refusals, Xfrm } from './xfrm.ts';
