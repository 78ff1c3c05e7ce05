import { FLAG } from './messages/constants.ts';
import type { FollowUp, TimestampMessage } from './messages/message.ts';
import { scaledToNs, timestampToNs } from './timestamp.ts';

/** One Sync with the time of its departure. */
export interface SyncSample {
  readonly originNs: bigint;
  readonly ingressNs: bigint;
  /** Of Sync and Follow_Up together, ns. */
  readonly correctionNs: number;
  readonly followUp: FollowUp | undefined;
}

/** Joins Sync and Follow_Up of one master, in whichever order they come (IEEE 1588-2008 9.5.4, 9.5.5). */
export class SyncReceiver {
  #sync: { message: TimestampMessage; ingressNs: bigint } | undefined;
  #followUp: FollowUp | undefined;

  flush(): void {
    this.#sync = undefined;
    this.#followUp = undefined;
  }

  sync(message: TimestampMessage, ingressNs: bigint): SyncSample | undefined {
    if ((message.header.flagField & FLAG.twoStep) === 0) {
      this.flush();
      const correctionNs = scaledToNs(message.header.correctionField);
      return { originNs: timestampToNs(message.originTimestamp), ingressNs, correctionNs, followUp: undefined };
    }
    this.#sync = { message, ingressNs };
    return this.#join();
  }

  followUp(message: FollowUp): SyncSample | undefined {
    this.#followUp = message;
    return this.#join();
  }

  #join(): SyncSample | undefined {
    const sync = this.#sync;
    const followUp = this.#followUp;
    if (sync === undefined || followUp?.header.sequenceId !== sync.message.header.sequenceId) return undefined;
    this.flush();
    return {
      originNs: timestampToNs(followUp.preciseOriginTimestamp),
      ingressNs: sync.ingressNs,
      correctionNs: scaledToNs(sync.message.header.correctionField) + scaledToNs(followUp.header.correctionField),
      followUp,
    };
  }
}
