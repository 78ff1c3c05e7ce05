import type { PortIdentity } from '../identity.ts';
import { ALL_PORTS } from '../identity.ts';
import { FLAG, LOG_INTERVAL_NONE, MESSAGE_TYPE } from '../messages/constants.ts';
import { encodeMessage, type Signaling } from '../messages/message.ts';
import { makeHeader, nextSequenceId, type PortHost } from '../port-host.ts';
import type { PortState } from '../port-state.ts';
import type { ResolvedPort } from '../profiles.ts';
import type { Tlv } from '../tlv/tlv.ts';
import type { CancelUnicast, GrantUnicast, RequestUnicast } from '../tlv/unicast.ts';
import { type GrantedMessage, type UnicastGrant, UnicastGrants } from './grants.ts';
import { UnicastMasters, type UnicastWish } from './masters.ts';

/** What the negotiation needs to know of its port, and may change about it. */
export interface NegotiatingPort {
  readonly number: number;
  readonly identity: PortIdentity;
  readonly config: ResolvedPort;
  readonly state: PortState;
  /** The intervals that the chosen master granted. */
  setIntervals(intervals: { announce?: number; sync?: number; delay?: number }): void;
}

const GRANTED = new Map<number, GrantedMessage>(
  (['Announce', 'Sync', 'Delay_Resp', 'Pdelay_Resp'] as const).map((name) => [MESSAGE_TYPE[name], name]),
);

/** TLVs of one message that are answered: no answer is much longer than what it answers. */
const MAX_TLVS = 8;

/** Unicast message negotiation of one port, both roles: IEEE 1588-2008 16.1. */
export class UnicastNegotiation {
  readonly grants: UnicastGrants;
  readonly masters: UnicastMasters;
  readonly #host: PortHost;
  readonly #port: NegotiatingPort;
  #sequenceId = 0;

  constructor(host: PortHost, port: NegotiatingPort) {
    this.#host = host;
    this.#port = port;
    const { unicastListen, unicastMasters, unicastPeer } = port.config;
    this.grants = new UnicastGrants(typeof unicastListen === 'object' ? unicastListen : {});
    const services = (): GrantedMessage[] => (port.config.delayMechanism === 'e2e' ? ['Sync', 'Delay_Resp'] : ['Sync']);
    this.masters = new UnicastMasters(unicastMasters, services, unicastPeer === '' ? undefined : unicastPeer);
  }

  /** One Signaling message with whatever TLVs of the negotiation it has. */
  signaling(message: Signaling, from: string | undefined, now: number): void {
    if (from === undefined || !this.#port.config.unicast) return;
    const answers: Tlv[] = [];
    const asker = message.header.sourcePortIdentity;
    for (const tlv of message.tlvs.slice(0, MAX_TLVS)) {
      switch (tlv.type) {
        case 'REQUEST_UNICAST_TRANSMISSION':
          answers.push(this.#requested(tlv, asker, from, now));
          break;
        case 'GRANT_UNICAST_TRANSMISSION':
          this.#granted(tlv, from, now);
          break;
        case 'CANCEL_UNICAST_TRANSMISSION':
          answers.push(this.#cancelled(tlv, asker, from));
          break;
      }
    }
    if (answers.length > 0) this.#send(from, asker, message.header.sequenceId, answers);
  }

  /** Asks for what is wanted and not promised for much longer. */
  query(now: number): void {
    for (const wish of this.masters.wishes(now)) this.#ask(wish);
  }

  /** The port follows the master at that address from now on, or nobody. */
  choose(address: string | undefined, now: number): void {
    const given = this.masters.choose(address);
    if (given !== undefined) this.#cancel(given.address, ALL_PORTS, given.messages);
    if (address !== undefined) this.query(now);
  }

  /** The port is no master any more: everyone is told (16.1.4.3). */
  resign(): void {
    const byClock = new Map<string, UnicastGrant[]>();
    for (const grant of this.grants.cancelAll()) {
      const { clockIdentity, portNumber } = grant.portIdentity;
      const key = `${grant.address} ${clockIdentity} ${portNumber}`;
      byClock.set(key, [...(byClock.get(key) ?? []), grant]);
    }
    for (const grants of byClock.values()) {
      const { address, portIdentity } = grants[0]!;
      this.#cancel(
        address,
        portIdentity,
        grants.map(({ message }) => message),
      );
    }
  }

  #requested(tlv: RequestUnicast, asker: PortIdentity, from: string, now: number): GrantUnicast {
    const { messageType, logInterMessagePeriod } = tlv;
    const seconds = this.#decide(tlv, asker, from, now);
    return {
      type: 'GRANT_UNICAST_TRANSMISSION',
      messageType,
      logInterMessagePeriod,
      durationSeconds: seconds,
      renewalInvited: seconds > 0,
    };
  }

  /** Seconds; 0 denies (16.1.4.2). */
  #decide(tlv: RequestUnicast, asker: PortIdentity, from: string, now: number): number {
    const { config, state } = this.#port;
    const message = GRANTED.get(tlv.messageType);
    const mechanism = config.delayMechanism === 'e2e' ? 'Delay_Resp' : 'Pdelay_Resp';
    const possible = message === mechanism || message === 'Announce' || message === 'Sync';
    // A peer's delay is answered in every state, all else by a master.
    const ready = state === 'MASTER' || message === 'Pdelay_Resp';
    if (config.unicastListen === false || message === undefined || !possible || !ready) {
      this.#host.count('unicast request refused');
      return 0;
    }
    const { logInterMessagePeriod, durationSeconds } = tlv;
    const answer = this.grants.request(from, asker, message, logInterMessagePeriod, durationSeconds, now);
    if (typeof answer === 'number') return answer;
    this.#host.count(answer === 'full' ? 'unicast grants full' : 'unicast request refused');
    return 0;
  }

