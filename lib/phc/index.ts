/** PTP hardware clocks, the other clocks that a servo can keep, and sockets with timestamps. */
export { ClosedError, SystemError, UnsupportedError } from '../errors.ts';
export type { Clock } from './clock.ts';
export {
  type Capabilities,
  type ClockComparison,
  type ComparisonMethod,
  type ExternalTimestamp,
  HardwareClock,
  type PeriodicOutput,
  type Pin,
  type PinFunction,
} from './hardware-clock.ts';
export { OverlayClock, type OverlayClockOptions } from './overlay-clock.ts';
export { SimulatedClock, type SimulatedClockOptions } from './simulated-clock.ts';
export { StampedSocket, type StampedSocketEvents, type StampedSocketSpec } from './stamped-socket.ts';
export { SystemClock, type SystemClockStatus } from './system-clock.ts';
export {
  type EnabledTimestamping,
  enableHardwareTimestamping,
  type SocketTransport,
  type TimestampingInfo,
  timestampingInfo,
} from './timestamping.ts';
export { UnixDatagramSocket, type UnixDatagramSocketOptions } from './unix-datagram-socket.ts';
export { maximumVirtualClocks, setVirtualClocks, virtualClocks } from './virtual-clock.ts';
