import { toHex } from '../wire/index.ts';
import type { Address } from './action.ts';
import type { ChildSa } from './child-sa.ts';
import type { Core } from './core.ts';
import { describeIdentification, type Identification } from './identification.ts';
import { type IkeSaKeys, type IkeSuite, wipeKeys } from './keymat.ts';
import { encodeMessage, type IkeMessage, protectMessage, type SkKeys, unprotectMessage } from './message.ts';
import type { NatSituation, Spis } from './nat-detection.ts';
import { IdType } from './payloads/constants.ts';
import type { Payload, Proposal } from './payloads/payload.ts';
import type { Peer } from './peer.ts';
import { TaskQueue } from './task-queue.ts';

/**
 * `rekeyed`: replaced, waiting for its deletion. `deleting`: our delete is on its way. `closed`: only repeats its
 * last response.
 */
export type State = 'connecting' | 'established' | 'rekeyed' | 'deleting' | 'closed';

/** What IKE_AUTH needs of IKE_SA_INIT (RFC 7296 2.15). */
export interface InitialExchange {
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
}

/** Who began the first IKE_SA of a chain of rekeyed ones and its lower nonce, to settle simultaneous initiation. */
export interface Root {
  readonly initiator: boolean;
  readonly nonce: Uint8Array;
}

const TIMERS = ['retransmit', 'half-open', 'dpd', 'rekey', 'expire', 'keepalive', 'abandon'] as const;
export type TimerName = (typeof TIMERS)[number];

/** One IKE_SA, RFC 7296 2. */
export class IkeSa {
  readonly core: Core;
  readonly id: number;
  /** The original initiator of this IKE_SA; a rekey may turn it round (RFC 7296 2.2). */
  readonly initiator: boolean;
  readonly localSpi: bigint;
  remoteSpi = 0n;
  local: Address;
  remote: Address;
  /** A responder learns it with IKE_AUTH. */
  peer: Peer | undefined;
  readonly queue: TaskQueue;
  readonly children = new Map<number, ChildSa>();
  state: State = 'connecting';
  suite: IkeSuite | undefined;
  keys: IkeSaKeys | undefined;
  initial: InitialExchange | undefined;
  root: Root | undefined;
  /** The lower nonce of the rekey that made it (RFC 7296 2.8.2). */
  nonce: Uint8Array | undefined;
  nat: NatSituation = { local: false, remote: false };
  /** The peer is told of a NAT that is not there (`forceEncapsulation`). */
  forced = false;
  localId: Identification | undefined;
  remoteId: Identification | undefined;
  remoteIdText = '';
  /** The same for a map, type and all. */
  identity = '';
  /** The IKE_SA that the peer's rekey made while our own rekey was outstanding (RFC 7296 2.8.2). */
  theirs: IkeSa | undefined;
  /** Set on `theirs` until it is known which of the two stays, and for good if it does not. */
  redundant = false;
  /** The IKE_SA of whose collision this is a part, until that is settled. */
  rekeyOf: IkeSa | undefined;
  replacedBy: IkeSa | undefined;
  /** What an unauthenticated response said is wrong: the reason to report if nothing better comes. */
  failure: string | undefined;
  offered: string | undefined;
  /** The proposal that a responder chose, until it knows whose it should have been. */
  proposal: Proposal | undefined;
  readonly createdAt: number;
  readonly createdOrder: number;
  establishedAt: number | undefined;
  establishedOrder = 0;
  lastSeenAt: number | undefined;
  rxPackets = 0;
  rxBytes = 0;
  txPackets = 0;
  txBytes = 0;
  #reportedAt = Number.NEGATIVE_INFINITY;
  /** Removes what an IKE_SA_INIT responder noted about the request. */
  forgetRequest: (() => void) | undefined;

  constructor(core: Core, fields: { initiator: boolean; local: Address; remote: Address; localSpi: bigint }) {
    this.core = core;
    this.id = core.newIkeSaNumber();
    this.initiator = fields.initiator;
    this.local = fields.local;
    this.remote = fields.remote;
    this.localSpi = fields.localSpi;
    this.queue = new TaskQueue(this);
    this.createdAt = core.now;
    this.createdOrder = core.order();
    core.ikeSas.set(this.id, this);
    core.bySpi.set(this.localSpi, this);
  }

  get spis(): Spis {
    return this.initiator
      ? { initiatorSpi: this.localSpi, responderSpi: this.remoteSpi }
      : { initiatorSpi: this.remoteSpi, responderSpi: this.localSpi };
  }

  /** Those of IKE_SA_INIT, which the first CHILD_SA uses too (RFC 7296 2.17). */
  get nonces(): { readonly ni: Uint8Array; readonly nr: Uint8Array } | undefined {
    return this.initial;
  }

  join(peer: Peer): void {
    this.peer = peer;
    peer.add(this);
  }

  /** The peer has proved to be this. */
  identify(id: Identification): void {
    this.remoteId = id;
    this.remoteIdText = describeIdentification(id);
    this.identity = `${id.idType}:${toHex(id.data)}`;
    // Who calls itself by an address that it does not come from has it behind some NAT, where others have the same.
    const address = id.idType === IdType.ID_IPV4_ADDR || id.idType === IdType.ID_IPV6_ADDR;
    if (address && this.remoteIdText !== this.remote.address) this.identity += `@${this.remote.address}`;
    this.peer?.identified(this);
  }

