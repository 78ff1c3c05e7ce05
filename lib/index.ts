/** routeplane: see the subpaths `routeplane/ike`, `/dataplane`, `/crypto`, `/esp`, `/rtnl` and `/routeros`. */
export * from './errors.ts';
export { Daemon, type DaemonOptions } from './runtime/daemon.ts';
export { Log, type LogEntry, type LogFields, type LogFormat, type LogOptions } from './runtime/log.ts';
