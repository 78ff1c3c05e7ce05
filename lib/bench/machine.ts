import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, loadavg, release } from 'node:os';
import { cpuFeatures, defaultImplementation, implementations } from '../crypto/index.ts';
import { addon } from './addon.ts';
import type { Noise, NoiseWatch } from './noise.ts';

export interface Machine {
  readonly cpu: string;
  readonly architecture: string;
  readonly cores: number;
  readonly virtual: boolean;
  /** The scaling governor, or `none` where the kernel does not scale. */
  readonly governor: string;
  readonly kernel: string;
  readonly node: string;
  readonly routeplane: string;
  /** What routeplane uses unless told otherwise: `routeplane:vaes`. */
  readonly implementation: string;
  readonly implementations: readonly string[];
  readonly cpuFeatures: readonly string[];
  /** By version; `units` only if there is more than one. */
  readonly compilers: readonly { readonly version: string; readonly units: readonly string[] }[];
  readonly clock: { readonly source: string; readonly mhz: number; readonly overheadNs: number };
  /** Measured over the run. */
  readonly coreGhz: number;
  readonly noise: Noise;
  /** ISO 8601, when the run ended. */
  readonly date: string;
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}

function cpuName(): string {
  // ARM kernels have no `model name`, but the board's is in the device tree.
  const name = cpus()[0]?.model ?? '';
  if (name !== '' && name !== 'unknown') return name.trim();
  return read('/sys/firmware/devicetree/base/model').replaceAll('\0', '') || `unknown ${arch()}`;
}

function compilers(): Machine['compilers'] {
  const byVersion = new Map<string, Set<string>>();
  for (const { unit, version } of addon.compilers()) {
    byVersion.set(version, (byVersion.get(version) ?? new Set()).add(unit));
  }
  const several = byVersion.size > 1;
  return [...byVersion].map(([version, units]) => ({ version, units: several ? [...units].sort() : [] }));
}

export function packageVersion(): string {
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
}

/** What a figure depends on, with the noise that `watch` has seen until now. */
export function machineOf(watch: NoiseWatch): Machine {
  const clock = addon.clock();
  return {
    cpu: cpuName(),
    architecture: arch(),
    cores: availableParallelism(),
    virtual: / hypervisor( |$)/m.test(read('/proc/cpuinfo')) || read('/sys/hypervisor/type') !== '',
    governor: read('/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor') || 'none',
    kernel: release(),
    node: process.version,
    routeplane: packageVersion(),
    implementation: `routeplane:${defaultImplementation()}`,
    implementations: implementations().map((name) => `routeplane:${name}`),
    cpuFeatures: cpuFeatures(),
    compilers: compilers(),
    clock: {
      source: clock.source,
      mhz: Number((clock.ticksPerNs * 1000).toFixed(1)),
      overheadNs: Number(clock.overheadNs.toFixed(1)),
    },
    coreGhz: Number(watch.coreGhz.toFixed(3)),
    noise: watch.end(loadavg()[0]!),
    date: new Date().toISOString(),
  };
}

/** The head of every report, a line for each thing. */
export function machineLines(m: Machine): string[] {
  const { noise } = m;
  const compiled = m.compilers.map(
    ({ version, units }) => `${version} (${units.length > 0 ? units.join(' ') : 'every unit'})`,
  );
  const spin = (s: Noise['before']): string => `${s.spreadPercent} % (slowest hundredth +${s.p99SlowerPercent} %)`;
  return [
    `CPU: ${m.cpu}, ${m.cores} core${m.cores === 1 ? '' : 's'}, ${m.architecture}${m.virtual ? ', virtual machine' : ''}`,
    `Clock: core ${m.coreGhz} GHz measured, governor ${m.governor}, ${m.clock.source} at ${m.clock.mhz} MHz`,
    `Implementation in use: ${m.implementation} of ${m.implementations.join(', ')}`,
    `CPU features: ${m.cpuFeatures.join(' ') || 'none of those that matter'}`,
    `Compiler: ${compiled.join('; ')}`,
    `Software: routeplane ${m.routeplane}, Node ${m.node}, Linux ${m.kernel}`,
    `Noise: ${noise.quiet ? 'quiet' : 'NOT QUIET'}; spin before ${spin(noise.before)}, after ${spin(noise.after)}; ` +
      `steal ${noise.stealPercent} %, ${noise.preemptionsPerSecond} preemptions/s, load ${noise.loadAverage}`,
    `Date: ${m.date}`,
  ];
}
