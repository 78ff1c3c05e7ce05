import { ProtocolError } from '../../errors.ts';
import { answerChild } from '../child-answer.ts';
import type { ChildSa } from '../child-sa.ts';
import type { ChildConfig } from '../config.ts';
import { resolveDuplicateChild } from '../duplicates.ts';
import type { PacketSelectors } from '../engine.ts';
import type { IkeSa } from '../ike-sa.ts';
import type { IkeMessage } from '../message.ts';
import { newNonce } from '../nonce.ts';
import { errorName, errorNotify, payloadOf, Refusal } from '../notify.ts';
import { ExchangeType, ProtocolId } from '../payloads/constants.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { NotifyPayload, Payload } from '../payloads/payload.ts';
import { describeProposals } from '../proposal.ts';
import { ChildRequest } from './child-request.ts';
import { DeleteIke, DeleteSpi } from './delete.ts';
import type { Answer, InitiatorTask, Outcome } from './task.ts';

/** CREATE_CHILD_SA { SA, Ni, [KEi,] TSi, TSr }, RFC 7296 1.3.1. */
export class ChildCreate implements InitiatorTask {
  readonly exchange = ExchangeType.CREATE_CHILD_SA;
  readonly subject = 'child';
  readonly #request: ChildRequest;
  readonly #packet: PacketSelectors | undefined;

  constructor(config: ChildConfig, packet: PacketSelectors | undefined) {
    this.#packet = packet;
    const local = packet === undefined ? config.local : [packet.local, ...config.local];
    const remote = packet === undefined ? config.remote : [packet.remote, ...config.remote];
    this.#request = new ChildRequest(config, local, remote);
  }

  get childName(): string {
    return this.#request.config.name;
  }

  build(sa: IkeSa): readonly Payload[] | undefined {
    if (!sa.usable) return undefined;
    // The peer may have been quicker.
    for (const child of sa.children.values()) if (child.name === this.childName && child.alive) return undefined;
    return this.#request.build(sa);
  }

  process(sa: IkeSa, { payloads }: IkeMessage): Outcome {
    const error = payloadOf(payloads, 'SA') === undefined ? errorNotify(payloads) : undefined;
    if (this.#request.retry(error) || this.#narrowed(error)) return 'again';
    if (error === undefined) this.#accept(sa, payloads);
    else this.#failed(sa, errorName(error));
    if (error?.notify === NotifyType.NO_ADDITIONAL_SAS) startOver(sa);
    this.#request.dispose();
    return 'done';
  }

  /** RFC 7296 2.9: the peer takes an SA for the packet that asks for one, and for nothing else. */
  #narrowed(error: NotifyPayload | undefined): boolean {
    if (error?.notify !== NotifyType.SINGLE_PAIR_REQUIRED || this.#packet === undefined) return false;
    return this.#request.narrow(this.#packet.local, this.#packet.remote);
  }

  abandon(): void {
    this.#request.dispose();
  }

  #accept(sa: IkeSa, payloads: readonly Payload[]): void {
    try {
      const { child, keymat } = this.#request.accept(sa, payloads);
      child.install(keymat, { inboundOnly: false });
      resolveDuplicateChild(child);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#failed(sa, error.message, error);
      const { offer } = this.#request;
      if (offer !== undefined) sa.queue.push(new DeleteSpi(offer.proposals[0]?.protocol ?? ProtocolId.ESP, offer.spi));
    }
  }

  #failed(sa: IkeSa, reason: string, error?: ProtocolError): void {
    const offered = describeProposals(this.#request.offer?.proposals ?? []);
    reportChildFailure(sa, this.childName, reason, error instanceof Refusal ? error : { offered });
    sa.peer?.childFailed(this.childName);
  }
}

/**
 * The peer makes no further CHILD_SA, as a minimal implementation may (RFC 7296 4): it comes with another IKE_SA, unless this one still
 * carries others. What cannot be rekeyed is closed, IKE_SA and all, and set up again (2.8).
 */
export function startOver(sa: IkeSa, rekeyed?: ChildSa): void {
  const others = [...sa.children.values()].some((child) => child.alive && child !== rekeyed);
  if (!others) sa.queue.push(new DeleteIke('NO_ADDITIONAL_SAS', { retry: true }));
}

export function reportChildFailure(
  sa: IkeSa,
  child: string,
  reason: string,
  details: { readonly offered?: string | undefined; readonly expected?: string | undefined },
): void {
  const { offered, expected } = details;
  sa.core.event({
    name: 'child-sa-failed',
    ikeSa: sa.id,
    peer: sa.peerName,
    child,
    reason,
    ...(offered !== undefined && { offered }),
    ...(expected !== undefined && { expected }),
  });
}

/** The responder's half. Throws `Refusal`. */
export function respondChildCreate(sa: IkeSa, request: readonly Payload[]): Answer {
  const ni = payloadOf(request, 'Nonce')?.data.slice();
  if (ni === undefined) throw new Refusal('INVALID_SYNTAX', 'the request lacks Nonce');
  // RFC 7296 2.25.2
  if (
    sa.state !== 'established' ||
    sa.queue.active?.subject === 'ike-rekey' ||
    sa.queue.active?.subject === 'ike-delete'
  ) {
    throw new Refusal('TEMPORARY_FAILURE', 'not while the IKE_SA changes');
  }
  const nonces = { ni, nr: newNonce(sa.core.crypto) };
  const { child, keymat, payloads } = answerChild(sa, request, { nonces, pfs: true });
  child.installAsResponder(keymat);
  return { payloads, after: () => resolveDuplicateChild(child) };
}
