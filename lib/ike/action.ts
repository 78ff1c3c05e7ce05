/** What the engine wants done. It does nothing itself: see ARCHITECTURE.md, "sans-IO". */
import type { TrafficSelector } from './config.ts';

export interface Address {
  readonly address: string;
  readonly port: number;
}

/** A CHILD_SA to install: both directions at once, keys in KEYMAT order (RFC 7296 2.17). */
export interface ChildSaKeys {
  readonly ikeSa: number;
  readonly childSa: number;
  readonly peer: string;
  /** `ChildConfig.name`. */
  readonly child: string;
  readonly reqid: number;
  readonly protocol: 'esp' | 'ah';
  readonly mode: 'tunnel' | 'transport';
  readonly local: Address;
  readonly remote: Address;
  /** RFC 3948, from local.port to remote.port. */
  readonly udpEncapsulation: boolean;
  readonly spiIn: number;
  readonly spiOut: number;
  /** Transform names as `ChildProposalConfig` has them. */
  readonly encryption: string;
  readonly integrity: string;
  readonly esn: boolean;
  readonly keyIn: { readonly encryption: Uint8Array; readonly integrity: Uint8Array };
  readonly keyOut: { readonly encryption: Uint8Array; readonly integrity: Uint8Array };
  readonly localSelectors: readonly TrafficSelector[];
  readonly remoteSelectors: readonly TrafficSelector[];
  /** Hard limits; 0 is none. */
  readonly lifetimeSeconds: number;
  readonly lifetimeBytes: number;
  /**
   * Where `expire(childSa, false)` is due, jittered by the engine; 0 is none. The engine times the seconds itself
   * too.
   */
  readonly softLifetimeSeconds: number;
  readonly softLifetimeBytes: number;
  /** The CHILD_SA this one replaces, still installed until its own `removeChildSa`. */
  readonly rekeyOf?: number;
  /** Only the inbound half now, the outbound half with `activateChildSa`: a rekey responder sends on the old SA until
   *  it hears on the new one or its delete (RFC 7296 2.8). */
  readonly inboundOnly?: boolean;
}

export type Action =
  | { readonly type: 'send'; readonly local: Address; readonly remote: Address; readonly data: Uint8Array }
  /** One octet 0xff from and to these, without the non-ESP marker (RFC 3948 2.3). */
  | { readonly type: 'natKeepalive'; readonly local: Address; readonly remote: Address }
  /** One timer per id; setting it again moves it. `at` is milliseconds of the clock that `now` comes from. */
  | { readonly type: 'setTimer'; readonly id: string; readonly at: number }
  | { readonly type: 'clearTimer'; readonly id: string }
  | { readonly type: 'installChildSa'; readonly sa: ChildSaKeys }
  /** Installs the outbound half of an `inboundOnly` CHILD_SA; from now on it sends. */
  | { readonly type: 'activateChildSa'; readonly childSa: number }
  /** Removes the outbound half; the inbound one stays open for packets on their way, until `removeChildSa`. */
  | { readonly type: 'deactivateChildSa'; readonly childSa: number }
  | { readonly type: 'removeChildSa'; readonly childSa: number; readonly reason: string }
  | {
      readonly type: 'updateChildSa';
      readonly childSa: number;
      readonly local: Address;
      readonly remote: Address;
      readonly udpEncapsulation: boolean;
    }
  | { readonly type: 'event'; readonly event: IkeEvent };

/** What an operator or SDK user may want to know. `topics` as RouterOS logs have them. */
export type IkeEvent =
  | {
      readonly name: 'ike-sa-established';
      readonly ikeSa: number;
      readonly peer: string;
      readonly local: Address;
      readonly remote: Address;
      readonly initiator: boolean;
      readonly suite: string;
      readonly remoteId: string;
      readonly natLocal: boolean;
      readonly natRemote: boolean;
    }
  | { readonly name: 'ike-sa-rekeyed'; readonly ikeSa: number; readonly replacedBy: number; readonly peer: string }
  | { readonly name: 'ike-sa-closed'; readonly ikeSa: number; readonly peer: string; readonly reason: string }
  | {
      readonly name: 'ike-sa-failed';
      readonly peer: string;
      readonly remote: Address;
      readonly reason: string;
      readonly offered?: string;
      readonly expected?: string;
    }
  | {
      readonly name: 'child-sa-established';
      readonly ikeSa: number;
      readonly childSa: number;
      readonly peer: string;
      readonly child: string;
      readonly suite: string;
      readonly selectors: string;
    }
  | {
      readonly name: 'child-sa-rekeyed';
      readonly ikeSa: number;
      readonly childSa: number;
      readonly replacedBy: number;
      readonly peer: string;
      readonly child: string;
    }
  | {
      readonly name: 'child-sa-closed';
      readonly ikeSa: number;
      readonly childSa: number;
      readonly peer: string;
      readonly child: string;
      readonly reason: string;
    }
  | {
      readonly name: 'child-sa-failed';
      readonly ikeSa: number;
      readonly peer: string;
      readonly child: string;
      readonly reason: string;
      readonly offered?: string;
      readonly expected?: string;
    }
  | {
      readonly name: 'log';
      readonly topics: string;
      readonly level: 'debug' | 'info' | 'warning' | 'error';
      readonly message: string;
      readonly fields?: Readonly<Record<string, string | number | boolean>>;
    };
