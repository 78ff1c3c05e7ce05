/**
 * IEEE 1588 over network interfaces: `new PtpDaemon({ ports: [{ interface: 'eth0' }] }).start()`. The engine under it
 * does no I/O of its own; its configuration, actions and events are plain data, exported here too.
 */
export { ClosedError, SystemError, UnsupportedError } from '../../errors.ts';
export * from '../../ptp/index.ts';
export { clockKeepers } from './clock-keepers.ts';
export type { LocalClockKind } from './local-clock.ts';
export { ManagementServer, type ManagementServerOptions } from './management-server.ts';
export {
  PtpDaemon,
  type PtpDaemonEvents,
  type PtpDaemonOptions,
  type PtpDaemonSnapshot,
  type PtpPortOptions,
  type PtpPortStatistics,
} from './ptp-daemon.ts';
export { SystemClockLink, type SystemClockLinkOptions } from './system-clock-link.ts';
export { tsRefclk } from './ts-refclk.ts';