  /** A rekeyed IKE_SA is with whom the old one was, wherever that is by now. */
  inheritIdentity({ remoteId, remoteIdText, identity }: IkeSa): void {
    this.remoteId = remoteId;
    this.remoteIdText = remoteIdText;
    this.identity = identity;
    this.peer?.identified(this);
  }

  /** True once a second: what an authenticated peer does wrong must not fill the log either. */
  mayReport(): boolean {
    if (this.core.now - this.#reportedAt < 1000) return false;
    this.#reportedAt = this.core.now;
    return true;
  }

  get peerName(): string {
    return this.peer?.config.name ?? '';
  }

  /** RFC 3948: also where the NAT is only pretended. */
  get udpEncapsulation(): boolean {
    return this.nat.local || this.nat.remote || this.forced;
  }

  /** Up, and not on its way out. */
  get usable(): boolean {
    return this.state === 'established' && !this.redundant;
  }

  /** Plain in IKE_SA_INIT, in an SK payload from then on. */
  encode(exchangeType: number, response: boolean, messageId: number, payloads: readonly Payload[]): Uint8Array {
    const message: IkeMessage = {
      ...this.spis,
      exchangeType,
      initiator: this.initiator,
      response,
      messageId,
      payloads,
    };
    if (this.keys === undefined) return encodeMessage(message);
    return protectMessage(this.core.crypto, this.#skKeys(this.initiator), message);
  }

  /** Throws `IntegrityError` or `WireError`. */
  decode(data: Uint8Array): IkeMessage {
    return unprotectMessage(this.core.crypto, this.#skKeys(!this.initiator), data);
  }

  /** `to` where the request came from, if that is not where the peer lives (RFC 7296 2.11). */
  transmit(data: Uint8Array, from: Address = this.local, to: Address = this.remote): void {
    this.txPackets++;
    this.txBytes += data.length;
    this.core.emit({ type: 'send', local: from, remote: to, data });
  }

  received(data: Uint8Array): void {
    this.rxPackets++;
    this.rxBytes += data.length;
    this.lastSeenAt = this.core.now;
  }

  /** The peer's new place, or ours (RFC 7296 2.23); its CHILD_SAs follow. */
  move(local: Address, remote: Address): void {
    this.local = local;
    this.remote = remote;
    for (const child of this.children.values()) {
      const { udpEncapsulation } = this;
      this.core.emit({ type: 'updateChildSa', childSa: child.id, local, remote, udpEncapsulation });
    }
  }

  setTimer(name: TimerName, seconds: number, fire: () => void): void {
    this.core.timers.set(`ike:${this.id}:${name}`, this.core.now + seconds * 1000, fire);
  }

  clearTimer(name: TimerName): void {
    this.core.timers.clear(`ike:${this.id}:${name}`);
  }

  /** No answer to the outstanding request. */
  unresponsive(): void {
    if (this.state === 'rekeyed') this.close('replaced', { report: false });
    else this.close(this.failure ?? 'peer does not respond', { retry: true });
  }

  /**
   * Ends it here and now. `report` false: no event. `retry`: a peer that we initiate to is tried again. `linger`
   * keeps the last response for a while, for requests that are sent again.
   */
  close(
    reason: string,
    how: { readonly report?: boolean; readonly retry?: boolean; readonly linger?: boolean } = {},
  ): void {
    if (this.state === 'closed') return;
    const before = this.state;
    this.state = 'closed';
    // Where another IKE_SA goes on with the traffic, packets on their way may still come in.
    const goesOn = [...(this.peer?.siblings(this) ?? [])].some((sa) => sa.usable);
    for (const child of [...this.children.values()]) {
      if (goesOn) child.retire(reason);
      else child.remove(reason);
    }
    for (const name of TIMERS) this.clearTimer(name);
    this.queue.close();
    if (this.keys !== undefined) wipeKeys(this.keys);
    this.keys = undefined;
    this.initial = undefined;
    if (how.linger) this.#linger();
    else this.forget();
    if (how.report ?? true) this.#report(before, reason);
    this.peer?.closed(this, how.retry ?? false);
  }

  #report(before: State, reason: string): void {
    const peer = this.peerName;
    if (before !== 'connecting') this.core.event({ name: 'ike-sa-closed', ikeSa: this.id, peer, reason });
    else if (peer !== '') {
      const offered = this.offered !== undefined && { offered: this.offered };
      this.core.event({ name: 'ike-sa-failed', peer, remote: this.remote, reason, ...offered });
    }
  }

  #linger(): void {
    const { lingering, settings, retransmissionSeconds } = this.core;
    this.setTimer('abandon', retransmissionSeconds, () => this.forget());
    lingering.add(this);
    // The oldest has had the most time to repeat its response.
    if (lingering.size > settings.halfOpenLimit) for (const oldest of [...lingering].slice(0, 1)) oldest.forget();
  }

  /** The last of it: nothing is answered any more. */
  forget(): void {
    this.clearTimer('abandon');
    this.core.lingering.delete(this);
    this.forgetRequest?.();
    this.core.ikeSas.delete(this.id);
    this.core.bySpi.delete(this.localSpi);
  }

  #skKeys(initiator: boolean): SkKeys {
    const { suite, keys } = this;
    if (suite === undefined || keys === undefined) throw new Error('an IKE_SA without keys has no SK payload');
    return {
      encryption: suite.encryption,
      integrity: suite.integrity,
      encryptionKey: initiator ? keys.skEi : keys.skEr,
      integrityKey: initiator ? keys.skAi : keys.skAr,
    };
  }
}
