import type { ComparisonDataSet } from './bmca.ts';
import type { DelayResponder } from './delay-responder.ts';
import type { Departures } from './departures.ts';
import type { ForeignMaster, ForeignMasters } from './foreign-masters.ts';
import { type PortIdentity, samePort } from './identity.ts';
import type { MessageCounts } from './message-counts.ts';
import { FLAG, MESSAGE_TYPE, type MessageType } from './messages/constants.ts';
import { type Announce, decodeMessage, type Management, type Message } from './messages/message.ts';
import type { PeerDelay } from './peer-delay.ts';
import { intervalMs, type PortHost } from './port-host.ts';
import type { PortSlave } from './port-slave.ts';
import type { PortState } from './port-state.ts';
import type { ResolvedPort } from './profiles.ts';
import { isTarget, obeyIntervalRequest } from './signaling.ts';
import { synchronizationMetadata } from './tlv/smpte.ts';
import type { UnicastNegotiation } from './unicast/negotiation.ts';

/** The parts of a port that messages are for. */
export interface PortParts {
  readonly foreign: ForeignMasters;
  readonly responder: DelayResponder;
  readonly slave: PortSlave;
  readonly peer: PeerDelay;
  readonly departures: Departures;
  readonly counts: MessageCounts;
  readonly unicast: UnicastNegotiation;
}

/** What it asks of its port. */
interface ReceivingPort {
  readonly number: number;
  readonly identity: PortIdentity;
  readonly config: ResolvedPort;
  readonly state: PortState;
  readonly working: boolean;
  /** 802.1AS: there is a neighbour. */
  readonly usable: boolean;
  readonly logAnnounceInterval: number;
  readonly syncPatienceMs: number;
  /** The master that the last state decision saw here. */
  readonly best: ForeignMaster | undefined;
  setIntervals(intervals: { announce?: number; sync?: number; pdelay?: number; delay?: number }): void;
  listen(now: number): void;
  waitForSync(now: number): void;
  /** A grant has come or gone: there may be something to serve. */
  unicastChanged(now: number): void;
}

const NAMES = new Map<number, MessageType>(
  Object.entries(MESSAGE_TYPE).map(([name, number]) => [number, name as MessageType]),
);

/** The messages that come to one port: who hears which of them in which state (IEEE 1588-2008 9.5). */
export class PortReceiver {
  readonly #host: PortHost;
  readonly #port: ReceivingPort;
  readonly #parts: PortParts;
  readonly #ingressLatency: bigint;

  constructor(host: PortHost, port: ReceivingPort, parts: PortParts) {
    this.#host = host;
    this.#port = port;
    this.#parts = parts;
    this.#ingressLatency = BigInt(Math.round(port.config.ingressLatencyNs));
  }

  handleMessage(bytes: Uint8Array, rxTimestampNs: bigint | undefined, now: number, from: string | undefined): void {
    const type = NAMES.get(bytes[0]! & 0x0f);
    if (type === undefined) {
      this.#host.count('malformed message');
      return;
    }
    this.#parts.counts.received(type);
    const event = MESSAGE_TYPE[type] < 4;
    if (event && rxTimestampNs === undefined) {
      this.#host.count('event message without timestamp');
      return;
    }
    const ingressNs = event ? rxTimestampNs! - this.#ingressLatency : 0n;
    if (type === 'Delay_Req') {
      this.#delayReq(bytes, ingressNs, from);
      return;
    }
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch {
      this.#host.count('malformed message');
      return;
    }
    if (message.messageType === 'Management') this.#management(message, bytes, from, now);
    else this.#dispatch(message, ingressNs, now, from);
  }

