import { FLAG, LOG_INTERVAL_NONE } from './messages/constants.ts';
import { encodeMessage, MAX_MESSAGE_BYTES } from './messages/message.ts';
import { makeHeader, nextSequenceId, type PortHost } from './port-host.ts';
import { relayed } from './port-sync.ts';
import { scaledFromNs, timestampFromNs, ZERO_TIMESTAMP } from './timestamp.ts';
import { followUpInformationTlv, NO_GM_CHANGE } from './tlv/gptp.ts';
import type { Tlv } from './tlv/tlv.ts';

/** Octets of an Announce up to the identities of its PATH_TRACE: 34 of the header, 30 of the body, 4 of the TLV. */
const PATH_TRACE_AT = 68;

/** Where a message goes that not everybody gets: each destination has a sequence of its own (IEEE 1588-2008 7.3.7). */
export interface UnicastDestination {
  readonly address: string;
  readonly sequenceId: number;
}

/** What a port in MASTER sends: Announce, Sync, Follow_Up (IEEE 1588-2008 9.5). */
export class PortMaster {
  readonly #host: PortHost;
  readonly #port: number;
  readonly #egressLatencyNs: number;
  #announceId = 0;
  #syncId = 0;

  constructor(host: PortHost, port: number, egressLatencyNs: number) {
    this.#host = host;
    this.#port = port;
    this.#egressLatencyNs = egressLatencyNs;
  }

  announce(logInterval: number, destination?: UnicastDestination): void {
    const host = this.#host;
    const { parentDS, timePropertiesDS: time } = host;
    const flags =
      (time.leap61 ? FLAG.leap61 : 0) |
      (time.leap59 ? FLAG.leap59 : 0) |
      (time.currentUtcOffsetValid ? FLAG.currentUtcOffsetValid : 0) |
      (time.ptpTimescale ? FLAG.ptpTimescale : 0) |
      (time.timeTraceable ? FLAG.timeTraceable : 0) |
      (time.frequencyTraceable ? FLAG.frequencyTraceable : 0);
    const tlvs: Tlv[] = [];
    const pathSequence = [...host.pathSequence, host.defaultDS.clockIdentity];
    // 802.1AS: a path that does not fit is not told.
    const fits = PATH_TRACE_AT + 8 * pathSequence.length <= MAX_MESSAGE_BYTES;
    if (fits && (host.config.pathTrace ?? host.profile.pathTrace)) tlvs.push({ type: 'PATH_TRACE', pathSequence });
    if (destination === undefined) this.#announceId = nextSequenceId(this.#announceId);
    const sequenceId = destination?.sequenceId ?? this.#announceId;
    const bytes = encodeMessage({
      messageType: 'Announce',
      header: this.#header(sequenceId, logInterval, flags, destination?.address),
      originTimestamp: ZERO_TIMESTAMP,
      currentUtcOffset: time.currentUtcOffset,
      grandmasterPriority1: parentDS.grandmasterPriority1,
      grandmasterClockQuality: parentDS.grandmasterClockQuality,
      grandmasterPriority2: parentDS.grandmasterPriority2,
      grandmasterIdentity: parentDS.grandmasterIdentity,
      stepsRemoved: host.stepsRemoved,
      timeSource: time.timeSource,
      tlvs,
    });
    host.act({
      type: 'send',
      port: this.#port,
      channel: 'general',
      peerDelay: false,
      bytes,
      ...to(destination?.address),
    });
  }

  /** Returns the sequenceId. */
  sync(logInterval: number, timestampId: number, destination?: UnicastDestination): number {
    const host = this.#host;
    const { twoStepFlag } = host.defaultDS;
    if (destination === undefined) this.#syncId = nextSequenceId(this.#syncId);
    const sequenceId = destination?.sequenceId ?? this.#syncId;
    const flags = twoStepFlag ? FLAG.twoStep : 0;
    // In one step the hardware writes its own stamp, which was taken before the connector (7.3.4.2).
    const correctionField = twoStepFlag ? 0n : scaledFromNs(this.#egressLatencyNs);
    const bytes = encodeMessage({
      messageType: 'Sync',
      header: this.#header(sequenceId, logInterval, flags, destination?.address, correctionField),
      originTimestamp: ZERO_TIMESTAMP,
      tlvs: [],
    });
    const stamp = twoStepFlag ? { timestampId } : ({ oneStep: true } as const);
    const address = to(destination?.address);
    host.act({ type: 'send', port: this.#port, channel: 'event', peerDelay: false, bytes, ...stamp, ...address });
    return sequenceId;
  }

  /** `departureNs` is of this clock; where it counts UTC, `utcNs` is what it is behind PTP time. */
  followUp(
    sequenceId: number,
    logInterval: number,
    departureNs: bigint,
    utcNs: bigint,
    address: string | undefined,
  ): void {
    const host = this.#host;
    const { portSync } = host;
    const ptpNs = departureNs + utcNs;
    // A bridge of 802.1AS hands on the grandmaster's time, not its own (802.1AS-2020 11.2.14).
    const time =
      host.profile.gptp && portSync !== undefined
        ? relayed(portSync, departureNs)
        : { originNs: ptpNs, correctionField: 0n, information: NO_GM_CHANGE };
    const bytes = encodeMessage({
      messageType: 'Follow_Up',
      header: this.#header(sequenceId, logInterval, 0, address, time.correctionField),
      preciseOriginTimestamp: timestampFromNs(time.originNs < 0n ? 0n : time.originNs),
      tlvs: host.profile.gptp ? [followUpInformationTlv(time.information)] : [],
    });
    host.act({ type: 'send', port: this.#port, channel: 'general', peerDelay: false, bytes, ...to(address) });
  }

  /** Table 24: by unicast there is no interval to tell; the grant told it. */
  #header(
    sequenceId: number,
    logInterval: number,
    flags: number,
    address: string | undefined,
    correctionField?: bigint,
  ): ReturnType<typeof makeHeader> {
    return address === undefined
      ? makeHeader(this.#host, this.#port, sequenceId, logInterval, flags, correctionField)
      : makeHeader(this.#host, this.#port, sequenceId, LOG_INTERVAL_NONE, flags | FLAG.unicast, correctionField);
  }
}

function to(address: string | undefined): { to?: string } {
  return address === undefined ? {} : { to: address };
}
