import { keyOf, variantOf } from './cases.ts';
import type { Grid } from './grid.ts';
import type { Machine } from './machine.ts';
import type { Report, Row } from './report.ts';
import { differs } from './statistics.ts';

export interface Comparison {
  readonly a: Row;
  readonly b: Row;
  /** How many times as fast as in `a` it is in `b`. */
  readonly ratio: number;
  /** The difference is more than the spreads of both explain. */
  readonly significant: boolean;
}

/** Rows that both reports have, in the order of `a`. */
export function compareReports(a: Report, b: Report): Comparison[] {
  const others = new Map(b.rows.map((row) => [keyOf(row), row]));
  return a.rows.flatMap((row) => {
    const other = others.get(keyOf(row));
    if (other === undefined) return [];
    const ratio = other.gbps / row.gbps;
    return [{ a: row, b: other, ratio, significant: differs(ratio, row.spreadPercent, other.spreadPercent) }];
  });
}

/** Why figures of two reports may not be compared: a line for each thing that differs. */
export function machineDifferences(a: Machine, b: Machine): string[] {
  const of = ['cpu', 'cores', 'governor', 'kernel', 'node', 'routeplane', 'implementation'] as const;
  const lines = of.filter((name) => a[name] !== b[name]).map((name) => `${name}: ${a[name]} -> ${b[name]}`);
  const compilers = (m: Machine): string => m.compilers.map(({ version }) => version).join(', ');
  if (compilers(a) !== compilers(b)) lines.push(`compiler: ${compilers(a)} -> ${compilers(b)}`);
  if (Math.abs(a.coreGhz / b.coreGhz - 1) > 0.02) lines.push(`core clock: ${a.coreGhz} -> ${b.coreGhz} GHz`);
  for (const [name, m] of Object.entries({ first: a, second: b }))
    if (!m.noise.quiet) lines.push(`the machine was not quiet in the ${name} run`);
  return lines;
}

export function compareGrid(comparisons: readonly Comparison[]): Grid {
  return {
    title: 'Second over first; = is within the noise',
    columns: [
      '<suite',
      '<direction',
      'size',
      '<implementation',
      'first Gbit/s',
      'second Gbit/s',
      'ratio',
      'spread %',
      '<',
    ],
    rows: comparisons.map(({ a, b, ratio, significant }) => [
      a.suite + variantOf(a),
      a.direction,
      String(a.size),
      a.implementation,
      a.gbps.toPrecision(4),
      b.gbps.toPrecision(4),
      ratio.toFixed(3),
      Math.hypot(a.spreadPercent, b.spreadPercent).toFixed(1),
      significant ? (ratio > 1 ? 'faster' : 'SLOWER') : '=',
    ]),
  };
}

/** Throws `TypeError` saying what is wrong with it. */
export function parseReport(text: string, name: string): Report {
  let value: Partial<Report> | null;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new TypeError(`${name}: not JSON: ${(error as Error).message}`);
  }
  const good =
    value?.version === 1 &&
    typeof value.machine === 'object' &&
    Array.isArray(value.rows) &&
    value.rows.every((row) => typeof row?.suite === 'string' && row.gbps > 0 && row.spreadPercent >= 0);
  if (!good) throw new TypeError(`${name}: not a report of routeplane bench --json`);
  return value as Report;
}
