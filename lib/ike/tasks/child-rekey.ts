import { ProtocolError } from '../../errors.ts';
import { u32Bytes } from '../../wire/index.ts';
import { answerChild } from '../child-answer.ts';
import type { NegotiatedChild } from '../child-negotiation.ts';
import type { ChildSa } from '../child-sa.ts';
import { resolveDuplicateChild } from '../duplicates.ts';
import type { IkeSa } from '../ike-sa.ts';
import { wipeKeys } from '../keymat.ts';
import type { IkeMessage } from '../message.ts';
import { hasLowestNonce, newNonce } from '../nonce.ts';
import { errorName, errorNotify, notifyFor, payloadOf, Refusal } from '../notify.ts';
import { ExchangeType } from '../payloads/constants.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { NotifyPayload, Payload } from '../payloads/payload.ts';
import { reportChildFailure, startOver } from './child-create.ts';
import { ChildRequest } from './child-request.ts';
import { childByOutboundSpi, DeleteChild, DeleteSpi } from './delete.ts';
import type { Answer, InitiatorTask, Outcome } from './task.ts';

/** CREATE_CHILD_SA { N(REKEY_SA), SA, Ni, [KEi,] TSi, TSr }, RFC 7296 1.3.3. */
export class ChildRekey implements InitiatorTask {
  readonly exchange = ExchangeType.CREATE_CHILD_SA;
  readonly subject = 'child';
  readonly child: ChildSa;
  readonly #request: ChildRequest;

  constructor(child: ChildSa) {
    this.child = child;
    const { config, localSelectors, remoteSelectors, suite } = child.fields;
    // RFC 7296 2.9.2: not narrower than what is in use.
    const group = suite.dhGroup === 'none' ? undefined : suite.dhGroup;
    this.#request = new ChildRequest(config, localSelectors, remoteSelectors, group);
  }

  build(sa: IkeSa): readonly Payload[] | undefined {
    const { child } = this;
    const gone = sa.core.children.get(child.id) !== child || child.state !== 'rekeying';
    if (gone || !sa.usable || child.ikeSa !== sa) return undefined;
    return [notifyFor(NotifyType.REKEY_SA, child.protocolId, u32Bytes(child.fields.spiIn)), ...this.#request.build(sa)];
  }

  process(sa: IkeSa, { payloads }: IkeMessage): Outcome {
    const error = payloadOf(payloads, 'SA') === undefined ? errorNotify(payloads) : undefined;
    if (this.#request.retry(error)) return 'again';
    if (error === undefined) this.#accept(sa, payloads);
    else this.#failed(sa, error);
    this.#request.dispose();
    return 'done';
  }

  abandon(): void {
    this.#request.dispose();
  }

  #accept(sa: IkeSa, payloads: readonly Payload[]): void {
    const { child } = this;
    let made: NegotiatedChild;
    try {
      made = this.#request.accept(sa, payloads);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      reportChildFailure(sa, child.name, error.message, error instanceof Refusal ? error : {});
      const { offer } = this.#request;
      if (offer !== undefined) sa.queue.push(new DeleteSpi(child.protocolId, offer.spi));
      this.#giveUp();
      return;
    }
    const { theirs } = child;
    child.theirs = undefined;
    // RFC 7296 2.8.1: the one with the lowest of the four nonces goes, deleted by who made it.
    if (theirs !== undefined && hasLowestNonce(made.child.fields.nonce, theirs.fields.nonce)) {
      discard(made);
      sa.queue.push(new DeleteSpi(made.child.protocolId, made.child.fields.spiIn));
      succeed(child, theirs);
      return;
    }
    made.child.install(made.keymat, { inboundOnly: false, rekeyOf: child });
    child.replaced(made.child);
    resolveDuplicateChild(made.child);
    // It is gone already if the peer's delete was quicker.
    if (sa.core.children.get(child.id) === child) sa.queue.push(new DeleteChild(child, 'replaced'));
  }

  #failed(sa: IkeSa, error: NotifyPayload): void {
    const { child } = this;
    if (child.theirs !== undefined) {
      this.#giveUp();
    } else if (error.notify === NotifyType.CHILD_SA_NOT_FOUND) {
      // RFC 7296 2.25: it is gone at the peer, so it goes here, silently; and if it is wanted, a new one is made.
      child.remove('not known to the peer');
      sa.peer?.ensure();
    } else {
      if (error.notify !== NotifyType.TEMPORARY_FAILURE) reportChildFailure(sa, child.name, errorName(error), {});
      if (error.notify === NotifyType.NO_ADDITIONAL_SAS) startOver(sa, child);
      this.#giveUp();
    }
  }

  #giveUp(): void {
    const { child } = this;
    const { theirs } = child;
    child.theirs = undefined;
    if (theirs === undefined) child.rekeyFailed();
    else succeed(child, theirs);
  }
}

/** The responder's half. Throws `Refusal`. */
export function respondChildRekey(sa: IkeSa, rekey: NotifyPayload, request: readonly Payload[]): Answer {
  const ni = payloadOf(request, 'Nonce')?.data.slice();
  if (ni === undefined) throw new Refusal('INVALID_SYNTAX', 'the request lacks Nonce');
  const child = childByOutboundSpi(sa, rekey.protocol, rekey.spi);
  const { active } = sa.queue;
  if (child === undefined) {
    // It may be the one that our own outstanding request has made: only the response will tell.
    if (active?.exchange === ExchangeType.CREATE_CHILD_SA) throw new Refusal('TEMPORARY_FAILURE', 'not known yet');
    return { payloads: [notifyFor(NotifyType.CHILD_SA_NOT_FOUND, rekey.protocol, rekey.spi)] };
  }
  // RFC 7296 2.25.1, 2.25.2
  const busy = active?.subject === 'ike-rekey' || active?.subject === 'ike-delete';
  const closing = child.state === 'deleting' || child.state === 'replaced' || child.theirs !== undefined;
  if (sa.state !== 'established' || busy || closing) {
    throw new Refusal('TEMPORARY_FAILURE', 'not while this CHILD_SA or the IKE_SA changes');
  }
  const nonces = { ni, nr: newNonce(sa.core.crypto) };
  const made = answerChild(sa, request, { nonces, pfs: true, preferred: child.name });
  made.child.install(made.keymat, { inboundOnly: true, rekeyOf: child });
  if (active instanceof ChildRekey && active.child === child) {
    child.theirs = made.child;
    made.child.redundant = true;
  } else succeed(child, made.child);
  return { payloads: made.payloads, after: () => resolveDuplicateChild(made.child) };
}

/** The peer's rekey stands: its delete of the old one, or traffic on the new one, lets us send on it. */
export function succeed(child: ChildSa, successor: ChildSa): void {
  successor.redundant = false;
  child.replaced(successor);
  if (child.core.children.get(child.id) === child) child.successor = successor;
  else successor.activate();
}

/** Made, lost, and never installed: nobody sends on it. */
function discard({ child, keymat }: NegotiatedChild): void {
  wipeKeys(keymat);
  child.remove('redundant');
}
