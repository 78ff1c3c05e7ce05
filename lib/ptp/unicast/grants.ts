import { formatPortIdentity, type PortIdentity } from '../identity.ts';
import { intervalMs, nextSequenceId } from '../port-host.ts';

/** What a port grants to whoever asks, IEEE 1588-2008 16.1. */
export interface UnicastLimits {
  /** Grants of the port; a clock has one for each kind of message. Default 4096. */
  readonly maxGrants?: number;
  /** Of one address. Default 16. */
  readonly maxGrantsPerAddress?: number;
  /** Announces and Syncs that all grants together may ask for. Default 8192. */
  readonly maxMessagesPerSecond?: number;
  /** A longer one is cut. Default 1000, the most of table 74. */
  readonly maxDurationSeconds?: number;
  /** Log2 of seconds; faster is denied. Default -7. */
  readonly fastestLogInterval?: number;
}

/** The messageTypes that can be granted. */
export type GrantedMessage = 'Announce' | 'Sync' | 'Delay_Resp' | 'Pdelay_Resp';

/** A stream of messages to one clock, or the right to have its requests answered. */
export interface UnicastGrant {
  readonly address: string;
  readonly portIdentity: PortIdentity;
  readonly message: GrantedMessage;
  logInterMessagePeriod: number;
  /** When it ends, and when its next message is due; ms. */
  until: number;
  due: number;
  /** Of the last message: each destination has a sequence of its own (7.3.7). */
  sequenceId: number;
}

const periodic = (message: GrantedMessage): boolean => message === 'Announce' || message === 'Sync';

/**
 * The grants of a port as master, bounded in number, in number per address and in the messages that they are worth.
 * Those of one interval are kept in the order in which they are due, which is that in which they were last served.
 */
export class UnicastGrants {
  readonly #limits: Required<UnicastLimits>;
  readonly #grants = new Map<string, UnicastGrant>();
  readonly #perAddress = new Map<string, number>();
  readonly #queues = new Map<number, Set<UnicastGrant>>();
  #messagesPerSecond = 0;
  #expiredAt = Number.NEGATIVE_INFINITY;

  constructor(limits: UnicastLimits) {
    this.#limits = {
      maxGrants: 4096,
      maxGrantsPerAddress: 16,
      maxMessagesPerSecond: 8192,
      maxDurationSeconds: 1000,
      fastestLogInterval: -7,
      ...limits,
    };
  }

  get size(): number {
    return this.#grants.size;
  }

  /** What REQUEST_UNICAST_TRANSMISSION gets: seconds, or why it is denied. An asker who has the grant renews it. */
  request(
    address: string,
    portIdentity: PortIdentity,
    message: GrantedMessage,
    logInterMessagePeriod: number,
    durationSeconds: number,
    now: number,
  ): number | 'refused' | 'full' {
    const limits = this.#limits;
    if (durationSeconds === 0) return 'refused';
    if (logInterMessagePeriod < limits.fastestLogInterval || logInterMessagePeriod > 7) return 'refused';
    const key = keyOf(address, portIdentity, message);
    const known = this.#grants.get(key);
    if (known === undefined) {
      if (this.#isFull(address)) this.#expire(now);
      if (this.#isFull(address)) return 'full';
    }
    if (periodic(message)) {
      const before = known === undefined ? 0 : rate(known);
      const after = this.#messagesPerSecond - before + 1000 / intervalMs(logInterMessagePeriod);
      if (after > limits.maxMessagesPerSecond) return 'full';
    }
    const seconds = Math.min(durationSeconds, limits.maxDurationSeconds);
    const until = now + 1000 * seconds;
    if (known?.logInterMessagePeriod === logInterMessagePeriod) {
      known.until = until;
      return seconds;
    }
    if (known !== undefined) this.#remove(key, known);
    const sequenceId = known?.sequenceId ?? 0;
    this.#add(key, { address, portIdentity, message, logInterMessagePeriod, until, due: now, sequenceId });
    return seconds;
  }

  /** CANCEL_UNICAST_TRANSMISSION: false if there was nothing to cancel. */
  cancel(address: string, portIdentity: PortIdentity, message: GrantedMessage): boolean {
    const key = keyOf(address, portIdentity, message);
    const grant = this.#grants.get(key);
    if (grant !== undefined) this.#remove(key, grant);
    return grant !== undefined;
  }

  /** All of them, which end now. */
  cancelAll(): readonly UnicastGrant[] {
    const grants = [...this.#grants.values()];
    for (const [key, grant] of this.#grants) this.#remove(key, grant);
    return grants;
  }

  /** When the next message is due, ms. */
  nextDue(): number | undefined {
    let next: number | undefined;
    for (const queue of this.#queues.values()) {
      for (const { due } of queue) {
        next = next === undefined ? due : Math.min(next, due);
        break;
      }
    }
    return next;
  }

  /** The grants whose message is due, each with the sequenceId that it is to have; what has ended is dropped. */
  take(now: number): readonly UnicastGrant[] {
    const taken: UnicastGrant[] = [];
    for (const [logInterval, queue] of this.#queues) {
      const interval = intervalMs(logInterval);
      for (const grant of queue) {
        if (grant.due > now) break;
        if (grant.until <= now) {
          this.#remove(keyOf(grant.address, grant.portIdentity, grant.message), grant);
          continue;
        }
        // To the end of the line, a beat later; who fell behind does not catch up.
        grant.due = grant.due + interval > now ? grant.due + interval : now + interval;
        queue.delete(grant);
        queue.add(grant);
        grant.sequenceId = nextSequenceId(grant.sequenceId);
        taken.push(grant);
      }
    }
    return taken;
  }

  #add(key: string, grant: UnicastGrant): void {
    this.#grants.set(key, grant);
    this.#perAddress.set(grant.address, (this.#perAddress.get(grant.address) ?? 0) + 1);
    if (!periodic(grant.message)) return;
    this.#messagesPerSecond += rate(grant);
    const queue = this.#queues.get(grant.logInterMessagePeriod) ?? new Set();
    this.#queues.set(grant.logInterMessagePeriod, queue);
    // The first message is as late as if the one before it had gone now: the line stays in order.
    grant.due += intervalMs(grant.logInterMessagePeriod);
    queue.add(grant);
  }

  #remove(key: string, grant: UnicastGrant): void {
    this.#grants.delete(key);
    const left = (this.#perAddress.get(grant.address) ?? 1) - 1;
    if (left > 0) this.#perAddress.set(grant.address, left);
    else this.#perAddress.delete(grant.address);
    if (!periodic(grant.message)) return;
    this.#messagesPerSecond -= rate(grant);
    this.#queues.get(grant.logInterMessagePeriod)?.delete(grant);
  }

  #isFull(address: string): boolean {
    const { maxGrants, maxGrantsPerAddress } = this.#limits;
    return this.#grants.size >= maxGrants || (this.#perAddress.get(address) ?? 0) >= maxGrantsPerAddress;
  }

  /** Looks through all of them, and so once a second at most. */
  #expire(now: number): void {
    if (now < this.#expiredAt + 1000) return;
    this.#expiredAt = now;
    for (const [key, grant] of this.#grants) if (grant.until <= now) this.#remove(key, grant);
  }
}

function rate(grant: UnicastGrant): number {
  return 1000 / intervalMs(grant.logInterMessagePeriod);
}

function keyOf(address: string, portIdentity: PortIdentity, message: GrantedMessage): string {
  return `${message} ${formatPortIdentity(portIdentity)} ${address}`;
}
