import type { PdelayReq } from './messages/message.ts';
import { Pending } from './path-delay.ts';

/** A sent event message that waits for its stamp. `to`: it went there by unicast. */
export type Departure =
  | { readonly kind: 'Sync'; readonly sequenceId: number; readonly to: string | undefined }
  | { readonly kind: 'Delay_Req' | 'Pdelay_Req'; readonly sequenceId: number }
  | { readonly kind: 'Pdelay_Resp'; readonly request: PdelayReq; readonly from: string | undefined };

/** Enough for the Syncs of many unicast slaves within the time that a stamp is waited for. */
const LIMIT = 1024;

/** The event messages of a port whose stamps are under way, by the number that the driver gives back. */
export class Departures {
  readonly #pending = new Pending<Departure>(LIMIT);
  #timestampId = 0;

  nextTimestampId(): number {
    this.#timestampId = (this.#timestampId + 1) % 0x4000_0000;
    return this.#timestampId;
  }

  set(timestampId: number, departure: Departure): void {
    this.#pending.set(timestampId, departure);
  }

  take(timestampId: number): Departure | undefined {
    return this.#pending.take(timestampId);
  }

  clear(): void {
    this.#pending.clear();
  }
}
