import { ProtocolError } from '../../errors.ts';
import { formatAddress } from '../../wire/index.ts';
import type { Address } from '../action.ts';
import { kePayload } from '../child-negotiation.ts';
import type { ChildConfig, DhGroupName } from '../config.ts';
import type { Core } from '../core.ts';
import type { DiffieHellman } from '../crypto-provider.ts';
import { encapsulationVendorId } from '../encapsulation-vendor-id.ts';
import type { PacketSelectors } from '../engine.ts';
import { IkeSa } from '../ike-sa.ts';
import { deriveIkeSaKeys } from '../keymat.ts';
import type { IkeMessage } from '../message.ts';
import { detectNat, natDetectionPayloads } from '../nat-detection.ts';
import { lowerNonce, newNonce } from '../nonce.ts';
import { errorName, errorNotify, notifiesOf, notify, payloadOf } from '../notify.ts';
import { ExchangeType } from '../payloads/constants.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { Payload, Proposal } from '../payloads/payload.ts';
import type { Peer } from '../peer.ts';
import { acceptIkeProposal, describeProposals, type IkeChoice, ikeProposals } from '../proposal.ts';
import { dhGroups } from '../transform.ts';
import { retryGroup } from './child-request.ts';
import { IkeAuth } from './ike-auth.ts';
import type { InitiatorTask, Outcome } from './task.ts';

const IKE_PORT = 500;
const NAT_T_PORT = 4500;

/** RFC 7296 2.6.1: a responder that asks for a new cookie for ever is not one. */
const COOKIE_LIMIT = 4;

/** Begins an IKE_SA with a peer; `child` goes into IKE_AUTH. */
export function startInitiator(core: Core, peer: Peer, child: ChildConfig, packet: PacketSelectors | undefined): void {
  const { config, prefix } = peer;
  const address = formatAddress(prefix.address);
  const from = config.localAddress ?? core.localAddress(address);
  if (from === undefined) {
    core.log('warning', 'no route to the peer', { peer: config.name, remote: address });
    peer.retry();
    return;
  }
  // RFC 7296 2.11: what is sent to port 4500 leaves from there.
  const local: Address = { address: from, port: config.port === NAT_T_PORT ? NAT_T_PORT : IKE_PORT };
  const remote: Address = { address, port: config.port };
  const sa = new IkeSa(core, { initiator: true, local, remote, localSpi: core.newIkeSpi() });
  sa.join(peer);
  sa.forced = config.forceEncapsulation;
  core.log('info', 'initiating', { peer: config.name, local: local.address, remote: address });
  sa.queue.push(new IkeInit(), new IkeAuth(child, packet));
}

const prefersUdp = ({ core, peer }: IkeSa): boolean =>
  core.settings.prefersEncapsulation && (peer?.config.prefersEncapsulation ?? true);

/** IKE_SA_INIT { SA, KEi, Ni }, RFC 7296 1.2. */
class IkeInit implements InitiatorTask {
  readonly exchange = ExchangeType.IKE_SA_INIT;
  readonly subject = 'initial';
  #ni: Uint8Array = new Uint8Array(0);
  #dh: DiffieHellman | undefined;
  #group: DhGroupName | undefined;
  #cookie: Uint8Array | undefined;
  #cookies = 0;
  #proposals: readonly Proposal[] = [];
  #request: Uint8Array = new Uint8Array(0);
  readonly #tried = new Set<DhGroupName>();

