import type { NegotiatedChild } from '../child-negotiation.ts';
import { ChildOffer } from '../child-offer.ts';
import type { ChildConfig, DhGroupName, TrafficSelector } from '../config.ts';
import type { IkeSa } from '../ike-sa.ts';
import { newNonce } from '../nonce.ts';
import { payloadOf, Refusal } from '../notify.ts';
import { NotifyType } from '../payloads/notify-type.ts';
import type { NotifyPayload, Payload } from '../payloads/payload.ts';
import { dhGroupName } from '../transform.ts';

/** The part of CREATE_CHILD_SA that new CHILD_SAs and rekeyed ones share: { SA, Ni, [KEi,] TSi, TSr }. */
export class ChildRequest {
  readonly config: ChildConfig;
  #local: readonly TrafficSelector[];
  #remote: readonly TrafficSelector[];
  readonly #tried = new Set<DhGroupName>();
  #group: DhGroupName;
  #ni: Uint8Array = new Uint8Array(0);
  #offer: ChildOffer | undefined;

  /** `group` is the first guess; the peer may ask for another of the configured ones. */
  constructor(
    config: ChildConfig,
    local: readonly TrafficSelector[],
    remote: readonly TrafficSelector[],
    group: DhGroupName = config.proposals[0]?.dhGroups[0] ?? 'none',
  ) {
    this.config = config;
    this.#local = local;
    this.#remote = remote;
    this.#group = group;
  }

  get offer(): ChildOffer | undefined {
    return this.#offer;
  }

  build(sa: IkeSa): Payload[] {
    this.dispose();
    this.#tried.add(this.#group);
    this.#ni = newNonce(sa.core.crypto);
    const options = { local: this.#local, remote: this.#remote, group: this.#group, pfs: true };
    this.#offer = new ChildOffer(sa, this.config, options);
    return this.#offer.payloads(this.#ni);
  }

  /** True if the error asks for another group that `build` can offer (RFC 7296 1.3). */
  retry(error: NotifyPayload | undefined): boolean {
    const group = retryGroup(error, this.#tried, this.config.proposals);
    if (group === undefined) return false;
    this.#group = group;
    return true;
  }

  /** Asks for these alone from now on; false if that is what was asked for already. */
  narrow(local: TrafficSelector, remote: TrafficSelector): boolean {
    if (this.#local.length === 1 && this.#local[0] === local && this.#remote.length === 1) return false;
    this.#local = [local];
    this.#remote = [remote];
    return true;
  }

  /** Throws `ProtocolError`. */
  accept(sa: IkeSa, payloads: readonly Payload[]): NegotiatedChild {
    const nr = payloadOf(payloads, 'Nonce')?.data.slice();
    if (nr === undefined || this.#offer === undefined) throw new Refusal('INVALID_SYNTAX', 'the response lacks Nonce');
    return this.#offer.accept(sa, payloads, { ni: this.#ni, nr });
  }

  dispose(): void {
    this.#offer?.dispose();
  }
}

/** The group that an INVALID_KE_PAYLOAD asks for, if it is configured and was not tried. */
export function retryGroup(
  error: NotifyPayload | undefined,
  tried: ReadonlySet<DhGroupName>,
  configs: readonly { readonly dhGroups: readonly DhGroupName[] }[],
): DhGroupName | undefined {
  if (error?.notify !== NotifyType.INVALID_KE_PAYLOAD || error.data.length !== 2) return undefined;
  const group = dhGroupName((error.data[0]! << 8) | error.data[1]!);
  const configured = group !== undefined && configs.some(({ dhGroups }) => dhGroups.includes(group));
  return configured && group !== undefined && !tried.has(group) ? group : undefined;
}
