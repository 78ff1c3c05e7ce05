import type { Steering } from './servo.ts';

/** Corrections kept: those of a driver that is some seconds late, and of the peer delay mechanism's interval. */
const LIMIT = 256;

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
    const sinceLastNs = this.#lastNs === undefined ? 0 : this.#added(this.#lastNs, ingressNs).ns;
    this.#lastNs = ingressNs;
    const latest = ingressNs + BigInt(MAX_AHEAD_SECONDS) * 1_000_000_000n;
    const until = localNs < ingressNs ? ingressNs : localNs > latest ? latest : localNs;
    const aheadSeconds = Number(until - ingressNs) / 1e9;
    return { sinceLastNs, aheadSeconds, aheadNs: this.#added(ingressNs, until).ns };
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

  /** The present correction. */
  get ppb(): number {
    return this.#changes.at(-1)!.ppb;
  }

  /** What steering added to the clock between two of its times; undefined if that is too long ago. */
  between(fromNs: bigint, toNs: bigint): number | undefined {
    const { ns, whole } = this.#added(fromNs, toNs);
    return whole ? ns : undefined;
  }

  #added(fromNs: bigint, toNs: bigint): { readonly ns: number; readonly whole: boolean } {
    let ns = 0;
    let end = toNs;
    for (let i = this.#changes.length - 1; i >= 0 && end > fromNs; i--) {
      const change = this.#changes[i]!;
      if (change.fromNs >= end) continue;
      const begin = change.fromNs > fromNs ? change.fromNs : fromNs;
      ns += (Number(end - begin) / 1e9) * change.ppb;
      end = begin;
    }
    return { ns, whole: end <= fromNs };
  }
}
