import type { Address } from './action.ts';

/** What an IKE_SA is doing: `/ip ipsec active-peers` prints these. */
export type IkeSaState = 'connecting' | 'established' | 'rekeying' | 'deleting';

/** What a CHILD_SA is doing. `replaced`: rekeyed, its inbound half still open for packets on their way. */
export type ChildSaState = 'established' | 'rekeying' | 'replaced' | 'deleting';

export interface ChildSaSnapshot {
  readonly childSa: number;
  /** `ChildConfig.name`. */
  readonly child: string;
  readonly state: ChildSaState;
  readonly spiIn: number;
  readonly spiOut: number;
  readonly suite: string;
  /** `TSlocal === TSremote`, as events have it. */
  readonly selectors: string;
}

/** One IKE_SA as it stands; a copy, not a view. Times are milliseconds of the clock that `now` comes from. */
export interface IkeSaSnapshot {
  readonly ikeSa: number;
  /** `PeerConfig.name`; empty while a responder does not know it yet. */
  readonly peer: string;
  readonly state: IkeSaState;
  readonly side: 'initiator' | 'responder';
  readonly local: Address;
  readonly remote: Address;
  /** 16 hexadecimal digits each. */
  readonly initiatorSpi: string;
  readonly responderSpi: string;
  readonly suite: string;
  readonly remoteId: string;
  readonly natLocal: boolean;
  readonly natRemote: boolean;
  readonly createdAt: number;
  readonly establishedAt: number | undefined;
  /** The last message that passed its integrity check. */
  readonly lastSeenAt: number | undefined;
  readonly rxPackets: number;
  readonly rxBytes: number;
  readonly txPackets: number;
  readonly txBytes: number;
  readonly children: readonly ChildSaSnapshot[];
}
