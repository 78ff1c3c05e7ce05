import type { Action } from './action.ts';

/** The engine's timers: a name, a time, and what to do then. The driver only knows the names. */
export class Timers {
  readonly #emit: (action: Action) => void;
  readonly #running = new Map<string, { readonly at: number; readonly fire: () => void }>();

  constructor(emit: (action: Action) => void) {
    this.#emit = emit;
  }

  get size(): number {
    return this.#running.size;
  }

  /** Setting an id again moves it. `at` is rounded up to whole milliseconds. */
  set(id: string, at: number, fire: () => void): void {
    const due = Math.ceil(at);
    this.#running.set(id, { at: due, fire });
    this.#emit({ type: 'setTimer', id, at: due });
  }

  has(id: string): boolean {
    return this.#running.has(id);
  }

  clear(id: string): void {
    if (this.#running.delete(id)) this.#emit({ type: 'clearTimer', id });
  }

  /** A driver may be late, and may have a timer under way that was moved: that one is asked for again. */
  due(id: string, now: number): void {
    const timer = this.#running.get(id);
    if (timer === undefined) return;
    if (timer.at > now) {
      this.#emit({ type: 'setTimer', id, at: timer.at });
      return;
    }
    this.#running.delete(id);
    timer.fire();
  }
}
