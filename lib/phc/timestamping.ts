import { callNative } from '../native.ts';
import { addon } from './addon.ts';

/** What a network interface can stamp (ETHTOOL_GET_TS_INFO). */
export interface TimestampingInfo {
  /** The kernel stamps, in CLOCK_REALTIME. */
  readonly software: boolean;
  /** The hardware stamps, in the time of `/dev/ptp<phcIndex>`. */
  readonly hardware: boolean;
  /** -1: it has no clock. */
  readonly phcIndex: number;
  /** It can write the time into a Sync message that it sends (HWTSTAMP_TX_ONESTEP_SYNC), into a Pdelay_Resp too (ONESTEP_P2P). */
  readonly oneStepSync: boolean;
  readonly oneStepPeerDelay: boolean;
}

export type SocketTransport = 'ethernet' | 'ipv4' | 'ipv6';

/** HWTSTAMP_TX_* of linux/net_tstamp.h. */
const txTypes = { 'two-step': 1, 'one-step': 2, 'one-step-p2p': 3 } as const;

/** @throws SystemError if there is no such interface */
export function timestampingInfo(name: string): TimestampingInfo {
  const info = callNative(() => addon.timestampingInfo(name));
  return {
    software: info.software,
    hardware: info.hardware,
    phcIndex: info.phcIndex,
    oneStepSync: (info.txTypes & (1 << txTypes['one-step'])) !== 0,
    oneStepPeerDelay: (info.txTypes & (1 << txTypes['one-step-p2p'])) !== 0,
  };
}

/** What was set, and how to go back to what was. */
export interface EnabledTimestamping {
  /** HWTSTAMP_FILTER_* that the driver chose: the one that was asked for, or a wider one. */
  readonly rxFilter: number;
  /** Sets what was set before, unless somebody else changed it since. */
  restore(): void;
}

/**
 * Has the hardware stamp PTP event messages (SIOCSHWTSTAMP), with the narrowest filter that the driver takes.
 * @throws UnsupportedError if it takes none; SystemError
 */
export function enableHardwareTimestamping(
  name: string,
  transport: SocketTransport,
  mode: keyof typeof txTypes = 'two-step',
): EnabledTimestamping {
  return callNative(() => {
    const before = addon.hardwareTimestamping(name);
    const chosen = addon.enableHardwareTimestamping(name, transport, txTypes[mode]);
    return {
      rxFilter: chosen.rxFilter,
      restore() {
        try {
          const now = addon.hardwareTimestamping(name);
          if (now.txType === chosen.txType && now.rxFilter === chosen.rxFilter)
            addon.setHardwareTimestamping(name, before);
        } catch {
          // The interface is gone, and its settings with it.
        }
      },
    };
  });
}
