import { WireError } from '../../errors.ts';
import { kePayload } from '../child-negotiation.ts';
import type { Core } from '../core.ts';
import { prefersEncapsulation } from '../encapsulation-vendor-id.ts';
import type { Datagram } from '../engine.ts';
import { initialKey } from '../half-open.ts';
import type { IkeV2Header } from '../header.ts';
import { IkeSa } from '../ike-sa.ts';
import { deriveIkeSaKeys } from '../keymat.ts';
import { decodeMessage, encodeMessage, type IkeMessage } from '../message.ts';
import { detectNat, natDetectionPayloads } from '../nat-detection.ts';
import { lowerNonce, newNonce } from '../nonce.ts';
import { notifiesOf, notify, payloadOf } from '../notify.ts';
import { ExchangeType } from '../payloads/constants.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { NotifyPayload, Payload } from '../payloads/payload.ts';
import type { Peer } from '../peer.ts';
import { candidatePeers } from '../peer-lookup.ts';
import { describeProposals, type IkeChoice, ikeProposals, selectIkeProposal } from '../proposal.ts';
import { dhGroups } from '../transform.ts';

/**
 * The request is kept until IKE_AUTH, for whoever sends one: RFC 7296 2 asks for 3000 octets, and the largest group, a
 * cookie and a long offer fit into this.
 */
const MAX_REQUEST_BYTES = 8192;

/**
 * IKE_SA_INIT { SA, KEi, Ni } from whoever it may be: limits and the cookie come first, memory and the key exchange
 * after them (RFC 7296 2.6).
 */
export function respondInit(core: Core, datagram: Datagram, header: IkeV2Header): void {
  const { remote } = datagram;
  const key = initialKey(remote, header.initiatorSpi);
  const known = core.halfOpen.find(key);
  if (known !== undefined) {
    repeat(known, datagram);
    return;
  }
  if (datagram.data.length > MAX_REQUEST_BYTES) {
    core.bad('malformed message', { remote: remote.address, why: `IKE_SA_INIT of ${datagram.data.length} octets` });
    return;
  }
  const request = decode(core, datagram);
  if (request === undefined) return;
  const ni = payloadOf(request.payloads, 'Nonce')?.data.slice();
  const ke = payloadOf(request.payloads, 'KE');
  const offer = payloadOf(request.payloads, 'SA');
  if (ni === undefined || ke === undefined || offer === undefined) {
    core.bad('malformed message', { remote: remote.address, why: 'IKE_SA_INIT without SA, KE or Nonce' });
    return;
  }
  const candidates = candidatePeers(core, datagram.local, remote);
  if (candidates.length === 0) {
    core.bad('no peer configured for address', { remote: remote.address });
    return;
  }
  const critical = request.payloads.find((payload) => payload.type === 'unknown' && payload.critical);
  if (critical?.type === 'unknown') {
    reply(core, datagram, header, [
      notify(NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD, Uint8Array.of(critical.payloadType)),
    ]);
    return;
  }
  if (!admit(core, datagram, header, request.payloads, ni)) return;
  const selected = select(candidates, offer.proposals);
  if (selected === undefined) {
    refuseProposals(core, datagram, header, offer.proposals, candidates);
    return;
  }
  const { id } = dhGroups[selected.choice.suite.dhGroup];
  if (ke.group !== id) {
    reply(core, datagram, header, [notify(NotifyType.INVALID_KE_PAYLOAD, Uint8Array.of(id >> 8, id & 0xff))]);
    return;
  }
  using dh = core.crypto.diffieHellman(selected.choice.suite.dhGroup);
  const sharedSecret = dh.computeSecret(ke.data);
  if (sharedSecret === undefined) {
    core.bad('unacceptable key exchange', { remote: remote.address });
    return;
  }
  open(core, datagram, header, {
    key,
    ni,
    choice: selected.choice,
    force: selected.peer.config.forceEncapsulation,
    prefersUdp: selected.peer.config.prefersEncapsulation ?? true,
    natTraversal: selected.peer.config.natTraversal ?? true,
    sharedSecret,
    ke: kePayload(dh),
    request: request.payloads,
  });
}

