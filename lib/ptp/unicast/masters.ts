import type { GrantedMessage } from './grants.ts';

/** One master's promise. */
interface Promised {
  readonly until: number;
  /** Three quarters of it are over: it is time to ask for the next one. */
  readonly renewAt: number;
  readonly logInterMessagePeriod: number;
}

/** One entry of the unicastMasterTable (17.5.2 of 2008 has it as a list of addresses). */
interface MasterEntry {
  readonly address: string;
  readonly grants: Map<GrantedMessage, Promised>;
}

/** What only the chosen master promises. */
const CHOSEN: readonly GrantedMessage[] = ['Sync', 'Delay_Resp'];

/** A wish to be put into a Signaling message for `address`. */
export interface UnicastWish {
  readonly address: string;
  readonly messages: readonly GrantedMessage[];
}

/**
 * The masters that a port asks for unicast (IEEE 1588-2008 16.1): Announce of each of them, so that the best master
 * clock algorithm has something to choose from, and Sync and delay responses of the one that it chose.
 */
export class UnicastMasters {
  readonly #entries: ReadonlyMap<string, MasterEntry>;
  /** What is asked of the chosen master besides Announce: the delay mechanism may change. */
  readonly #services: () => readonly GrantedMessage[];
  /** Only its Pdelay_Resp are asked for. */
  readonly #peer: string | undefined;
  #chosen: string | undefined;

  constructor(addresses: readonly string[], services: () => readonly GrantedMessage[], peer: string | undefined) {
    const all = peer === undefined ? addresses : [...addresses, peer];
    this.#entries = new Map(all.map((address) => [address, { address, grants: new Map() }]));
    this.#masters = new Set(addresses);
    this.#services = services;
    this.#peer = peer;
  }

  readonly #masters: ReadonlySet<string>;

  get empty(): boolean {
    return this.#entries.size === 0;
  }

  /** Whether it is one of those that may be a master here. */
  has(address: string | undefined): boolean {
    return address !== undefined && this.#masters.has(address);
  }

  /** The peer's promise to answer holds. */
  peerGranted(now: number): boolean {
    return this.#peer !== undefined && this.granted(this.#peer, 'Pdelay_Resp', now);
  }

  granted(address: string | undefined, message: GrantedMessage, now: number): boolean {
    if (address === undefined) return false;
    const promised = this.#entries.get(address)?.grants.get(message);
    return promised !== undefined && promised.until > now;
  }

  /** Everything that is wanted and not promised for much longer. */
  wishes(now: number): readonly UnicastWish[] {
    const wishes: UnicastWish[] = [];
    for (const { address, grants } of this.#entries.values()) {
      const messages = this.#wanted(address).filter((message) => (grants.get(message)?.renewAt ?? 0) <= now);
      if (messages.length > 0) wishes.push({ address, messages });
    }
    return wishes;
  }

  /** False: it was not asked. A duration of 0 denies, and takes back what was promised. */
  grant(
    address: string,
    message: GrantedMessage,
    logInterMessagePeriod: number,
    durationSeconds: number,
    now: number,
  ): boolean {
    const entry = this.#entries.get(address);
    if (entry === undefined || !this.#wanted(address).includes(message)) return false;
    if (durationSeconds === 0) {
      entry.grants.delete(message);
      return true;
    }
    const ms = 1000 * durationSeconds;
    entry.grants.set(message, { until: now + ms, renewAt: now + 0.75 * ms, logInterMessagePeriod });
    return true;
  }

  /** The master takes it back: false if there was nothing. */
  cancelled(address: string, message: GrantedMessage): boolean {
    return this.#entries.get(address)?.grants.delete(message) ?? false;
  }

  /** Another master, or none: what the former one still promised is to be cancelled. */
  choose(address: string | undefined): UnicastWish | undefined {
    const before = this.#chosen;
    if (before === address) return undefined;
    this.#chosen = address;
    const entry = before === undefined ? undefined : this.#entries.get(before);
    if (entry === undefined) return undefined;
    const messages = CHOSEN.filter((message) => entry.grants.delete(message));
    return messages.length === 0 ? undefined : { address: entry.address, messages };
  }

  /** Nothing is promised any more. */
  reset(): void {
    this.#chosen = undefined;
    for (const { grants } of this.#entries.values()) grants.clear();
  }

  #wanted(address: string): readonly GrantedMessage[] {
    const wanted: GrantedMessage[] = this.#masters.has(address) ? ['Announce'] : [];
    if (address === this.#chosen) wanted.push(...this.#services());
    if (address === this.#peer) wanted.push('Pdelay_Resp');
    return wanted;
  }
}
