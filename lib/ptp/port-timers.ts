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

/** A wait for messages is made of so many parts. */
const PARTS = 4;

/** In a part that ended so much later than it should, the driver did not listen: that one is waited again. */
const LATE_MS = 20;

/** So many of one wait at most: who is always late loses a silent master too, after three times as long. */
const REPEATS = 2 * PARTS;

interface Wait {
  readonly partMs: number;
  left: number;
  repeats: number;
}

/** The timers of one port, by name: one that was cleared or moved does not fire. */
export class PortTimers {
  readonly #host: PortHost;
  readonly #port: number;
  readonly #due = new Map<TimerName, number>();
  readonly #waits = new Map<TimerName, Wait>();

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

  /**
   * Fires after `ms` in which the driver listened. A process or a whole machine that stood still heard nothing, and its
   * neighbours may have stood still with it: that is no silence of theirs.
   */
  wait(name: TimerName, now: number, ms: number): void {
    this.#waits.set(name, { partMs: ms / PARTS, left: PARTS, repeats: REPEATS });
    this.set(name, now + ms / PARTS);
  }

  clear(name: TimerName): void {
    this.#waits.delete(name);
    if (this.#due.delete(name)) this.#host.act({ type: 'clearTimer', id: `${this.#port}/${name}` });
  }

  clearAllBut(...kept: readonly TimerName[]): void {
    for (const name of [...this.#due.keys()]) if (!kept.includes(name)) this.clear(name);
  }

  /** When it was due; undefined for one that is not set, and from now on, and for a wait that is not over. */
  take(name: TimerName, now: number): number | undefined {
    const due = this.#due.get(name);
    this.#due.delete(name);
    const wait = this.#waits.get(name);
    if (due === undefined || wait === undefined) return due;
    const late = now - due > LATE_MS;
    if (late && wait.repeats > 0) wait.repeats--;
    else wait.left--;
    if (wait.left > 0) {
      this.set(name, (late ? now : due) + wait.partMs);
      return undefined;
    }
    this.#waits.delete(name);
    return due;
  }

  /** The next beat of the same rhythm, or one interval from now where it fell behind. */
  repeat(name: TimerName, due: number, logInterval: number, now: number): void {
    const interval = intervalMs(logInterval);
    this.set(name, due + interval > now ? due + interval : now + interval);
  }
}