  build(sa: IkeSa): readonly Payload[] | undefined {
    const { crypto } = sa.core;
    const configs = sa.peer?.config.proposals ?? [];
    this.#group ??= configs[0]?.dhGroups[0];
    if (this.#group === undefined) return undefined;
    if (this.#dh?.group !== this.#group) {
      this.#dh?.dispose();
      this.#dh = crypto.diffieHellman(this.#group);
      this.#tried.add(this.#group);
      this.#proposals = ikeProposals(configs, new Uint8Array(0));
    }
    // RFC 7296 2.6: a request that is repeated with a cookie is otherwise the same.
    if (this.#ni.length === 0) this.#ni = newNonce(crypto);
    return [
      ...(this.#cookie === undefined ? [] : [notify(NotifyType.COOKIE, this.#cookie)]),
      { type: 'SA', proposals: this.#proposals },
      kePayload(this.#dh),
      { type: 'Nonce', data: this.#ni },
      ...(traversesNat(sa) ? natDetectionPayloads(crypto, sa.spis, sa.local, sa.remote, sa.forced) : []),
      ...(traversesNat(sa) && prefersUdp(sa) ? [encapsulationVendorId()] : []),
    ];
  }

  sent(bytes: Uint8Array): void {
    this.#request = bytes;
  }

  /** Nothing here is authenticated: whatever does not fit is as if it had not come (RFC 7296 2.21.1). */
  process(sa: IkeSa, { payloads, responderSpi }: IkeMessage, bytes: Uint8Array): Outcome {
    const answer = payloadOf(payloads, 'SA');
    if (answer === undefined) return this.#refused(sa, payloads);
    const ke = payloadOf(payloads, 'KE');
    const nr = payloadOf(payloads, 'Nonce')?.data.slice();
    const choice = accept(this.#proposals, answer.proposals);
    const fits = ke?.group === dhGroups[this.#group ?? 'none'].id && choice?.suite.dhGroup === this.#group;
    const sharedSecret = fits && ke !== undefined ? this.#dh?.computeSecret(ke.data) : undefined;
    if (choice === undefined || nr === undefined || sharedSecret === undefined || responderSpi === 0n) {
      sharedSecret?.fill(0);
      sa.core.bad('forged or unusable IKE_SA_INIT response', { peer: sa.peerName, remote: sa.remote.address });
      return 'ignore';
    }
    this.#dh?.dispose();
    sa.remoteSpi = responderSpi;
    sa.suite = choice.suite;
    sa.keys = deriveIkeSaKeys(sa.core.crypto, choice.suite, { ni: this.#ni, nr, ...sa.spis, sharedSecret });
    sharedSecret.fill(0);
    sa.root = { initiator: true, nonce: lowerNonce(this.#ni, nr) };
    sa.initial = { ni: this.#ni, nr, request: this.#request, response: bytes.slice() };
    const nat = traversesNat(sa) ? detectNat(sa.core.crypto, sa.spis, sa.local, sa.remote, payloads) : undefined;
    if (nat === undefined) sa.forced = false;
    else sa.nat = nat;
    // RFC 7296 2.23: behind a NAT everything from now on goes through port 4500. A port of the operator's choice stays.
    if (sa.udpEncapsulation && sa.remote.port === IKE_PORT) {
      sa.local = { address: sa.local.address, port: NAT_T_PORT };
      sa.remote = { address: sa.remote.address, port: NAT_T_PORT };
    }
    return 'done';
  }

  abandon(): void {
    this.#dh?.dispose();
  }

  #refused(sa: IkeSa, payloads: readonly Payload[]): Outcome {
    const cookie = notifiesOf(payloads, NotifyType.COOKIE)[0];
    // RFC 7296 2.6: 1 to 64 octets.
    if (cookie !== undefined && cookie.data.length > 0 && cookie.data.length <= 64 && this.#cookies < COOKIE_LIMIT) {
      this.#cookies++;
      this.#cookie = cookie.data.slice();
      return 'again';
    }
    const error = errorNotify(payloads);
    const group = retryGroup(error, this.#tried, sa.peer?.config.proposals ?? []);
    if (group !== undefined) {
      this.#group = group;
      return 'again';
    }
    if (error === undefined) {
      sa.core.bad('forged or unusable IKE_SA_INIT response', { peer: sa.peerName, remote: sa.remote.address });
      return 'ignore';
    }
    // Anyone can have sent it: the right response may still come, so it only shortens the wait.
    if (sa.failure === undefined) {
      const offered = describeProposals(this.#proposals);
      sa.core.log('warning', 'the peer refuses', { peer: sa.peerName, notify: errorName(error), offered });
      sa.failure = errorName(error);
      sa.offered = offered;
      sa.queue.hurry();
    }
    return 'ignore';
  }
}

function traversesNat(sa: IkeSa): boolean {
  return sa.peer?.config.natTraversal ?? true;
}

function accept(offered: readonly Proposal[], answer: readonly Proposal[]): IkeChoice | undefined {
  try {
    return acceptIkeProposal(offered, answer);
  } catch (error) {
    if (error instanceof ProtocolError) return undefined;
    throw error;
  }
}
