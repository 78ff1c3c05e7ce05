import type { Action, IkeEvent } from './action.ts';
import { type BadInput, BadInputCounter } from './bad-input.ts';
import type { ChildSa } from './child-sa.ts';
import type { IkeSettings } from './config.ts';
import { CookieJar } from './cookie.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import type { IkeEnvironment } from './engine.ts';
import { HalfOpen } from './half-open.ts';
import type { IkeSa } from './ike-sa.ts';
import type { Peer } from './peer.ts';
import { Timers } from './timers.ts';

type Fields = Readonly<Record<string, string | number | boolean>>;

/** What all IKE_SAs of an engine share: time, tables, and the list of actions that the running call returns. */
export class Core {
  readonly settings: IkeSettings;
  readonly crypto: IkeCrypto;
  readonly cookies: CookieJar;
  readonly timers: Timers;
  readonly badInput = new BadInputCounter();
  readonly halfOpen = new HalfOpen();
  readonly peers = new Map<string, Peer>();
  readonly ikeSas = new Map<number, IkeSa>();
  /** By this side's SPI. */
  readonly bySpi = new Map<bigint, IkeSa>();
  readonly children = new Map<number, ChildSa>();
  /** Closed IKE_SAs that still repeat their last response, oldest first; `halfOpenLimit` at most. */
  readonly lingering = new Set<IkeSa>();
  /** Closing down: nothing new is started. */
  stopping = false;
  readonly #environment: IkeEnvironment;
  #now = 0;
  #actions: Action[] = [];
  #lastIkeSa = 0;
  #lastChildSa = 0;
  #order = 0;

  constructor(settings: IkeSettings, environment: IkeEnvironment) {
    this.settings = settings;
    this.#environment = environment;
    this.crypto = environment.crypto;
    this.cookies = new CookieJar(environment.crypto);
    this.timers = new Timers((action) => this.emit(action));
  }

  /** How long a request is sent again before its sender gives up, and a little more. */
  get retransmissionSeconds(): number {
    const { retransmitSeconds, retransmitFactor, retransmitTries } = this.settings;
    let total = 0;
    for (let i = 0; i <= retransmitTries; i++) total += retransmitSeconds * retransmitFactor ** i;
    return total + 1;
  }

  get now(): number {
    return this.#now;
  }

  advance(now: number): void {
    this.#now = Math.max(this.#now, now);
  }

  emit(action: Action): void {
    this.#actions.push(action);
  }

  take(): readonly Action[] {
    const actions = this.#actions;
    this.#actions = [];
    return actions;
  }

  event(event: IkeEvent): void {
    this.emit({ type: 'event', event });
  }

  log(level: 'debug' | 'info' | 'warning' | 'error', message: string, fields?: Fields): void {
    const topics =
      level === 'error' || level === 'warning' ? `ipsec,${level}` : level === 'debug' ? 'ipsec,debug' : 'ipsec,info';
    this.event({ name: 'log', topics, level, message, ...(fields !== undefined && { fields }) });
  }

  /** Counts, and logs once per kind and second. */
  bad(kind: BadInput, fields: Fields): void {
    const fresh = this.badInput.count(kind, this.#now);
    if (fresh === undefined) return;
    this.log(kind === 'internal error' ? 'error' : 'warning', kind, fresh > 1 ? { ...fields, count: fresh } : fields);
  }

  /** 0..1 */
  random(): number {
    const [a, b, c, d] = this.crypto.random(4) as unknown as [number, number, number, number];
    return (((a << 24) | (b << 16) | (c << 8) | d) >>> 0) / 0x1_0000_0000;
  }

  allocateSpi(dst: string, protocol: 'esp' | 'ah'): number {
    return this.#environment.allocateSpi(dst, protocol);
  }

  localAddress(remote: string): string | undefined {
    return this.#environment.localAddress(remote);
  }

  hasEarlierSas(remote: string): boolean {
    return this.#environment.hasEarlierSas?.(remote) ?? false;
  }

  /** Not zero and not in use: RFC 7296 3.1. */
  newIkeSpi(): bigint {
    for (;;) {
      const bytes = this.crypto.random(8);
      const spi = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0);
      if (spi !== 0n && !this.bySpi.has(spi)) return spi;
    }
  }

  newIkeSaNumber(): number {
    return ++this.#lastIkeSa;
  }

  newChildSaNumber(): number {
    return ++this.#lastChildSa;
  }

  /** Rises with every call: what came first, where `now` is too coarse. */
  order(): number {
    return ++this.#order;
  }
}
