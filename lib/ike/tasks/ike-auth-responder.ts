import { authenticator } from '../authenticator.ts';
import { answerChild } from '../child-answer.ts';
import { initialContact, isInitialContact, limitIkeSas } from '../duplicates.ts';
import { establish } from '../establish.ts';
import { describeIdentification, type Identification } from '../identification.ts';
import type { IkeSa } from '../ike-sa.ts';
import { hasNotify, notify, payloadOf, Refusal } from '../notify.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { IdPayload, Payload } from '../payloads/payload.ts';
import type { Peer } from '../peer.ts';
import { candidatePeers, peerByIdentity } from '../peer-lookup.ts';
import { selectIkeProposal } from '../proposal.ts';
import { reportChildFailure } from './child-create.ts';
import { localIdentity, octetsOf, prfOf } from './ike-auth.ts';
import type { Answer } from './task.ts';

/** An identity is kept, compared and logged; a distinguished name has some hundred octets. */
const MAX_IDENTITY_BYTES = 2048;

/** The responder's half of IKE_AUTH, RFC 7296 1.2: { IDr, AUTH, SA, TSi, TSr }. */
export function respondAuth(sa: IkeSa, request: readonly Payload[]): Answer {
  const idPayload = payloadOf(request, 'IDi');
  const auth = payloadOf(request, 'AUTH');
  if (idPayload === undefined) return fail(sa, undefined, 'the request lacks IDi');
  const idi = identityOf(idPayload);
  if (idi.data.length > MAX_IDENTITY_BYTES) return fail(sa, undefined, 'the identity is too long');
  const wanted = payloadOf(request, 'IDr');
  const candidates = candidatePeers(sa.core, sa.local, sa.remote).filter((peer) => mayHaveChosen(sa, peer));
  const peer = peerByIdentity(candidates, idi, wanted === undefined ? undefined : identityOf(wanted));
  if (peer === undefined) return fail(sa, undefined, 'no peer expects this identity', idi);
  // An initiator without AUTH wants EAP (RFC 7296 2.16).
  if (auth === undefined) return fail(sa, peer, 'the initiator wants EAP', idi);
  const authentication = authenticator(sa.core.crypto, prfOf(sa), peer.config.auth);
  if (!authentication.verify(auth, octetsOf(sa, 'remote', idi))) return fail(sa, peer, 'authentication failed', idi);
  if (peer.ikeSas.size >= sa.core.settings.ikeSasPerPeer) return fail(sa, peer, 'too many IKE_SAs of this peer', idi);
  sa.join(peer);
  sa.identify(idi);
  const idr = localIdentity(sa, peer);
  sa.localId = idr;
  const signed = authentication.sign(octetsOf(sa, 'local', idr));
  const { nonces } = sa;
  if (hasNotify(request, NotifyType.INITIAL_CONTACT)) initialContact(sa);
  const contact = peer.config.sendInitialContact && isInitialContact(sa) ? [notify(NotifyType.INITIAL_CONTACT)] : [];
  establish(sa);
  limitIkeSas(sa);
  const child = payloadOf(request, 'SA') === undefined || nonces === undefined ? [] : firstChild(sa, request, nonces);
  return {
    payloads: [{ type: 'IDr', ...idr }, signed, ...contact, ...child],
    after: () => peer.established(sa),
  };
}

/** RFC 7296 2.21.2: a CHILD_SA that fails leaves the IKE_SA up. */
function firstChild(sa: IkeSa, request: readonly Payload[], nonces: NonNullable<IkeSa['nonces']>): readonly Payload[] {
  try {
    const { child, keymat, payloads } = answerChild(sa, request, { nonces, pfs: false });
    child.installAsResponder(keymat);
    return payloads;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    reportChildFailure(sa, '', error.message, error);
    return [error.payload];
  }
}

/** Another peer than the one meant may have answered IKE_SA_INIT: its choice has to be good for this one too. */
function mayHaveChosen(sa: IkeSa, peer: Peer): boolean {
  return sa.proposal !== undefined && selectIkeProposal(peer.config.proposals, [sa.proposal], 'local') !== undefined;
}

function fail(sa: IkeSa, peer: Peer | undefined, reason: string, idi?: Identification): Answer {
  const answer: Answer = {
    payloads: [notify(NotifyType.AUTHENTICATION_FAILED)],
    after: () => sa.close(reason, { report: false, linger: true }),
  };
  // Guessing at secrets must not fill the log.
  if (sa.core.badInput.count('authentication failed', sa.core.now) === undefined) return answer;
  const offered = idi === undefined ? {} : { offered: describeIdentification(idi) };
  sa.core.event({ name: 'ike-sa-failed', peer: peer?.config.name ?? '', remote: sa.remote, reason, ...offered });
  return answer;
}

function identityOf({ idType, data }: IdPayload): Identification {
  return { idType, data: data.slice() };
}
