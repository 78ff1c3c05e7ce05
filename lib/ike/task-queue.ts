import { timingSafeEqual } from '../wire/index.ts';
import type { IkeSa } from './ike-sa.ts';
import type { IkeMessage } from './message.ts';
import { ExchangeType } from './payloads/constants.ts';
import type { InitiatorTask } from './tasks/task.ts';

interface Active {
  readonly task: InitiatorTask;
  readonly messageId: number;
  readonly bytes: Uint8Array;
  tries: number;
  limit: number;
}

/**
 * The exchanges of one IKE_SA: message IDs, retransmission, the response to repeat (RFC 7296 2.1, 2.2). The window
 * is one request in each direction: ours because we never announce more, and the peer's SET_WINDOW_SIZE can only
 * allow more than the one that is sent at a time (2.3).
 */
export class TaskQueue {
  readonly #sa: IkeSa;
  #waiting: InitiatorTask[] = [];
  #active: Active | undefined;
  #nextRequest = 0;
  #expected = 0;
  /** The last request answered, by digest, and what was answered. */
  #answered: { readonly digest: Uint8Array; readonly response: Uint8Array } | undefined;
  #closed = false;

  constructor(sa: IkeSa) {
    this.#sa = sa;
  }

  /** The task whose request is outstanding. */
  get active(): InitiatorTask | undefined {
    return this.#active?.task;
  }

  /** The outstanding request's message ID. */
  get activeMessageId(): number | undefined {
    return this.#active?.messageId;
  }

  get idle(): boolean {
    return this.#active === undefined && this.#waiting.length === 0;
  }

  /** Tasks that wait or whose request is outstanding. */
  some(predicate: (task: InitiatorTask) => boolean): boolean {
    return (this.#active !== undefined && predicate(this.#active.task)) || this.#waiting.some(predicate);
  }

  push(...tasks: readonly InitiatorTask[]): void {
    if (this.#closed) {
      for (const task of tasks) task.abandon?.(this.#sa);
      return;
    }
    this.#waiting.push(...tasks);
    this.#pump();
  }

  /** Takes the tasks that were not sent yet, for the IKE_SA that replaces this one. */
  drain(): InitiatorTask[] {
    return this.#waiting.splice(0);
  }

  /** Gives the outstanding request up: the peer made it pointless. Its message ID stays used. */
  forgetActive(): void {
    if (this.#active === undefined) return;
    this.#active = undefined;
    this.#nextRequest++;
    this.#sa.clearTimer('retransmit');
  }

  /** At most two more retransmissions: what an unauthenticated error is good for (RFC 7296 2.21.1). */
  hurry(): void {
    if (this.#active !== undefined) this.#active.limit = Math.min(this.#active.limit, this.#active.tries + 2);
  }

  response(message: IkeMessage, bytes: Uint8Array): void {
    const active = this.#active;
    if (active === undefined) return;
    const outcome = active.task.process(this.#sa, message, bytes);
    // Processing may have closed the IKE_SA.
    if (this.#active !== active || outcome === 'ignore') return;
    this.#active = undefined;
    this.#sa.clearTimer('retransmit');
    if (outcome === 'again') {
      this.#waiting.unshift(active.task);
      // RFC 7296 2.2: a repeated IKE_SA_INIT has message ID 0 too.
      if (active.task.exchange === ExchangeType.IKE_SA_INIT) {
        this.#pump();
        return;
      }
    }
    this.#nextRequest++;
    this.#pump();
  }

  /** Where a request stands: to be answered, to be answered as before, or neither. */
  classify(messageId: number, bytes: Uint8Array): 'new' | 'retransmission' | 'unexpected' {
    if (messageId === this.#expected) return 'new';
    if (this.#answered === undefined || messageId !== this.#expected - 1) return 'unexpected';
    // RFC 7296 2.1: retransmissions are bitwise identical; the checksum of this one was checked then.
    return timingSafeEqual(this.#answered.digest, this.#sa.core.crypto.sha1([bytes])) ? 'retransmission' : 'unexpected';
  }

  get lastResponse(): Uint8Array | undefined {
    return this.#answered?.response;
  }

  get expected(): number {
    return this.#expected;
  }

  /** Keeps the response for retransmissions of its request. */
  answered(request: Uint8Array, response: Uint8Array): void {
    this.#expected++;
    this.#answered = { digest: this.#sa.core.crypto.sha1([request]), response };
  }

  /** Ends every task of ours; the last response stays. */
  close(): void {
    this.#closed = true;
    this.#sa.clearTimer('retransmit');
    const tasks = [...(this.#active === undefined ? [] : [this.#active.task]), ...this.#waiting];
    this.#active = undefined;
    this.#waiting = [];
    for (const task of tasks) task.abandon?.(this.#sa);
  }

  #pump(): void {
    while (this.#active === undefined && !this.#closed) {
      const task = this.#waiting.shift();
      if (task === undefined) return;
      const payloads = task.build(this.#sa);
      if (payloads === undefined) continue;
      const messageId = this.#nextRequest;
      const bytes = this.#sa.encode(task.exchange, false, messageId, payloads);
      const limit = task.tries?.(this.#sa) ?? this.#sa.core.settings.retransmitTries;
      this.#active = { task, messageId, bytes, tries: 0, limit };
      task.sent?.(bytes);
      this.#sa.transmit(bytes);
      this.#schedule(this.#active);
    }
  }

  #schedule(active: Active): void {
    const { retransmitSeconds, retransmitFactor } = this.#sa.core.settings;
    const seconds = retransmitSeconds * retransmitFactor ** active.tries;
    this.#sa.setTimer('retransmit', seconds, () => {
      if (active.tries >= active.limit) {
        this.#sa.unresponsive();
        return;
      }
      active.tries++;
      this.#sa.transmit(active.bytes);
      this.#schedule(active);
    });
  }
}
