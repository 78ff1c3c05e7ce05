/** What `auto` means: the presets of `/system ptp profile=`. */
import type { ClockConfig, PortConfig, ProfileName, Transport } from './config.ts';
import type { DelayMechanism, TimePropertiesDS } from './datasets.ts';
import type { ClockQuality } from './messages/announce.ts';

/** Every value that a profile presets. Intervals are log2 of seconds. */
export interface Profile {
  readonly domainNumber: number;
  readonly priority1: number;
  readonly priority2: number;
  readonly transport: Transport;
  readonly delayMechanism: DelayMechanism;
  readonly majorSdoId: number;
  readonly logAnnounceInterval: number;
  readonly announceReceiptTimeout: number;
  readonly logSyncInterval: number;
  readonly syncReceiptTimeout: number;
  readonly logMinDelayReqInterval: number;
  readonly logMinPdelayReqInterval: number;
  readonly neighborPropDelayThreshNs: number;
  readonly clockQuality: ClockQuality;
  readonly pathTrace: boolean;
  /** Follow_Up information TLV, asCapable, no foreign-master qualification, cumulative rate ratio. */
  readonly gptp: boolean;
  /** The data set comparison of G.8275.1 6.3. */
  readonly alternateBmca: boolean;
  readonly timeProperties: TimePropertiesDS;
}

const timeProperties: TimePropertiesDS = {
  currentUtcOffset: 37,
  currentUtcOffsetValid: false,
  leap59: false,
  leap61: false,
  timeTraceable: false,
  frequencyTraceable: false,
  ptpTimescale: true,
  timeSource: 0xa0,
};

/** IEEE 1588-2008 annex J.3. */
const delayRequestResponse: Profile = {
  domainNumber: 0,
  priority1: 128,
  priority2: 128,
  transport: 'ipv4',
  delayMechanism: 'e2e',
  majorSdoId: 0,
  logAnnounceInterval: 1,
  announceReceiptTimeout: 3,
  logSyncInterval: 0,
  syncReceiptTimeout: 0,
  logMinDelayReqInterval: 0,
  logMinPdelayReqInterval: 0,
  neighborPropDelayThreshNs: 20_000_000,
  clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
  pathTrace: false,
  gptp: false,
  alternateBmca: false,
  timeProperties,
};

export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  default: delayRequestResponse,
  /** IEEE 802.1AS-2020 8.6.2, 10.7, 11.5. */
  '802.1as': {
    ...delayRequestResponse,
    priority1: 246,
    priority2: 248,
    transport: 'l2-non-forwardable',
    delayMechanism: 'p2p',
    majorSdoId: 1,
    logAnnounceInterval: 0,
    logSyncInterval: -3,
    syncReceiptTimeout: 3,
    neighborPropDelayThreshNs: 800,
    clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0x436a },
    pathTrace: true,
    gptp: true,
  },
  /** AES67-2018 annex A, the media profile. */
  aes67: { ...delayRequestResponse, logSyncInterval: -3, logMinDelayReqInterval: -3 },
  /** ITU-T G.8275.1 annex A and 6.2: 8 Announce and 16 Sync and Delay_Req a second. */
  'g8275.1': {
    ...delayRequestResponse,
    domainNumber: 24,
    transport: 'l2-non-forwardable',
    logAnnounceInterval: -3,
    logSyncInterval: -4,
    logMinDelayReqInterval: -4,
    clockQuality: { clockClass: 248, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
    alternateBmca: true,
  },
  /** SMPTE ST 2059-2:2021 table 2. */
  smpte: {
    ...delayRequestResponse,
    domainNumber: 127,
    logAnnounceInterval: -2,
    logSyncInterval: -3,
    logMinDelayReqInterval: -3,
  },
};

/** A port's configuration with nothing left to the profile. */
export type ResolvedPort = Required<PortConfig>;

export function resolvePort(clock: ClockConfig, port: PortConfig): ResolvedPort {
  const profile = PROFILES[clock.profile ?? 'default'];
  return {
    name: port.name,
    delayMechanism: port.delayMechanism ?? clock.delayMechanism ?? profile.delayMechanism,
    transport: port.transport ?? clock.transport ?? profile.transport,
    logAnnounceInterval: port.logAnnounceInterval ?? profile.logAnnounceInterval,
    announceReceiptTimeout: port.announceReceiptTimeout ?? profile.announceReceiptTimeout,
    logSyncInterval: port.logSyncInterval ?? profile.logSyncInterval,
    syncReceiptTimeout: port.syncReceiptTimeout ?? profile.syncReceiptTimeout,
    logMinDelayReqInterval: port.logMinDelayReqInterval ?? profile.logMinDelayReqInterval,
    logMinPdelayReqInterval: port.logMinPdelayReqInterval ?? profile.logMinPdelayReqInterval,
    masterOnly: port.masterOnly ?? false,
    localPriority: port.localPriority ?? 128,
    delayAsymmetryNs: port.delayAsymmetryNs ?? 0,
    ingressLatencyNs: port.ingressLatencyNs ?? 0,
    egressLatencyNs: port.egressLatencyNs ?? 0,
    neighborPropDelayThreshNs: port.neighborPropDelayThreshNs ?? profile.neighborPropDelayThreshNs,
    unicast: port.unicast ?? true,
    unicastListen: port.unicastListen ?? false,
    unicastMasters: port.unicastMasters ?? [],
    unicastPeer: port.unicastPeer ?? '',
    unicastDurationSeconds: port.unicastDurationSeconds ?? 300,
    multicast: port.multicast ?? port.unicastMasters === undefined,
    hybridE2e: port.hybridE2e ?? false,
    management: port.management ?? 'none',
  };
}
