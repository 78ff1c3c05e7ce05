import type { Steering } from './servo.ts';

/** Corrections kept: those of a driver that is some seconds late. */
const LIMIT = 64;

/** A driver that is later than that says nothing useful about where the clock is going. */
const MAX_AHEAD_SECONDS = 2;

/** Which correction the clock had when, in its own time: what steering did between any two instants. */
export class SteeringHistory {
  /** Oldest first; each holds until the next. */
  #changes: { fromNs: bigint; readonly ppb: number }[];
  #lastNs: bigint | undefined;

  constructor(ppb: number) {
    this.#changes = [{ fromNs: -(2n ** 63n), ppb }];
  }

  /** A sample of `ingressNs` that is answered at `localNs`. */
  at(ingressNs: bigint, localNs: bigint): Steering {
    const sinceLastNs = this.#lastNs === undefined ? 0 : this.#steeredNs(this.#lastNs, ingressNs);
    this.#lastNs = ingressNs;
    const latest = ingressNs + BigInt(MAX_AHEAD_SECONDS) * 1_000_000_000n;
    const until = localNs < ingressNs ? ingressNs : localNs > latest ? latest : localNs;
    const aheadSeconds = Number(until - ingressNs) / 1e9;
    return { sinceLastNs, aheadSeconds, aheadNs: this.#steeredNs(ingressNs, until) };
  }

  set(fromNs: bigint, ppb: number): void {
    this.#changes.push({ fromNs, ppb });
    if (this.#changes.length > LIMIT) this.#changes.shift();
  }

  /** All times that the clock shows have moved. */
  stepped(deltaNs: bigint): void {
    for (const change of this.#changes) change.fromNs += deltaNs;
    if (this.#lastNs !== undefined) this.#lastNs += deltaNs;
  }

  #steeredNs(fromNs: bigint, toNs: bigint): number {
    let sum = 0;
    let end = toNs;
    for (let i = this.#changes.length - 1; i >= 0 && end > fromNs; i--) {
      const change = this.#changes[i]!;
      if (change.fromNs >= end) continue;
      const begin = change.fromNs > fromNs ? change.fromNs : fromNs;
      sum += (Number(end - begin) / 1e9) * change.ppb;
      end = begin;
    }
    return sum;
  }
}
