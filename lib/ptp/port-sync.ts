import type { SyncSample } from './sync-receiver.ts';
import { scaledFromNs } from './timestamp.ts';
import type { FollowUpInformation } from './tlv/gptp.ts';

/** What the slave port of a time-aware bridge tells the others of one Sync: 802.1AS-2020 10.2.2.3, PortSyncSync. */
export interface PortSync {
  readonly preciseOriginNs: bigint;
  readonly followUpCorrectionNs: number;
  /** The grandmaster's rate over this clock's. */
  readonly rateRatio: number;
  /** When the Sync left the neighbour, ns of this clock. */
  readonly upstreamTxNs: bigint;
  readonly information: FollowUpInformation;
  /** Milliseconds, of the engine's driver, after which nothing is sent on: syncReceiptTimeoutTime. */
  readonly until: number;
}

const SCALE = 2 ** 41;
const MAX_I32 = 0x7fff_ffff;

/** 11.2.14.2.1 (setPSSyncMDSR): the neighbour's ratio to the grandmaster and ours to the neighbour are added up. */
export function portSyncOf(
  sample: SyncSample,
  information: FollowUpInformation,
  neighborRateRatio: number,
  linkDelayNs: number,
  until: number,
): PortSync {
  return {
    preciseOriginNs: sample.originNs,
    followUpCorrectionNs: sample.correctionNs,
    rateRatio: 1 + information.cumulativeScaledRateOffset / SCALE + (neighborRateRatio - 1),
    upstreamTxNs: sample.ingressNs - BigInt(Math.round(linkDelayNs)),
    information,
    until,
  };
}

/** 11.2.15.2.2 (setFollowUp): the grandmaster's time, how long it took to here, and the rate ratio of this clock. */
export function relayed(
  sync: PortSync,
  departureNs: bigint,
): { originNs: bigint; correctionField: bigint; information: FollowUpInformation } {
  const residenceNs = Number(departureNs - sync.upstreamTxNs) * sync.rateRatio;
  const offset = Math.round((sync.rateRatio - 1) * SCALE);
  return {
    originNs: sync.preciseOriginNs,
    correctionField: scaledFromNs(sync.followUpCorrectionNs + residenceNs),
    information: {
      ...sync.information,
      cumulativeScaledRateOffset: Math.max(-MAX_I32, Math.min(MAX_I32, offset)),
    },
  };
}
