import { ProtocolError } from '../../errors.ts';
import { u64Bytes } from '../../wire/index.ts';
import { kePayload, respondKe } from '../child-negotiation.ts';
import type { DhGroupName } from '../config.ts';
import type { DiffieHellman } from '../crypto-provider.ts';
import { resolveDuplicates } from '../duplicates.ts';
import { markEstablished, rekey } from '../establish.ts';
import { IkeSa } from '../ike-sa.ts';
import { deriveRekeyedIkeSaKeys } from '../keymat.ts';
import type { IkeMessage } from '../message.ts';
import { hasLowestNonce, lowerNonce, newNonce } from '../nonce.ts';
import { errorName, errorNotify, payloadOf, Refusal } from '../notify.ts';
import { ExchangeType } from '../payloads/constants.ts';
import type { Payload, Proposal } from '../payloads/payload.ts';
import { acceptIkeProposal, describeProposals, type IkeChoice, ikeProposals, selectIkeProposal } from '../proposal.ts';
import { retryGroup } from './child-request.ts';
import { DeleteIke } from './delete.ts';
import type { Answer, InitiatorTask, Outcome } from './task.ts';

/** RFC 7296 2.25: seconds before a rekey that got TEMPORARY_FAILURE is tried again; up to three times it, by chance. */
const RETRY_SECONDS = 2;
/** How long the loser of a collision and an IKE_SA that was replaced wait for the peer to delete them. */
const ABANDON_SECONDS = 60;

/** CREATE_CHILD_SA { SA, Ni, KEi } for a new IKE_SA, RFC 7296 1.3.2 and 2.18. */
export class IkeRekey implements InitiatorTask {
  readonly exchange = ExchangeType.CREATE_CHILD_SA;
  readonly subject = 'ike-rekey';
  #localSpi = 0n;
  #ni: Uint8Array = new Uint8Array(0);
  #dh: DiffieHellman | undefined;
  #group: DhGroupName | undefined;
  #proposals: readonly Proposal[] = [];
  readonly #tried = new Set<DhGroupName>();