/** Makes the IKE_SA and answers { SA, KEr, Nr }. */
function open(
  core: Core,
  datagram: Datagram,
  header: IkeV2Header,
  made: {
    readonly key: string;
    readonly ni: Uint8Array;
    readonly choice: IkeChoice;
    readonly force: boolean;
    readonly prefersUdp: boolean;
    readonly natTraversal: boolean;
    readonly sharedSecret: Uint8Array;
    readonly ke: Payload;
    readonly request: readonly Payload[];
  },
): void {
  const { crypto } = core;
  const { local, remote, data } = datagram;
  const { key, ni, choice, sharedSecret } = made;
  const sa = new IkeSa(core, { initiator: false, local, remote, localSpi: core.newIkeSpi() });
  const nr = newNonce(crypto);
  sa.remoteSpi = header.initiatorSpi;
  sa.suite = choice.suite;
  sa.proposal = choice.proposal;
  sa.root = { initiator: false, nonce: lowerNonce(ni, nr) };
  const spis = { initiatorSpi: header.initiatorSpi, responderSpi: 0n };
  const nat = made.natTraversal ? detectNat(crypto, spis, local, remote, made.request) : undefined;
  if (nat !== undefined) sa.nat = nat;
  const both = core.settings.prefersEncapsulation && made.prefersUdp && prefersEncapsulation(made.request);
  sa.forced = (made.force || both) && nat !== undefined;
  const payloads: Payload[] = [
    { type: 'SA', proposals: [choice.proposal] },
    made.ke,
    { type: 'Nonce', data: nr },
    ...(nat === undefined ? [] : natDetectionPayloads(crypto, sa.spis, local, remote, sa.forced)),
  ];
  const response = sa.encode(ExchangeType.IKE_SA_INIT, true, 0, payloads);
  sa.keys = deriveIkeSaKeys(crypto, choice.suite, { ni, nr, ...sa.spis, sharedSecret });
  sharedSecret.fill(0);
  sa.initial = { ni, nr, request: data.slice(), response };
  sa.rxPackets = 1;
  sa.rxBytes = data.length;
  core.halfOpen.add(key, remote.address, sa);
  sa.forgetRequest = () => core.halfOpen.remove(key, sa);
  sa.queue.answered(data, response);
  sa.setTimer('half-open', core.settings.halfOpenSeconds, () => sa.close('IKE_AUTH did not come'));
  sa.transmit(response);
}

/** A request that was answered is answered the same way again, until IKE_AUTH shows that the response arrived. */
function repeat(sa: IkeSa, { local, remote, data }: Datagram): void {
  const response = sa.queue.lastResponse;
  if (sa.state !== 'connecting' || response === undefined) return;
  if (sa.queue.classify(0, data) === 'retransmission') sa.transmit(response, local, remote);
}

function decode(core: Core, { data, remote }: Datagram): IkeMessage | undefined {
  try {
    return decodeMessage(data);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    core.bad('malformed message', { remote: remote.address, why: error.message });
    return undefined;
  }
}

/** The proof that the source address is real once there are many half-open IKE_SAs, and the caps. */
function admit(
  core: Core,
  datagram: Datagram,
  header: IkeV2Header,
  payloads: readonly Payload[],
  ni: Uint8Array,
): boolean {
  const { halfOpen, settings, cookies, now } = core;
  const { address } = datagram.remote;
  const fromSource = halfOpen.fromSource(address);
  if (halfOpen.size >= settings.cookieThreshold || fromSource >= settings.cookieThresholdPerSource) {
    // RFC 7296 2.6: the COOKIE notification is the first payload.
    const cookie = notifiesOf(payloads.slice(0, 1), NotifyType.COOKIE)[0];
    if (cookie === undefined || !cookies.verify(cookie.data, ni, address, header.initiatorSpi, now)) {
      core.bad('cookie demanded', { remote: address, halfOpen: halfOpen.size });
      reply(core, datagram, header, [notify(NotifyType.COOKIE, cookies.make(ni, address, header.initiatorSpi, now))]);
      return false;
    }
  }
  // Behind the cookie: a forged source address must not use up the share of the one who really has it.
  if (fromSource < settings.halfOpenPerSource && halfOpen.size < settings.halfOpenLimit) return true;
  core.bad('half-open limit', { remote: address, halfOpen: halfOpen.size });
  return false;
}

type Offered = Parameters<typeof selectIkeProposal>[1];

/** Which peer it is, IKE_AUTH will tell; the most specific one whose proposals fit speaks until then. */
function select(candidates: readonly Peer[], offered: Offered): { peer: Peer; choice: IkeChoice } | undefined {
  for (const peer of candidates) {
    const choice = selectIkeProposal(peer.config.proposals, offered, 'local');
    if (choice !== undefined) return { peer, choice };
  }
  return undefined;
}

function refuseProposals(
  core: Core,
  datagram: Datagram,
  header: IkeV2Header,
  offered: Offered,
  candidates: readonly Peer[],
): void {
  reply(core, datagram, header, [notify(NotifyType.NO_PROPOSAL_CHOSEN)]);
  if (core.badInput.count('no proposal chosen', core.now) === undefined) return;
  core.event({
    name: 'ike-sa-failed',
    peer: candidates[0]!.config.name,
    remote: datagram.remote,
    reason: 'no proposal chosen',
    offered: describeProposals(offered),
    expected: candidates
      .map(({ config }) => describeProposals(ikeProposals(config.proposals, new Uint8Array(0))))
      .join('; '),
  });
}

/** An unprotected answer that leaves no state behind. */
function reply(core: Core, { local, remote }: Datagram, header: IkeV2Header, payloads: readonly NotifyPayload[]): void {
  const data = encodeMessage({
    initiatorSpi: header.initiatorSpi,
    responderSpi: 0n,
    exchangeType: ExchangeType.IKE_SA_INIT,
    initiator: false,
    response: true,
    messageId: 0,
    payloads,
  });
  core.emit({ type: 'send', local, remote, data });
}
