import type { ChildSaKeys } from './action.ts';
import type { ChildConfig, TrafficSelector } from './config.ts';
import type { Core } from './core.ts';
import type { IkeSa } from './ike-sa.ts';
import type { ChildSaKeymat, ChildSuite } from './keymat.ts';
import { softLifetime } from './lifetime.ts';
import { ProtocolId } from './payloads/constants.ts';
import { describeChildSuite } from './proposal.ts';
import type { ChildSaState } from './snapshot.ts';
import { Liveness } from './tasks/dpd.ts';
import { describeTrafficSelectors } from './traffic-selector.ts';

/** Packets that were on their way when the peer stopped sending may come later than its word of it. */
const LINGER_SECONDS = 2;
/** RFC 7296 2.25: how long to wait before a request that got TEMPORARY_FAILURE is tried again. */
const RETRY_SECONDS = 2;

export interface ChildSaFields {
  readonly config: ChildConfig;
  /** We initiated the exchange that made it. */
  readonly initiator: boolean;
  /** That was IKE_AUTH. */
  readonly initial: boolean;
  readonly suite: ChildSuite;
  readonly mode: 'tunnel' | 'transport';
  readonly spiIn: number;
  readonly spiOut: number;
  readonly localSelectors: readonly TrafficSelector[];
  readonly remoteSelectors: readonly TrafficSelector[];
  /** The lower nonce of that exchange. */
  readonly nonce: Uint8Array;
}

/** One CHILD_SA: a pair of SAs, RFC 7296 1.3. */
export class ChildSa {
  readonly id: number;
  readonly core: Core;
  /** Changes when the IKE_SA is rekeyed (RFC 7296 2.8). */
  ikeSa: IkeSa;
  readonly fields: ChildSaFields;
  state: ChildSaState = 'established';
  /** The peer's rekey of this one, made while our own was outstanding (RFC 7296 2.8.1). */
  theirs: ChildSa | undefined;
  /** What the peer's rekey replaced this one with: it is activated when this one goes. */
  successor: ChildSa | undefined;
  /** Who made the first of a chain of rekeyed ones, and its lower nonce, to settle simultaneous creation. */
  root: { readonly initiator: boolean; readonly nonce: Uint8Array };
  /** In a collision that is not decided yet, or has lost it: then its maker deletes it. */
  redundant = false;
  /** Its end is no news: the rekey was. */
  #superseded = false;
  #installed: 'no' | 'waiting' | 'both' | 'inbound' = 'no';
  /** The peer knows of it: its initiator has our response. */
  #confirmed: boolean;
  #afterConfirmation: (() => void) | undefined;

  constructor(ikeSa: IkeSa, fields: ChildSaFields) {
    this.core = ikeSa.core;
    this.id = this.core.newChildSaNumber();
    this.ikeSa = ikeSa;
    this.fields = fields;
    this.root = fields;
    this.#confirmed = fields.initiator;
    ikeSa.children.set(this.id, this);
    this.core.children.set(this.id, this);
  }

  get name(): string {
    return this.fields.config.name;
  }

  /** `ProtocolId`. */
  get protocolId(): number {
    return this.fields.suite.protocol === 'esp' ? ProtocolId.ESP : ProtocolId.AH;
  }

  get suite(): string {
    return describeChildSuite(this.fields.suite);
  }

  get selectors(): string {
    const { localSelectors, remoteSelectors } = this.fields;
    return `${describeTrafficSelectors(localSelectors)} === ${describeTrafficSelectors(remoteSelectors)}`;
  }

  /** Carries traffic and will go on doing so. */
  get alive(): boolean {
    return !this.redundant && (this.state === 'established' || this.state === 'rekeying');
  }

  get sends(): boolean {
    return this.#installed === 'both';
  }

