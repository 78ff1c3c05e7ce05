import type { MessageHost } from './port-host.ts';

/** Samples that make one ratio: the fewest, and the most of a clock that is steered by nobody knows how much. */
const FEWEST = 3;
const WINDOW = 8;
/** Without what steering does to it an oscillator keeps its rate for longer. */
const KNOWN_WINDOW = 32;
/** A rate over the last WINDOW samples that is so far from that over all of them is another oscillator's. */
const CHANGED = 1e-6;

interface Sample {
  readonly localNs: bigint;
  readonly peerNs: bigint;
  /** What steering added to this clock since the first sample. */
  readonly steeredNs: number;
}

/**
 * The rate of a neighbour's clock (802.1AS-2020 11.2.19.3.3), from departures there to arrivals here, over that of this
 * clock's oscillator: what steering does to the clock is taken out, where that is known, and put in again when asked for
 * the ratio of the clocks.
 */
export class NeighborRate {
  readonly #host: Pick<MessageHost, 'steering'>;
  #samples: Sample[] = [];
  /** Over the oscillator with `steering`, else over the clock. */
  #ratio = 1;

  constructor(host: Pick<MessageHost, 'steering'>) {
    this.#host = host;
  }

  /** The peer's rate over this clock's. */
  get ratio(): number {
    const { steering } = this.#host;
    return steering === undefined || this.#ratio === 1 ? this.#ratio : this.#ratio / (1 + steering.ppb * 1e-9);
  }

  /** Another peer. */
  reset(): void {
    this.flush();
    this.#ratio = 1;
  }

  /** The clock was stepped: times before that are worth nothing. */
  flush(): void {
    this.#samples = [];
    if (this.#host.steering === undefined) this.#ratio = 1;
  }

  /** True when the rate has become another than it was taken to be. */
  sample(peerNs: bigint, localNs: bigint): boolean {
    const { steering } = this.#host;
    const last = this.#samples.at(-1);
    const added = last === undefined ? 0 : (steering?.between(last.localNs, localNs) ?? (steering ? undefined : 0));
    // The history does not reach back so far.
    if (added === undefined) this.#samples = [];
    this.#samples.push({ localNs, peerNs, steeredNs: (last?.steeredNs ?? 0) + (added ?? 0) });
    if (this.#samples.length > 1 + (steering === undefined ? WINDOW : KNOWN_WINDOW)) this.#samples.shift();
    if (this.#samples.length < FEWEST) return false;
    const recent = this.#samples.slice(-WINDOW - 1);
    let ratio = rateOver(this.#samples);
    if (Math.abs(ratio - rateOver(recent)) > CHANGED) {
      this.#samples = recent;
      ratio = rateOver(recent);
    }
    // A clock that is further off than this was stepped in between.
    if (Math.abs(ratio - 1) >= 1e-3) {
      this.reset();
      return false;
    }
    const before = this.#ratio;
    this.#ratio = ratio;
    return Math.abs(ratio - before) > CHANGED;
  }

  /** The way there and back, and the peer's part of it, both in the time of one clock. */
  exchange(t1: bigint, t4: bigint, residenceNs: number): { readonly roundNs: number; readonly residenceNs: number } {
    const roundNs = Number(t4 - t1);
    const { steering } = this.#host;
    const steeredNs = steering?.between(t1, t4);
    if (steering !== undefined && steeredNs !== undefined && this.#ratio !== 1)
      return { roundNs: roundNs - steeredNs, residenceNs: residenceNs / this.#ratio };
    return { roundNs, residenceNs: residenceNs / this.ratio };
  }
}

function rateOver(samples: readonly Sample[]): number {
  const first = samples[0]!;
  const last = samples.at(-1)!;
  const localNs = Number(last.localNs - first.localNs) - (last.steeredNs - first.steeredNs);
  return localNs > 0 ? Number(last.peerNs - first.peerNs) / localNs : 1;
}
