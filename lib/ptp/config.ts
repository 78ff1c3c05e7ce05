/** What the PTP engine is told about the world: plain data. What is left out is `auto`: the profile says it. */
import type { DelayMechanism, TimePropertiesDS } from './datasets.ts';
import type { FilterName } from './filter/filter.ts';
import type { ClockIdentity } from './identity.ts';
import type { ManagementAccessList } from './management/access.ts';
import type { ClockQuality } from './messages/announce.ts';
import type { ServoConfig } from './servo/servo.ts';
import type { SynchronizationMetadata } from './tlv/smpte.ts';
import type { UnicastLimits } from './unicast/grants.ts';

export type ProfileName = 'default' | '802.1as' | 'aes67' | 'g8275.1' | 'smpte';

/** As RouterOS names them. IPv6 is for hosts. */
export type Transport = 'ipv4' | 'ipv6' | 'l2-forwardable' | 'l2-non-forwardable';

export type ClockType = 'ordinary' | 'boundary' | 'e2e-transparent' | 'p2p-transparent';

export interface FilterConfig {
  /** Default `adaptive`, a mean that starts again when the path changes. */
  readonly type?: FilterName;
  /** Samples. Default 128, and 10 for moving averages and medians. */
  readonly length?: number;
}

/** Intervals are log2 of seconds, timeouts counts of intervals. */
export interface PortConfig {
  /** The interface: only for names in snapshots and events. */
  readonly name: string;
  readonly delayMechanism?: DelayMechanism;
  readonly transport?: Transport;
  readonly logAnnounceInterval?: number;
  readonly announceReceiptTimeout?: number;
  readonly logSyncInterval?: number;
  /** 0 waits for ever. */
  readonly syncReceiptTimeout?: number;
  readonly logMinDelayReqInterval?: number;
  readonly logMinPdelayReqInterval?: number;
  /** Never a slave (2019 masterOnly, G.8275.1 notSlave). Default false. */
  readonly masterOnly?: boolean;
  /** G.8275.1. Default 128. */
  readonly localPriority?: number;
  /** IEEE 1588-2008 7.4.2: positive when the way from master to slave is longer than the mean. */
  readonly delayAsymmetryNs?: number;
  /** Subtracted from receive stamps, added to transmit stamps: the way between stamper and connector. */
  readonly ingressLatencyNs?: number;
  readonly egressLatencyNs?: number;
  /** 802.1AS 11.2.2: a longer link is not a neighbour. */
  readonly neighborPropDelayThreshNs?: number;
  /** Answers to delay requests go to the sender alone if it asked by unicast. The driver supports `to`. Default true. */
  readonly unicast?: boolean;
  /** Grants Announce, Sync and delay responses to whoever asks (16.1), within limits. Default false: asks are denied. */
  readonly unicastListen?: boolean | UnicastLimits;
  /** Addresses of masters to ask for unicast: the port hears no others. At most 64; default none. */
  readonly unicastMasters?: readonly string[];
  /** Where peer delay requests go, once they are granted. */
  readonly unicastPeer?: string;
  /** Of the grants that are asked for, seconds. Default 300. */
  readonly unicastDurationSeconds?: number;
  /** False: Announce and Sync go to those alone to whom they were granted. Default true, and false with `unicastMasters`. */
  readonly multicast?: boolean;
  /** Delay requests go by unicast to the master that was heard by multicast. Default false. */
  readonly hybridE2e?: boolean;
  /** Who is heard by Management messages that come in here, and whether they are forwarded. Default `none`. */
  readonly management?: ManagementAccessList;
}

export interface ClockConfig {
  readonly clockIdentity: ClockIdentity;
  readonly ports: readonly PortConfig[];
  readonly profile?: ProfileName;
  /** Default: ordinary with one port, boundary with more. */
  readonly clockType?: ClockType;
  readonly domainNumber?: number;
  readonly delayMechanism?: DelayMechanism;
  readonly transport?: Transport;
  readonly priority1?: number;
  readonly priority2?: number;
  readonly localPriority?: number;
  readonly clockQuality?: ClockQuality;
  readonly slaveOnly?: boolean;
  /** transportSpecific, 0..15. */
  readonly majorSdoId?: number;
  readonly minorSdoId?: number;
  /** 0 is IEEE 1588-2008 (and the default), 1 IEEE 1588-2019. */
  readonly minorVersionPTP?: 0 | 1;
  /** Default true. False needs hardware that writes originTimestamp. */
  readonly twoStep?: boolean;
  /** The hardware writes the time from Pdelay_Req to Pdelay_Resp into the latter (HWTSTAMP_TX_ONESTEP_P2P). Default false. */
  readonly oneStepPeerDelay?: boolean;
  /** What holds while this clock is grandmaster. */
  readonly timeProperties?: Partial<TimePropertiesDS>;
  /** What the stamps count: PTP's TAI, or UTC as CLOCK_REALTIME does (software stamps). Default `tai`. */
  readonly localTimescale?: 'tai' | 'utc';
  readonly servo?: ServoConfig;
  readonly delayFilter?: FilterConfig;
  /** PATH_TRACE in Announce (16.2). */
  readonly pathTrace?: boolean;
  /** Foreign masters kept per port; at least 5 (9.3.2.4.5). Default 32. */
  readonly maxForeignMasters?: number;
  /** Announces with as many steps or more are dropped. Default 255 (2008 9.3.2.5). */
  readonly maxStepsRemoved?: number;
  /** Seconds without a master after which holdover ends and clockClass says so. Default 300. */
  readonly holdoverSeconds?: number;
  /** SMPTE ST 2059-2: sent once a second by a grandmaster. */
  readonly synchronizationMetadata?: SynchronizationMetadata;
  /** For CLOCK_DESCRIPTION and USER_DESCRIPTION (15.5.3.1.2). */
  readonly userDescription?: string;
}