  #granted(tlv: GrantUnicast, from: string, now: number): void {
    const { logInterMessagePeriod } = tlv;
    // A master that grants more than it was asked for is asked again in time all the same.
    const durationSeconds = Math.min(tlv.durationSeconds, this.#port.config.unicastDurationSeconds);
    const message = GRANTED.get(tlv.messageType);
    const valid = Math.abs(logInterMessagePeriod) <= 7;
    if (
      message === undefined ||
      !valid ||
      !this.masters.grant(from, message, logInterMessagePeriod, durationSeconds, now)
    ) {
      this.#host.count('unexpected message');
      return;
    }
    if (durationSeconds === 0) return;
    if (message === 'Announce') this.#port.setIntervals({ announce: logInterMessagePeriod });
    else if (message === 'Sync') this.#port.setIntervals({ sync: logInterMessagePeriod });
    else if (message === 'Delay_Resp') this.#port.setIntervals({ delay: logInterMessagePeriod });
  }

  #cancelled(tlv: CancelUnicast, asker: PortIdentity, from: string): CancelUnicast {
    const message = GRANTED.get(tlv.messageType);
    if (message !== undefined) {
      const granted = this.grants.cancel(from, asker, message);
      const promised = this.masters.cancelled(from, message);
      if (!granted && !promised) this.#host.count('unexpected message');
    }
    return { type: 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION', messageType: tlv.messageType };
  }

  #ask({ address, messages }: UnicastWish): void {
    const { config } = this.#port;
    const periods: Readonly<Record<GrantedMessage, number>> = {
      Announce: config.logAnnounceInterval,
      Sync: config.logSyncInterval,
      Delay_Resp: config.logMinDelayReqInterval,
      Pdelay_Resp: config.logMinPdelayReqInterval,
    };
    const tlvs = messages.map(
      (message): RequestUnicast => ({
        type: 'REQUEST_UNICAST_TRANSMISSION',
        messageType: MESSAGE_TYPE[message],
        logInterMessagePeriod: periods[message],
        durationSeconds: config.unicastDurationSeconds,
      }),
    );
    this.#sequenceId = nextSequenceId(this.#sequenceId);
    this.#send(address, ALL_PORTS, this.#sequenceId, tlvs);
  }

  #cancel(address: string, target: PortIdentity, messages: readonly GrantedMessage[]): void {
    const tlvs = messages.map(
      (message): CancelUnicast => ({ type: 'CANCEL_UNICAST_TRANSMISSION', messageType: MESSAGE_TYPE[message] }),
    );
    this.#sequenceId = nextSequenceId(this.#sequenceId);
    this.#send(address, target, this.#sequenceId, tlvs);
  }

  #send(to: string, targetPortIdentity: PortIdentity, sequenceId: number, tlvs: readonly Tlv[]): void {
    const { number } = this.#port;
    const bytes = encodeMessage({
      messageType: 'Signaling',
      header: makeHeader(this.#host, number, sequenceId, LOG_INTERVAL_NONE, FLAG.unicast),
      targetPortIdentity,
      tlvs,
    });
    this.#host.act({ type: 'send', port: number, channel: 'general', peerDelay: false, bytes, to });
  }
}
