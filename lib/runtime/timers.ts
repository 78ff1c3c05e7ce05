/** Named one-shot timers on the monotonic clock: what an engine's `setTimer` and `clearTimer` drive. */

/** setTimeout counts in 32 bits, signed: a longer wait fires at once, so it is taken in steps. */
const longestWaitMs = 0x7fffffff;

/** Node serves timers before sockets: one that is later than that lets go first what came in the meantime. */
const lateMs = 5;

export class Timers {
  readonly #fire: (id: string) => void;
  readonly #running = new Map<string, { at: number; handle: NodeJS.Timeout }>();

  constructor(fire: (id: string) => void) {
    this.#fire = fire;
  }

  /** Milliseconds; never steps. */
  now(): number {
    return performance.now();
  }

  get size(): number {
    return this.#running.size;
  }

  /** Fires once when the clock has reached `at`. An id that runs already is moved. */
  set(id: string, at: number): void {
    clearTimeout(this.#running.get(id)?.handle);
    // A timer alone keeps no process alive: the sockets that it serves do.
    const wait = Math.min(Math.max(at - this.now(), 0), longestWaitMs);
    const handle = setTimeout(() => this.#due(id), Math.ceil(wait)).unref();
    this.#running.set(id, { at, handle });
  }

  clear(id: string): void {
    clearTimeout(this.#running.get(id)?.handle);
    this.#running.delete(id);
  }

  clearAll(): void {
    for (const { handle } of this.#running.values()) clearTimeout(handle);
    this.#running.clear();
  }

  #due(id: string): void {
    const timer = this.#running.get(id);
    if (timer === undefined) return;
    if (timer.at > this.now()) {
      this.set(id, timer.at);
      return;
    }
    if (this.now() - timer.at > lateMs) {
      // What was waited for may lie in a socket, and may move or clear this timer.
      setImmediate(() => {
        if (this.#running.get(id) === timer) this.#end(id);
      });
    } else this.#end(id);
  }

  #end(id: string): void {
    this.#running.delete(id);
    this.#fire(id);
  }
}
