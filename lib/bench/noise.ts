import { readFileSync } from 'node:fs';
import { addon } from './addon.ts';
import { median, quantile, sorted, spreadPercent } from './statistics.ts';

/** How steady the core ran: a loop of known cycles, timed many times. */
export interface SpinNoise {
  /** Clock rate of the core while it worked, GHz. */
  readonly ghz: number;
  /** Scatter of the loop's time. */
  readonly spreadPercent: number;
  /** How much longer than the middle the slowest hundredth took. */
  readonly p99SlowerPercent: number;
}

export function spinNoise(seconds: number): SpinNoise {
  const times = sorted(addon.spin(Math.round(seconds * 1e9)).map((rate) => 1 / rate));
  const middle = quantile(times, 0.5);
  return {
    ghz: Number((1 / middle).toFixed(3)),
    spreadPercent: Number(spreadPercent(times).toFixed(2)),
    p99SlowerPercent: Number(((quantile(times, 0.99) / middle - 1) * 100).toFixed(2)),
  };
}

/** Clock ticks of all cores since boot: `stolen` went to other guests of the host (proc(5), /proc/stat). */
export function cpuTicks(): { readonly all: number; readonly stolen: number } {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]!;
  const ticks = line.trim().split(/\s+/).slice(1, 9).map(Number);
  return { all: ticks.reduce((sum, n) => sum + n, 0), stolen: ticks[7] ?? 0 };
}

/** What disturbed a run. */
export interface Noise {
  readonly before: SpinNoise;
  readonly after: SpinNoise;
  readonly stealPercent: number;
  /** How often the kernel took the core away from this process, per second. */
  readonly preemptionsPerSecond: number;
  readonly loadAverage: number;
  readonly quiet: boolean;
}

/** Counts from its making until `end`. */
export class NoiseWatch {
  readonly #before = spinNoise(0.05);
  readonly #ticks = cpuTicks();
  readonly #switches = process.resourceUsage().involuntaryContextSwitches;
  readonly #began = performance.now();
  readonly #ghz: number[] = [this.#before.ghz];

  /** A look at the clock rate in between. */
  sample(): void {
    this.#ghz.push(spinNoise(0.002).ghz);
  }

  /** GHz of the core over the run. */
  get coreGhz(): number {
    return median(this.#ghz);
  }

  end(loadAverage: number): Noise {
    const after = spinNoise(0.05);
    const ticks = cpuTicks();
    const switches = process.resourceUsage().involuntaryContextSwitches - this.#switches;
    const stealPercent = (100 * (ticks.stolen - this.#ticks.stolen)) / Math.max(1, ticks.all - this.#ticks.all);
    const preemptionsPerSecond = (1000 * switches) / (performance.now() - this.#began);
    const quiet =
      stealPercent < 1 && preemptionsPerSecond < 20 && [this.#before, after].every((spin) => spin.spreadPercent < 1);
    return {
      before: this.#before,
      after,
      stealPercent: Number(stealPercent.toFixed(2)),
      preemptionsPerSecond: Number(preemptionsPerSecond.toFixed(1)),
      loadAverage: Number(loadAverage.toFixed(2)),
      quiet,
    };
  }
}
