/** The data sets of IEEE 1588-2008 clause 8, names verbatim; what 2019 and G.8275.1 added is marked. */
import type { ClockIdentity, PortIdentity } from './identity.ts';
import type { ClockQuality } from './messages/announce.ts';
import type { PortState } from './port-state.ts';

/** 8.2.1. */
export interface DefaultDS {
  readonly twoStepFlag: boolean;
  readonly clockIdentity: ClockIdentity;
  readonly numberPorts: number;
  readonly clockQuality: ClockQuality;
  readonly priority1: number;
  readonly priority2: number;
  readonly domainNumber: number;
  readonly slaveOnly: boolean;
  /** G.8275.1 6.3.1. */
  readonly localPriority: number;
  /** majorSdoId * 256 + minorSdoId (2019 8.2.1.4.5). */
  readonly sdoId: number;
}

/** 8.2.2. Nanoseconds. */
export interface CurrentDS {
  readonly stepsRemoved: number;
  readonly offsetFromMasterNs: number;
  readonly meanPathDelayNs: number;
}

/** 8.2.3. */
export interface ParentDS {
  readonly parentPortIdentity: PortIdentity;
  readonly parentStats: boolean;
  readonly observedParentOffsetScaledLogVariance: number;
  readonly observedParentClockPhaseChangeRate: number;
  readonly grandmasterIdentity: ClockIdentity;
  readonly grandmasterClockQuality: ClockQuality;
  readonly grandmasterPriority1: number;
  readonly grandmasterPriority2: number;
}

/** 8.2.4. */
export interface TimePropertiesDS {
  /** Seconds from UTC to TAI. */
  readonly currentUtcOffset: number;
  readonly currentUtcOffsetValid: boolean;
  readonly leap59: boolean;
  readonly leap61: boolean;
  readonly timeTraceable: boolean;
  readonly frequencyTraceable: boolean;
  readonly ptpTimescale: boolean;
  /** Table 7: 0x20 is GPS, 0x90 other, 0xa0 the internal oscillator. */
  readonly timeSource: number;
}

export type DelayMechanism = 'e2e' | 'p2p';

/** 8.2.5. */
export interface PortDS {
  readonly portIdentity: PortIdentity;
  readonly portState: PortState;
  readonly logMinDelayReqInterval: number;
  /** Of the link, with P2P; nanoseconds. */
  readonly peerMeanPathDelayNs: number;
  readonly logAnnounceInterval: number;
  readonly announceReceiptTimeout: number;
  readonly logSyncInterval: number;
  readonly delayMechanism: DelayMechanism;
  readonly logMinPdelayReqInterval: number;
  readonly versionNumber: number;
  /** 2019 8.2.15.5.2, and G.8275.1's notSlave. */
  readonly masterOnly: boolean;
  /** G.8275.1 6.3.1. */
  readonly localPriority: number;
  /** Nanoseconds, 2019 8.2.16.3. */
  readonly delayAsymmetryNs: number;
}

/** 802.1AS 14.8 and what is useful beside it. */
export interface PortLinkDS {
  readonly asCapable: boolean;
  /** Rate of the neighbour over this clock's; 1 until known. */
  readonly neighborRateRatio: number;
  readonly neighborPropDelayThreshNs: number;
}

/** 9.3.2.4.3, bounded. */
export interface ForeignMasterDS {
  readonly foreignMasterPortIdentity: PortIdentity;
  readonly foreignMasterAnnounceMessages: number;
  readonly qualified: boolean;
}
