import { ProtocolError } from '../../errors.ts';
import { authenticator } from '../authenticator.ts';
import { ChildOffer } from '../child-offer.ts';
import type { ChildConfig } from '../config.ts';
import { initialContact, isInitialContact } from '../duplicates.ts';
import type { PacketSelectors } from '../engine.ts';
import { establish } from '../establish.ts';
import { describeIdentification, type Identification, identification } from '../identification.ts';
import type { IkeSa } from '../ike-sa.ts';
import { signedOctets } from '../keymat.ts';
import type { IkeMessage } from '../message.ts';
import { errorName, errorNotify, hasNotify, notify, payloadOf, Refusal } from '../notify.ts';
import { ExchangeType, ProtocolId } from '../payloads/constants.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { Payload } from '../payloads/payload.ts';
import type { Peer } from '../peer.ts';
import { acceptsIdentity } from '../peer-lookup.ts';
import { describeProposals } from '../proposal.ts';
import { reportChildFailure } from './child-create.ts';
import { DeleteIke, DeleteSpi } from './delete.ts';
import type { InitiatorTask, Outcome } from './task.ts';

/** IKE_AUTH { IDi, [IDr,] AUTH, SA, TSi, TSr }, RFC 7296 1.2. */
export class IkeAuth implements InitiatorTask {
  readonly exchange = ExchangeType.IKE_AUTH;
  readonly subject = 'initial';
  readonly #child: ChildConfig;
  readonly #packet: PacketSelectors | undefined;
  #offer: ChildOffer | undefined;

  constructor(child: ChildConfig, packet: PacketSelectors | undefined) {
    this.#child = child;
    this.#packet = packet;
  }

  get childName(): string {
    return this.#child.name;
  }

  build(sa: IkeSa): readonly Payload[] | undefined {
    const { peer } = sa;
    if (peer === undefined) return undefined;
    const idi = localIdentity(sa, peer);
    sa.localId = idi;
    const { remoteId } = peer.config;
    const { local, remote } = this.#child;
    this.#offer = new ChildOffer(sa, this.#child, {
      local: this.#packet === undefined ? local : [this.#packet.local, ...local],
      remote: this.#packet === undefined ? remote : [this.#packet.remote, ...remote],
      group: 'none',
      pfs: false,
    });
    const auth = authenticator(sa.core.crypto, prfOf(sa), peer.config.auth);
    return [
      { type: 'IDi', ...idi },
      ...(remoteId === undefined ? [] : [{ type: 'IDr', ...identification(remoteId) } as const]),
      auth.sign(octetsOf(sa, 'local', idi)),
      ...(peer.config.sendInitialContact && isInitialContact(sa) ? [notify(NotifyType.INITIAL_CONTACT)] : []),
      ...this.#offer.payloads(),
    ];
  }

  process(sa: IkeSa, { payloads }: IkeMessage): Outcome {
    const { peer } = sa;
    const idr = payloadOf(payloads, 'IDr');
    const auth = payloadOf(payloads, 'AUTH');
    if (peer === undefined) return 'done';
    if (idr === undefined || auth === undefined) {
      const error = errorNotify(payloads);
      sa.failure = error === undefined ? 'the response lacks IDr or AUTH' : errorName(error);
      sa.close(sa.failure, { retry: true });
      return 'done';
    }
    const identity = { idType: idr.idType, data: idr.data.slice() };
    if (!acceptsIdentity(peer.config.remoteId, identity)) {
      const expected =
        peer.config.remoteId === undefined ? '' : describeIdentification(identification(peer.config.remoteId));
      return reject(sa, 'the peer has another identity', { offered: describeIdentification(identity), expected });
    }
    if (!authenticator(sa.core.crypto, prfOf(sa), peer.config.auth).verify(auth, octetsOf(sa, 'remote', identity))) {
      return reject(sa, 'authentication failed', { offered: describeIdentification(identity) });
    }
    sa.identify(identity);
    if (hasNotify(payloads, NotifyType.INITIAL_CONTACT)) initialContact(sa);
    const { nonces } = sa;
    establish(sa);
    this.#acceptChild(sa, payloads, nonces);
    peer.established(sa);
    return 'done';
  }

  /** RFC 7296 2.21.2: a CHILD_SA that fails leaves the IKE_SA up. */
  #acceptChild(sa: IkeSa, payloads: readonly Payload[], nonces: IkeSa['nonces']): void {
    const offer = this.#offer;
    if (offer === undefined || nonces === undefined) return;
    const error = payloadOf(payloads, 'SA') === undefined ? errorNotify(payloads) : undefined;
    if (error !== undefined) {
      this.#childFailed(sa, errorName(error), { offered: describeProposals(offer.proposals) });
      return;
    }
    try {
      const { child, keymat } = offer.accept(sa, payloads, nonces);
      child.install(keymat, { inboundOnly: false });
    } catch (refusal) {
      if (!(refusal instanceof ProtocolError)) throw refusal;
      this.#childFailed(sa, refusal.message, refusal instanceof Refusal ? refusal : {});
      sa.queue.push(new DeleteSpi(offer.proposals[0]?.protocol ?? ProtocolId.ESP, offer.spi));
    }
  }

  #childFailed(
    sa: IkeSa,
    reason: string,
    details: { readonly offered?: string | undefined; readonly expected?: string | undefined },
  ): void {
    reportChildFailure(sa, this.#child.name, reason, details);
    sa.peer?.childFailed(this.#child.name);
  }
}

/** The peer believes that the IKE_SA is up: it is told in an exchange of its own (RFC 7296 2.21.2). */
function reject(
  sa: IkeSa,
  reason: string,
  details: { readonly offered?: string; readonly expected?: string },
): Outcome {
  sa.core.event({ name: 'ike-sa-failed', peer: sa.peerName, remote: sa.remote, reason, ...details });
  sa.state = 'deleting';
  const payloads = [notify(NotifyType.AUTHENTICATION_FAILED)];
  sa.queue.drain();
  sa.queue.push(new DeleteIke(reason, { payloads, report: false, retry: true }));
  return 'done';
}

export function prfOf(sa: IkeSa): NonNullable<IkeSa['suite']>['prf'] {
  if (sa.suite === undefined) throw new Error('an IKE_SA without a suite has no prf');
  return sa.suite.prf;
}

/** RFC 7296 3.5: without one of its own, a peer is called by its address. */
export function localIdentity(sa: IkeSa, peer: Peer): Identification {
  return identification(peer.config.myId ?? { type: 'address', value: sa.local.address });
}

/** What the local or the remote end signs (RFC 7296 2.15). */
export function octetsOf(sa: IkeSa, end: 'local' | 'remote', id: Identification): Uint8Array {
  const { initial, keys } = sa;
  if (initial === undefined || keys === undefined) throw new Error('IKE_AUTH comes after IKE_SA_INIT');
  const initiator = (end === 'local') === sa.initiator;
  return signedOctets(sa.core.crypto, prfOf(sa), {
    realMessage: initiator ? initial.request : initial.response,
    peerNonce: initiator ? initial.nr : initial.ni,
    skP: initiator ? keys.skPi : keys.skPr,
    id,
  });
}
