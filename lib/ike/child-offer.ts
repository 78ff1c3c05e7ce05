import { u32Bytes } from '../wire/index.ts';
import { kePayload, type NegotiatedChild, type Nonces, negotiated } from './child-negotiation.ts';
import type { ChildConfig, DhGroupName, TrafficSelector } from './config.ts';
import type { DiffieHellman } from './crypto-provider.ts';
import type { IkeSa } from './ike-sa.ts';
import { hasNotify, notify, payloadOf, Refusal } from './notify.ts';
import { NotifyType } from './payloads/notify-type.ts';
import type { Payload, Proposal } from './payloads/payload.ts';
import { acceptChildProposal, type ChildChoice, childProposals } from './proposal.ts';
import { areSubsets, describeTrafficSelectors } from './traffic-selector.ts';
import { dhGroups } from './transform.ts';

/** The initiator's half: what SA, KE, TSi and TSr say, and what may come back. */
export class ChildOffer {
  readonly config: ChildConfig;
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  readonly spi: number;
  readonly proposals: readonly Proposal[];
  readonly dh: DiffieHellman | undefined;

  constructor(
    sa: IkeSa,
    config: ChildConfig,
    options: {
      readonly local: readonly TrafficSelector[];
      readonly remote: readonly TrafficSelector[];
      /** `none` without PFS. */
      readonly group: DhGroupName;
      /** False in IKE_AUTH, whose proposals have no D-H transforms. */
      readonly pfs: boolean;
    },
  ) {
    this.config = config;
    this.local = options.local;
    this.remote = options.remote;
    this.spi = sa.core.allocateSpi(sa.local.address, config.proposals[0]?.protocol ?? 'esp');
    this.proposals = childProposals(config.proposals, u32Bytes(this.spi), options.pfs);
    this.dh = options.group === 'none' ? undefined : sa.core.crypto.diffieHellman(options.group);
  }

  /** SA, [Ni,] [KEi,] TSi, TSr and the notifies that go with them. */
  payloads(ni?: Uint8Array): Payload[] {
    return [
      { type: 'SA', proposals: this.proposals },
      ...(ni === undefined ? [] : [{ type: 'Nonce', data: ni } as const]),
      ...(this.dh === undefined ? [] : [kePayload(this.dh)]),
      { type: 'TSi', selectors: this.local, unknown: [] },
      { type: 'TSr', selectors: this.remote, unknown: [] },
      ...(this.config.mode === 'transport' ? [notify(NotifyType.USE_TRANSPORT_MODE)] : []),
      notify(NotifyType.ESP_TFC_PADDING_NOT_SUPPORTED),
    ];
  }

  /** Throws `ProtocolError` for an answer that does not fit the offer. */
  accept(sa: IkeSa, payloads: readonly Payload[], nonces: Nonces): NegotiatedChild {
    const answer = payloadOf(payloads, 'SA');
    const tsi = payloadOf(payloads, 'TSi');
    const tsr = payloadOf(payloads, 'TSr');
    if (answer === undefined || tsi === undefined || tsr === undefined) {
      throw new Refusal('INVALID_SYNTAX', 'the response lacks SA, TSi or TSr');
    }
    const choice = acceptChildProposal(this.proposals, answer.proposals);
    const mode = hasNotify(payloads, NotifyType.USE_TRANSPORT_MODE) ? 'transport' : 'tunnel';
    if (mode !== this.config.mode) throw new Refusal('NO_PROPOSAL_CHOSEN', `the peer wants ${mode} mode`);
    const narrowed = { local: tsi.selectors, remote: tsr.selectors };
    const within = areSubsets(narrowed.local, this.local) && areSubsets(narrowed.remote, this.remote);
    if (narrowed.local.length === 0 || narrowed.remote.length === 0 || !within) {
      throw new Refusal('TS_UNACCEPTABLE', 'the response has selectors that were not offered', {
        offered: `${describeTrafficSelectors(this.local)} === ${describeTrafficSelectors(this.remote)}`,
        expected: `${describeTrafficSelectors(narrowed.local)} === ${describeTrafficSelectors(narrowed.remote)}`,
      });
    }
    const sharedSecret = this.#sharedSecret(choice, payloads);
    return negotiated(sa, this.config, choice, {
      initiator: true,
      initial: false,
      spi: this.spi,
      mode,
      ...narrowed,
      nonces,
      sharedSecret,
    });
  }

  dispose(): void {
    this.dh?.dispose();
  }

  #sharedSecret(choice: ChildChoice, payloads: readonly Payload[]): Uint8Array | undefined {
    const group = choice.suite.dhGroup;
    if (group === 'none') return undefined;
    const ke = payloadOf(payloads, 'KE');
    if (this.dh?.group !== group || ke?.group !== dhGroups[group].id) {
      throw new Refusal('INVALID_SYNTAX', 'the response has a KE payload of another group');
    }
    const secret = this.dh.computeSecret(ke.data);
    if (secret === undefined) throw new Refusal('INVALID_SYNTAX', 'the response has an invalid KE payload');
    return secret;
  }
}