  /** Hands the keys to the data plane; `inboundOnly` until `activate`. */
  install(keymat: ChildSaKeymat, options: { readonly inboundOnly: boolean; readonly rekeyOf?: ChildSa }): void {
    const { config, initiator, suite, ...rest } = this.fields;
    const soft = softLifetime(1, this.core.random());
    if (options.rekeyOf !== undefined) this.root = options.rekeyOf.root;
    const sa: ChildSaKeys = {
      ikeSa: this.ikeSa.id,
      childSa: this.id,
      peer: this.ikeSa.peerName,
      child: config.name,
      reqid: config.reqid,
      protocol: suite.protocol,
      mode: rest.mode,
      local: this.ikeSa.local,
      remote: this.ikeSa.remote,
      udpEncapsulation: this.ikeSa.udpEncapsulation,
      spiIn: rest.spiIn,
      spiOut: rest.spiOut,
      encryption: suite.encryption,
      integrity: suite.integrity,
      esn: suite.esn,
      keyIn: initiator ? keymat.responder : keymat.initiator,
      keyOut: initiator ? keymat.initiator : keymat.responder,
      localSelectors: rest.localSelectors,
      remoteSelectors: rest.remoteSelectors,
      lifetimeSeconds: config.lifetimeSeconds,
      lifetimeBytes: config.lifetimeBytes,
      softLifetimeSeconds: Math.floor(config.lifetimeSeconds * soft),
      softLifetimeBytes: Math.floor(config.lifetimeBytes * soft),
      ...(options.rekeyOf !== undefined && { rekeyOf: options.rekeyOf.id }),
      ...(options.inboundOnly && { inboundOnly: true }),
    };
    this.core.emit({ type: 'installChildSa', sa });
    this.#installed = options.inboundOnly ? 'waiting' : 'both';
    if (!this.#confirmed) this.#setTimer('confirm', this.core.retransmissionSeconds, () => this.confirm());
    if (config.lifetimeSeconds > 0) {
      this.#setTimer('rekey', config.lifetimeSeconds * soft, () => this.rekey());
      this.#setTimer('expire', config.lifetimeSeconds, () => this.expired());
    }
    const fields = { ikeSa: this.ikeSa.id, childSa: this.id, peer: this.ikeSa.peerName, child: config.name };
    this.core.event({ name: 'child-sa-established', ...fields, suite: this.suite, selectors: this.selectors });
    if (options.rekeyOf === undefined) this.ikeSa.peer?.childUp(this);
  }

  /** A responder that has a CHILD_SA for this traffic sends on that one until the initiator has the response. */
  installAsResponder(keymat: ChildSaKeymat): void {
    this.install(keymat, { inboundOnly: this.ikeSa.peer?.carries(this.ikeSa, this.name) ?? false });
  }

  /** The peer sends on it, or has deleted the one it replaces: it may be sent on now (RFC 7296 2.8). */
  activate(): void {
    if (this.#installed !== 'waiting' || this.redundant) return;
    this.#installed = 'both';
    this.core.emit({ type: 'activateChildSa', childSa: this.id });
  }

  /** Nothing is sent on it any more. */
  deactivate(): void {
    if (this.#installed === 'no' || this.#installed === 'inbound') return;
    this.#installed = 'inbound';
    this.core.emit({ type: 'deactivateChildSa', childSa: this.id });
  }

  /**
   * The response that made it has arrived: there was traffic on it, or another request, or the peer would have given
   * up by now. Before that the peer would answer CHILD_SA_NOT_FOUND, and be left with half of it later.
   */
  confirm(): void {
    if (this.#confirmed) return;
    this.#confirmed = true;
    this.core.timers.clear(`child:${this.id}:confirm`);
    this.activate();
    this.#afterConfirmation?.();
  }

  /** An initiator answers nothing before it has the IKE_AUTH response: so it can be asked. */
  #confirmThen(next: () => void): void {
    this.#afterConfirmation = next;
    if (this.fields.initial && this.ikeSa.queue.idle) this.ikeSa.queue.push(new Liveness());
  }

  /** Soft lifetime, or asked for: has the IKE_SA replace it. */
  rekey(): void {
    if (this.state !== 'established' || this.redundant || this.#installed === 'no') return;
    if (!this.#confirmed) {
      this.#confirmThen(() => this.rekey());
      return;
    }
    this.state = 'rekeying';
    this.ikeSa.peer?.rekeyChild(this);
  }

  /** The rekey did not work out for now. */
  rekeyFailed(): void {
    if (this.state !== 'rekeying') return;
    this.state = 'established';
    this.#setTimer('rekey', RETRY_SECONDS * (1 + 2 * this.core.random()), () => this.rekey());
  }

  /** Hard lifetime. */
  expired(): void {
    this.delete('lifetime expired');
  }

  /** Has the IKE_SA delete it. */
  delete(reason: string): void {
    if (this.state === 'deleting') return;
    if (!this.#confirmed) {
      this.#confirmThen(() => this.delete(reason));
      return;
    }
    this.ikeSa.peer?.deleteChild(this, reason);
  }

  /** Replaced by `successor`: no event of its closing will follow. */
  replaced(successor: ChildSa): void {
    if (this.#superseded) return;
    this.state = 'replaced';
    this.#superseded = true;
    this.core.timers.clear(`child:${this.id}:rekey`);
    const { ikeSa, id, name } = this;
    const peer = ikeSa.peerName;
    this.core.event({
      name: 'child-sa-rekeyed',
      ikeSa: ikeSa.id,
      childSa: id,
      replacedBy: successor.id,
      peer,
      child: name,
    });
  }

  /** Both ends are done with it; what the peer sent before that may still come in for a moment. */
  retire(reason: string): void {
    if (!this.#forget(reason)) return;
    this.deactivate();
    this.core.timers.set(`child:${this.id}:retire`, this.core.now + LINGER_SECONDS * 1000, () =>
      this.#uninstall(reason),
    );
  }

  /** Takes it out of the data plane at once. */
  remove(reason: string): void {
    if (this.#forget(reason)) this.#uninstall(reason);
  }

  #uninstall(reason: string): void {
    if (this.#installed === 'no') return;
    this.#installed = 'no';
    this.core.emit({ type: 'removeChildSa', childSa: this.id, reason });
  }

  #forget(reason: string): boolean {
    if (!this.core.children.delete(this.id)) return false;
    this.ikeSa.children.delete(this.id);
    this.ikeSa.peer?.childGone(this);
    for (const name of ['rekey', 'expire', 'confirm', 'duplicate']) this.core.timers.clear(`child:${this.id}:${name}`);
    if (!this.#superseded && this.#installed !== 'no') {
      const { ikeSa, id, name } = this;
      this.core.event({
        name: 'child-sa-closed',
        ikeSa: ikeSa.id,
        childSa: id,
        peer: ikeSa.peerName,
        child: name,
        reason,
      });
    }
    return true;
  }

  /** Runs `fire` later, unless this one is gone by then. */
  later(name: 'duplicate', seconds: number, fire: () => void): void {
    this.#setTimer(name, seconds, fire);
  }

  #setTimer(name: string, seconds: number, fire: () => void): void {
    this.core.timers.set(`child:${this.id}:${name}`, this.core.now + seconds * 1000, fire);
  }
}