  build(sa: IkeSa): readonly Payload[] | undefined {
    if (!sa.usable || sa.peer === undefined || sa.suite === undefined) return undefined;
    const { crypto } = sa.core;
    this.#localSpi = sa.core.newIkeSpi();
    this.#ni = newNonce(crypto);
    this.#group ??= sa.suite.dhGroup;
    this.#tried.add(this.#group);
    this.#dh?.dispose();
    this.#dh = crypto.diffieHellman(this.#group);
    this.#proposals = ikeProposals(sa.peer.config.proposals, u64Bytes(this.#localSpi));
    return [{ type: 'SA', proposals: this.#proposals }, { type: 'Nonce', data: this.#ni }, kePayload(this.#dh)];
  }

  process(sa: IkeSa, { payloads }: IkeMessage): Outcome {
    const error = payloadOf(payloads, 'SA') === undefined ? errorNotify(payloads) : undefined;
    const group = retryGroup(error, this.#tried, sa.peer?.config.proposals ?? []);
    if (group !== undefined) {
      this.#group = group;
      return 'again';
    }
    if (error !== undefined) this.#failed(sa, errorName(error));
    else this.#succeeded(sa, payloads);
    this.#dh?.dispose();
    return 'done';
  }

  abandon(): void {
    this.#dh?.dispose();
  }

  #succeeded(sa: IkeSa, payloads: readonly Payload[]): void {
    let ours: IkeSa;
    try {
      ours = this.#accept(sa, payloads);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.#failed(sa, error.message);
      return;
    }
    const { theirs, replacedBy } = sa;
    // RFC 7296 2.8.2: the one with the lowest of the four nonces goes, deleted by who made it. The peer may have
    // come to that before us, and shown it.
    if (replacedBy !== undefined || (theirs !== undefined && hasLowestNonce(nonceOf(ours), nonceOf(theirs)))) {
      ours.redundant = true;
      ours.state = 'rekeyed';
      ours.queue.push(new DeleteIke('redundant', { report: false }));
      if (theirs !== undefined) adopt(sa, theirs);
      return;
    }
    adopt(sa, ours);
    sa.queue.push(new DeleteIke('replaced', { report: false }));
  }

  #failed(sa: IkeSa, reason: string): void {
    if (sa.theirs !== undefined) {
      adopt(sa, sa.theirs);
      return;
    }
    if (sa.replacedBy !== undefined) return;
    sa.core.log('info', 'the IKE_SA was not rekeyed', { ikeSa: sa.id, peer: sa.peerName, reason });
    if (sa.usable) sa.setTimer('rekey', RETRY_SECONDS * (1 + 2 * sa.core.random()), () => rekey(sa));
  }

  #accept(sa: IkeSa, payloads: readonly Payload[]): IkeSa {
    const answer = payloadOf(payloads, 'SA');
    const ke = payloadOf(payloads, 'KE');
    const nr = payloadOf(payloads, 'Nonce')?.data;
    if (answer === undefined || ke === undefined || nr === undefined) {
      throw new Refusal('INVALID_SYNTAX', 'the response lacks SA, KE or Nonce');
    }
    const choice = acceptIkeProposal(this.#proposals, answer.proposals);
    const dh = this.#dh;
    const secret = dh?.group === choice.suite.dhGroup ? dh.computeSecret(ke.data) : undefined;
    if (secret === undefined) throw new Refusal('INVALID_SYNTAX', 'the response has an unusable KE payload');
    return successor(sa, choice, { initiator: true, localSpi: this.#localSpi, ni: this.#ni, nr: nr.slice(), secret });
  }
}

/** The responder's half. Throws `Refusal`. */
export function respondIkeRekey(sa: IkeSa, request: readonly Payload[]): Answer {
  const offer = payloadOf(request, 'SA');
  const ni = payloadOf(request, 'Nonce')?.data.slice();
  if (offer === undefined || ni === undefined) throw new Refusal('INVALID_SYNTAX', 'the request lacks SA or Nonce');
  const { active } = sa.queue;
  // RFC 7296 2.25.1, 2.25.2
  if (
    sa.state !== 'established' ||
    sa.theirs !== undefined ||
    active?.subject === 'child' ||
    active?.subject === 'ike-delete'
  ) {
    throw new Refusal('TEMPORARY_FAILURE', 'not while CHILD_SAs or the IKE_SA change');
  }
  // What an earlier rekey has left waits for its deletion: whoever only rekeys must not fill the memory.
  if ((sa.peer?.siblings(sa).size ?? 0) > 2 * sa.core.settings.ikeSasPerIdentity) {
    throw new Refusal('TEMPORARY_FAILURE', 'too many IKE_SAs of this identity');
  }
  const configs = sa.peer?.config.proposals ?? [];
  // RFC 7296 3.3.1: only in IKE_SA_INIT the SPI may be missing.
  const usable = offer.proposals.filter(({ spi }) => spi.length === 8);
  const choice = selectIkeProposal(configs, usable, 'local');
  if (choice === undefined) {
    throw new Refusal('NO_PROPOSAL_CHOSEN', 'no common proposal', {
      offered: describeProposals(offer.proposals),
      expected: describeProposals(ikeProposals(configs, new Uint8Array(8))),
    });
  }
  const { dh, sharedSecret } = respondKe(sa, choice.suite.dhGroup, request);
  if (dh === undefined || sharedSecret === undefined)
    throw new Refusal('INVALID_SYNTAX', 'an IKE_SA needs a key exchange');
  const nr = newNonce(sa.core.crypto);
  const localSpi = sa.core.newIkeSpi();
  const theirs = successor(sa, choice, { initiator: false, localSpi, ni, nr, secret: sharedSecret });
  if (active?.subject === 'ike-rekey') {
    // Which of the two stays is known when our own response is here.
    theirs.redundant = true;
    theirs.rekeyOf = sa;
    theirs.setTimer('abandon', ABANDON_SECONDS, () => theirs.close('redundant', { report: false }));
    sa.theirs = theirs;
  } else {
    adopt(sa, theirs);
  }
  const payloads: Payload[] = [
    { type: 'SA', proposals: [{ ...choice.proposal, spi: u64Bytes(localSpi) }] },
    { type: 'Nonce', data: nr },
    dh,
  ];
  return { payloads };
}

/** The new IKE_SA takes over everything of the old one but its messages (RFC 7296 2.8). */
export function adopt(old: IkeSa, next: IkeSa): void {
  if (old.theirs !== undefined && old.theirs !== next) old.theirs.rekeyOf = undefined;
  old.theirs = undefined;
  old.state = 'rekeyed';
  old.replacedBy = next;
  for (const name of ['dpd', 'rekey', 'expire', 'keepalive'] as const) old.clearTimer(name);
  old.setTimer('abandon', ABANDON_SECONDS, () => old.close('replaced', { report: false }));
  next.redundant = false;
  next.rekeyOf = undefined;
  for (const child of old.children.values()) {
    child.ikeSa = next;
    next.children.set(child.id, child);
  }
  old.children.clear();
  markEstablished(next);
  next.core.event({ name: 'ike-sa-rekeyed', ikeSa: old.id, replacedBy: next.id, peer: next.peerName });
  next.queue.push(...old.queue.drain());
  resolveDuplicates(next);
}

function successor(
  sa: IkeSa,
  choice: IkeChoice,
  made: {
    readonly initiator: boolean;
    readonly localSpi: bigint;
    readonly ni: Uint8Array;
    readonly nr: Uint8Array;
    readonly secret: Uint8Array;
  },
): IkeSa {
  const { suite, keys } = sa;
  if (suite === undefined || keys === undefined) throw new Error('only an IKE_SA with keys can be rekeyed');
  const { initiator, localSpi, ni, nr, secret } = made;
  const { local, remote } = sa;
  const { peerSpi } = choice;
  const remoteSpi = new DataView(peerSpi.buffer, peerSpi.byteOffset, peerSpi.byteLength).getBigUint64(0);
  if (remoteSpi === 0n) {
    secret.fill(0);
    throw new Refusal('INVALID_SYNTAX', 'an SPI of zero'); // RFC 7296 3.1
  }
  const next = new IkeSa(sa.core, { initiator, local, remote, localSpi });
  next.remoteSpi = remoteSpi;
  next.suite = choice.suite;
  next.keys = deriveRekeyedIkeSaKeys(sa.core.crypto, suite.prf, keys.skD, choice.suite, {
    ...next.spis,
    ni,
    nr,
    sharedSecret: secret,
  });
  secret.fill(0);
  next.nonce = lowerNonce(ni, nr);
  next.nat = sa.nat;
  next.forced = sa.forced;
  next.root = sa.root;
  next.localId = sa.localId;
  next.state = 'established';
  if (sa.peer !== undefined) next.join(sa.peer);
  next.inheritIdentity(sa);
  return next;
}

function nonceOf(sa: IkeSa): Uint8Array {
  return sa.nonce ?? new Uint8Array(0);
}
