import type { Policy, PolicyDirection } from './policy.ts';
import type { Replay, Sa, SaKey } from './sa.ts';
import type { Mode, Protocol, Selector, Usage } from './selector.ts';

/** A packet met a policy and there is no SA for it. */
export interface Acquire {
  /** Of the SA that is wanted; absent if the template leaves it open. */
  readonly src?: string;
  readonly dst?: string;
  readonly protocol: Protocol;
  readonly packet: Selector;
  /** Give it to the SA, or to `allocateSpi`, that answers. */
  readonly seq: number;
  readonly policy: Policy;
}

/** SAs between the old addresses go on between the new ones. */
export interface MigrateStep {
  readonly oldSrc: string;
  readonly oldDst: string;
  readonly newSrc: string;
  readonly newDst: string;
  readonly protocol?: Protocol;
  readonly mode?: Mode;
  readonly reqid?: number;
}

export interface Migrate {
  readonly policy: { readonly selector: Selector; readonly direction: PolicyDirection };
  readonly steps: readonly MigrateStep[];
}

/** What a fail-over partner needs to know of an SA (Documentation/networking/xfrm_sync.rst). */
export interface AsyncEvent {
  readonly sa: SaKey;
  readonly src?: string;
  readonly reqid?: number;
  readonly replay?: Replay;
  readonly usage?: Usage;
}

/** What the kernel announces. Keys of SAs are never in it. */
export type XfrmEvent =
  | ({ readonly type: 'acquire' } & Acquire)
  | { readonly type: 'expire'; readonly sa: Sa; readonly hard: boolean }
  | { readonly type: 'policy-expire'; readonly policy: Policy; readonly hard: boolean }
  /** A NAT gave the peer of an inbound SA another address or port. */
  | {
      readonly type: 'mapping';
      readonly sa: SaKey;
      readonly reqid: number;
      readonly oldAddress: string;
      readonly oldPort: number;
      readonly newAddress: string;
      readonly newPort: number;
    }
  | ({ readonly type: 'migrate' } & Migrate)
  | ({
      readonly type: 'async-event';
      readonly replayChanged: boolean;
      readonly timer: boolean;
      readonly updated: boolean;
    } & AsyncEvent)
  | { readonly type: 'report'; readonly protocol: Protocol; readonly packet: Selector }
  | { readonly type: 'sa'; readonly change: 'added' | 'updated' | 'deleted'; readonly sa: Sa }
  | { readonly type: 'policy'; readonly change: 'added' | 'updated' | 'deleted'; readonly policy: Policy }
  | { readonly type: 'sas-flushed'; readonly protocol: Protocol }
  | { readonly type: 'policies-flushed' }
  /** Events were lost (ENOBUFS, or a reader that is too slow): dump again. */
  | { readonly type: 'overflow' };