  #dispatch(message: Exclude<Message, Management>, ingressNs: bigint, now: number, from: string | undefined): void {
    const { slave, unicast } = this.#parts;
    const port = this.#port;
    switch (message.messageType) {
      case 'Sync':
      case 'Delay_Req':
        if (!this.#fromParent(message, from)) return;
        if (slave.sync(message, ingressNs, now, port.syncPatienceMs)) port.waitForSync(now);
        return;
      case 'Follow_Up':
        if (!this.#fromParent(message, from)) return;
        if (slave.followUp(message, now, port.syncPatienceMs)) port.waitForSync(now);
        return;
      case 'Delay_Resp':
        if (port.config.delayMechanism !== 'e2e') {
          this.#host.count('delay mechanism mismatch');
          return;
        }
        if (port.state !== 'UNCALIBRATED' && port.state !== 'SLAVE') return;
        if (!slave.endToEnd.response(message)) this.#host.count('unexpected message');
        return;
      case 'Announce':
        if (this.#acceptable(from)) this.#announce(message, now, from);
        return;
      case 'Pdelay_Req':
      case 'Pdelay_Resp':
      case 'Pdelay_Resp_Follow_Up':
        this.#peerDelay(message, ingressNs, now, from);
        return;
      case 'Signaling':
        if (!isTarget(port, message)) return;
        if (this.#host.profile.gptp) obeyIntervalRequest(port, this.#host, message);
        unicast.signaling(message, from, now);
        port.unicastChanged(now);
        return;
    }
  }

  #management(message: Management, bytes: Uint8Array, from: string | undefined, now: number): void {
    const port = this.#port.number;
    try {
      const metadata = synchronizationMetadata(message.tlvs);
      if (metadata === undefined) this.#host.management(port, message, bytes, from, now);
      else this.#host.event({ name: 'synchronizationMetadata', port, metadata });
    } catch {
      this.#host.count('malformed message');
    }
  }

  /** A port with unicast masters has no other ones. */
  #acceptable(from: string | undefined): boolean {
    const { masters } = this.#parts.unicast;
    if (this.#port.config.unicastMasters.length === 0 || masters.has(from)) return true;
    this.#host.count('not a unicast master');
    return false;
  }

  #fromParent(message: Message, from: string | undefined): boolean {
    const { state, usable } = this.#port;
    if (state !== 'UNCALIBRATED' && state !== 'SLAVE') return false;
    const parent = this.#host.parentDS.parentPortIdentity;
    return usable && samePort(message.header.sourcePortIdentity, parent) && this.#acceptable(from);
  }

  /** A master answers from the octets alone: it has no state per slave. */
  #delayReq(bytes: Uint8Array, ingressNs: bigint, from: string | undefined): void {
    const { number, config, state } = this.#port;
    if (config.delayMechanism !== 'e2e') {
      this.#host.count('delay mechanism mismatch');
      return;
    }
    if (state !== 'MASTER') return;
    if (bytes.length < 44 || ((bytes[2]! << 8) | bytes[3]!) < 44) {
      this.#host.count('truncated message');
      return;
    }
    const arrivalNs = ingressNs + BigInt(this.#host.ptpOffsetSeconds()) * 1_000_000_000n;
    if (arrivalNs < 0n) return;
    const unicast = config.unicast && from !== undefined && (bytes[6]! & (FLAG.unicast >> 8)) !== 0;
    const response = this.#parts.responder.respond(bytes, arrivalNs, unicast);
    this.#parts.counts.sent('Delay_Resp');
    if (unicast) {
      const to = from as string;
      this.#host.act({ type: 'send', port: number, channel: 'general', peerDelay: false, bytes: response, to });
    } else {
      this.#host.act({ type: 'send', port: number, channel: 'general', peerDelay: false, bytes: response });
    }
  }

  #peerDelay(
    message: Message & { messageType: 'Pdelay_Req' | 'Pdelay_Resp' | 'Pdelay_Resp_Follow_Up' },
    ingressNs: bigint,
    now: number,
    from: string | undefined,
  ): void {
    if (this.#port.config.delayMechanism !== 'p2p') {
      this.#host.count('delay mechanism mismatch');
      return;
    }
    const { peer, departures, counts, foreign } = this.#parts;
    const { asCapable } = peer;
    if (message.messageType === 'Pdelay_Req') {
      const id = departures.nextTimestampId();
      departures.set(id, { kind: 'Pdelay_Resp', request: message, from });
      counts.sent('Pdelay_Resp');
      peer.respond(message, ingressNs, id, from);
    } else if (message.messageType === 'Pdelay_Resp') {
      peer.response(message, ingressNs);
    } else {
      peer.responseFollowUp(message);
    }
    if (!this.#host.profile.gptp || !asCapable || peer.asCapable) return;
    foreign.clear();
    this.#host.decideStates(now);
  }

  #announce(message: Announce, now: number, from: string | undefined): void {
    const port = this.#port;
    if (!port.working || !port.usable || port.config.masterOnly) return;
    if (message.stepsRemoved >= (this.#host.config.maxStepsRemoved ?? 255)) {
      this.#host.count('stepsRemoved too large');
      return;
    }
    for (const tlv of message.tlvs) {
      if (tlv.type === 'PATH_TRACE' && tlv.pathSequence.includes(port.identity.clockIdentity)) {
        this.#host.count('path trace loop');
        return;
      }
    }
    const dataSet: ComparisonDataSet = {
      priority1: message.grandmasterPriority1,
      grandmasterIdentity: message.grandmasterIdentity,
      clockQuality: message.grandmasterClockQuality,
      priority2: message.grandmasterPriority2,
      localPriority: port.config.localPriority,
      stepsRemoved: message.stepsRemoved,
      sender: message.header.sourcePortIdentity,
      receiver: port.identity,
    };
    const interval = intervalMs(port.logAnnounceInterval);
    const update = this.#parts.foreign.heard(message, dataSet, now, interval, from);
    if (update === 'full') {
      this.#host.count('foreign masters full');
      return;
    }
    const { best, state } = port;
    if (best !== undefined && samePort(best.portIdentity, message.header.sourcePortIdentity)) {
      if (state === 'SLAVE' || state === 'UNCALIBRATED' || state === 'PASSIVE') port.listen(now);
    }
    if (update === 'changed') this.#host.decideStates(now);
  }
}
