/** IPsec data planes: SAs, policies and counters in, events out. */
export type * from './dataplane.ts';
export { KernelDataPlane } from './kernel.ts';
export type { KernelOptions, UserspaceOptions, XdpState } from './options.ts';
export type { ThreadStatistics } from './statistics.ts';
export { UserspaceDataPlane } from './userspace.ts';
