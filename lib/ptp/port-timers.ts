import { intervalMs, type PortHost } from './port-host.ts';

export type TimerName =
  | 'announceReceipt'
  | 'syncReceipt'
  | 'qualification'
  | 'announce'
  | 'sync'
  | 'delayReq'
  | 'pdelayReq'
  /** Asks unicast masters for what they promise, and serves those to whom something was promised. */
  | 'unicastQuery'
  | 'unicastService';

/** The timers of one port, by name: one that was cleared or moved does not fire. */
export class PortTimers {
  readonly #host: PortHost;
  readonly #port: number;
  readonly #due = new Map<TimerName, number>();

  constructor(host: PortHost, port: number) {
    this.#host = host;
    this.#port = port;
  }

  has(name: TimerName): boolean {
    return this.#due.has(name);
  }

  set(name: TimerName, at: number): void {
    this.#due.set(name, at);
    this.#host.act({ type: 'setTimer', id: `${this.#port}/${name}`, at });
  }

  clear(name: TimerName): void {
    if (this.#due.delete(name)) this.#host.act({ type: 'clearTimer', id: `${this.#port}/${name}` });
  }

  clearAllBut(...kept: readonly TimerName[]): void {
    for (const name of [...this.#due.keys()]) if (!kept.includes(name)) this.clear(name);
  }

  /** When it was due; undefined for one that is not set, and from now on. */
  take(name: TimerName): number | undefined {
    const due = this.#due.get(name);
    this.#due.delete(name);
    return due;
  }

  /** The next beat of the same rhythm, or one interval from now where it fell behind. */
  repeat(name: TimerName, due: number, logInterval: number, now: number): void {
    const interval = intervalMs(logInterval);
    this.set(name, due + interval > now ? due + interval : now + interval);
  }
}
