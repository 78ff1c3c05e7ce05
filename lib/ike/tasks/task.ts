import type { IkeSa } from '../ike-sa.ts';
import type { IkeMessage } from '../message.ts';
import type { Payload } from '../payloads/payload.ts';

/**
 * `done`: the exchange is over. `again`: `build` makes the next request of the same task. `ignore`: as if the message
 * had not come, which
 * only an unprotected one may be.
 */
export type Outcome = 'done' | 'again' | 'ignore';

/** What a task is about, for the collisions of RFC 7296 2.25. */
export type Subject = 'initial' | 'child' | 'ike-rekey' | 'ike-delete' | 'liveness';

/** The initiator's half of an exchange. The responder's half is the `respond` function in the same file. */
export interface InitiatorTask {
  /** `ExchangeType`. */
  readonly exchange: number;
  readonly subject: Subject;
  /** `ChildConfig.name` of the CHILD_SA that it is to set up. */
  readonly childName?: string;
  /** The request's payloads; undefined if by now there is nothing to ask. */
  build(sa: IkeSa): readonly Payload[] | undefined;
  /** How often the request is sent again at most; default `retransmitTries`. */
  tries?(sa: IkeSa): number | undefined;
  /** The request as it went out. */
  sent?(bytes: Uint8Array): void;
  process(sa: IkeSa, response: IkeMessage, bytes: Uint8Array): Outcome;
  /** The IKE_SA went before the response came. */
  abandon?(sa: IkeSa): void;
}

/** What a responder answers, and what it does once the answer is on its way. */
export interface Answer {
  readonly payloads: readonly Payload[];
  readonly after?: () => void;
}
