import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { HardwareClock } from '#lib/phc/index.js';
import type { LabProcess } from '../lab/lab-process.ts';
import type { Namespace } from '../lab/namespace.ts';
import { Topology } from '../lab/topology.ts';

/** Parameters of the cards that can be changed while they run; a list has one value per card. */
export function setCards(name: string, value: number | readonly number[]): void {
  writeFileSync(`/sys/module/vphc/parameters/${name}`, [value].flat().join(','));
}

export interface TruthSample {
  /** Seconds of this process's monotonic clock. */
  readonly at: number;
  readonly errorNs: number;
  /** The instant that both clocks were read at, ms of CLOCK_MONOTONIC_RAW. */
  readonly rawMs: number;
}

/** How long after one sample the next is taken. */
const sampleMs = 100;

/** How late a sample was at worst: so long did the VM, or its processor that samples, stand still. */
export function standstillMs(samples: readonly TruthSample[]): number {
  return samples.slice(1).reduce((most, { rawMs }, i) => Math.max(most, rawMs - samples[i]!.rawMs - sampleMs), 0);
}

/** Two cards and the wire between them, each card in a namespace of its own, the second's clock away from the first's. */
export class Wire {
  readonly near: Namespace;
  readonly far: Namespace;
  readonly nearCard: string;
  readonly farCard: string;
  readonly #farClock: number;
  readonly #sampler: LabProcess;
  readonly #topology = new Topology();

  /**
   * @param pair 0 is vphc0 and vphc1
   * @param near where the first card is to be, if it is the box of another wire's
   */
  constructor(pair: number, near?: Namespace) {
    this.nearCard = `vphc${2 * pair}`;
    this.farCard = `vphc${2 * pair + 1}`;
    this.#farClock = 2 * pair + 1;
    this.near = near ?? this.#topology.namespace(`near${pair}`);
    this.far = this.#topology.namespace(`far${pair}`);
    for (const [namespace, card, host] of [
      [this.near, this.nearCard, 1],
      [this.far, this.farCard, 2],
    ] as const) {
      this.#topology.take(namespace, card);
      namespace.address(card, `192.0.${2 + pair}.${host}/24`, `fd00:88:${pair}::${host}/64`);
    }
    // /sys shows the cards of its own namespace only. Without a process for each sample: the VM is slow.
    const loop = `exec 9<> <(:); while :; do read -r error raw < /sys/class/net/${this.farCard}/truth_ns; echo $error $raw; read -r -t ${sampleMs / 1000} -u 9; done`;
    this.#sampler = this.far.spawn('bash', ['-c', loop]);
  }

  /** The far clock 2 ms ahead of the near one, at the rate of its own oscillator. */
  async reset(): Promise<void> {
    using clock = new HardwareClock(`/dev/ptp${this.#farClock}`);
    clock.setFrequency(0);
    await sleep(300);
    clock.step(2_000_000n - BigInt(this.errorNs));
  }

  /** The far clock minus the near one: what a slave is to make 0. */
  get errorNs(): number {
    return Number(this.#sampler.stdout.trimEnd().split('\n').at(-1)?.split(' ')[0]);
  }

  /** Takes the truth for so long, ten times a second. */
  async sample(seconds: number, until: () => boolean = () => false): Promise<TruthSample[]> {
    const samples: TruthSample[] = [];
    let seen = this.#sampler.stdout.lastIndexOf('\n') + 1;
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end && !until()) {
      await sleep(50);
      const text = this.#sampler.stdout.slice(seen);
      const whole = text.lastIndexOf('\n') + 1;
      seen += whole;
      const at = performance.now() / 1000;
      for (const line of text.slice(0, whole).split('\n')) {
        const [error, raw] = line.split(' ');
        if (line) samples.push({ at, errorNs: Number(error), rawMs: Number(raw) / 1e6 });
      }
    }
    return samples;
  }

  async close(): Promise<void> {
    await this.#sampler.stop('SIGKILL');
    this.#topology.close();
  }
}

export function standardDeviation(values: readonly number[]): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length);
}
