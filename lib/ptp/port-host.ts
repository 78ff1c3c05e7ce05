import type { Action, PtpEvent } from './action.ts';
import type { ComparisonDataSet } from './bmca.ts';
import type { ClockConfig } from './config.ts';
import type { DefaultDS, ParentDS, TimePropertiesDS } from './datasets.ts';
import type { BadInput } from './header-check.ts';
import type { Header } from './messages/header.ts';
import type { Management } from './messages/message.ts';
import type { PortSync } from './port-sync.ts';
import type { Profile } from './profiles.ts';
import type { SteeringHistory } from './servo/steering-history.ts';
import type { FollowUpInformation } from './tlv/gptp.ts';

/** What a port may ask of the clock that it belongs to. */
export interface PortHost {
  readonly config: ClockConfig;
  readonly profile: Profile;
  readonly defaultDS: DefaultDS;
  readonly parentDS: ParentDS;
  readonly timePropertiesDS: TimePropertiesDS;
  readonly stepsRemoved: number;
  /** The grandmaster's Follow_Up information, where it sends one. */
  followUpInformation: FollowUpInformation | undefined;
  /** What the slave port of an 802.1AS bridge last heard; undefined where this clock's own time is sent. */
  portSync: PortSync | undefined;
  /** There is a slave port. */
  readonly follows: boolean;
  /** The clocks an Announce came through, this one not among them. */
  readonly pathSequence: readonly bigint[];
  /** What the servo does to this clock; undefined where nobody can tell when. */
  readonly steering: Pick<SteeringHistory, 'between' | 'ppb'> | undefined;
  random(): number;
  act(action: Action): void;
  event(event: PtpEvent): void;
  count(kind: BadInput): void;
  better(a: ComparisonDataSet, b: ComparisonDataSet): ComparisonDataSet;
  /** STATE_DECISION_EVENT (9.2.6.8). */
  decideStates(now: number): void;
  /** Seconds that this clock's stamps are behind PTP time. */
  ptpOffsetSeconds(): number;
  /** One offset of the slave port, ns. */
  synchronize(port: number, offsetNs: number, delayNs: number, ingressNs: bigint, now: number): void;
  /** A Management message that came in through a port, and its octets. */
  management(port: number, message: Management, bytes: Uint8Array, from: string | undefined, now: number): void;
}

/** What messages and the peer delay mechanism need: transparent clocks have no more. */
export type MessageHost = Pick<PortHost, 'config' | 'profile' | 'defaultDS' | 'steering' | 'act' | 'event' | 'count'>;

/** The header of a message of this port. */
export function makeHeader(
  host: Pick<MessageHost, 'config' | 'profile' | 'defaultDS'>,
  port: number,
  sequenceId: number,
  logMessageInterval: number,
  flagField = 0,
  correctionField = 0n,
): Header {
  return {
    majorSdoId: host.config.majorSdoId ?? host.profile.majorSdoId,
    minorVersionPTP: host.config.minorVersionPTP ?? 0,
    versionPTP: 2,
    domainNumber: host.defaultDS.domainNumber,
    minorSdoId: host.config.minorSdoId ?? 0,
    flagField,
    correctionField,
    messageTypeSpecific: 0,
    sourcePortIdentity: { clockIdentity: host.defaultDS.clockIdentity, portNumber: port },
    sequenceId,
    logMessageInterval,
  };
}

export function intervalMs(logInterval: number): number {
  return 1000 * 2 ** logInterval;
}

export const nextSequenceId = (id: number): number => (id + 1) & 0xffff;
