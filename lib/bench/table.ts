import { variantOf } from './cases.ts';
import { type Grid, gridMarkdown, gridText } from './grid.ts';
import { machineLines } from './machine.ts';
import { duration } from './progress.ts';
import { type Group, groupsOf, isOurs, type Report, type Row } from './report.ts';

/** Three or four digits that matter. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '-';
  return value >= 1000 ? value.toFixed(0) : value >= 100 ? value.toFixed(1) : value.toFixed(value >= 10 ? 2 : 3);
}

const ratio = (a: Row | undefined, b: Row | undefined): string =>
  a === undefined || b === undefined ? '-' : (a.gbps / b.gbps).toFixed(2);

/** Ours beside every peer: the ratios of one run. */
export function ratioGrid(report: Report): Grid | undefined {
  const peers = report.peers
    .map(({ name }) => name)
    .filter((name) => report.rows.some((r) => r.implementation === name));
  if (peers.length === 0) return undefined;
  // What is in use; all of ours where that was not asked for.
  const inUse = report.rows.some(({ implementation }) => implementation === report.machine.implementation);
  const lines = groupsOf(report).flatMap((group) =>
    (inUse ? [group.ours] : group.rows.filter(({ implementation }) => isOurs(implementation)))
      .filter((row) => row !== undefined)
      .map((row) => ({ group, row })),
  );
  return {
    title: 'Ratios: how many times as fast as each peer',
    columns: ['<suite', '<direction', 'size', '<implementation', 'Gbit/s', ...peers.map((name) => `x ${name}`)],
    rows: lines.map(({ group, row: ours }) => [
      group.suite + variantOf(group),
      group.direction,
      String(group.size),
      ours.implementation,
      figure(ours.gbps),
      ...peers.map((name) =>
        ratio(
          ours,
          group.rows.find((row) => row.implementation === name),
        ),
      ),
    ]),
  };
}

function rowsOf({ rows, ours }: Group): string[][] {
  return rows.map((row) => [
    String(row.size),
    row.implementation,
    figure(row.gbps),
    figure(row.mpps),
    figure(row.cyclesPerByte),
    figure(row.p50Ns),
    figure(row.p99Ns),
    row.spreadPercent.toFixed(1),
    isOurs(row.implementation) && row !== ours ? ratio(row, ours) : row === ours ? '' : ratio(ours, row),
  ]);
}

/** All figures, a table for each suite and direction. */
export function figureGrids(report: Report): Grid[] {
  const grids = new Map<string, { title: string; rows: string[][] }>();
  for (const group of groupsOf(report)) {
    const title = `${group.suite}, ${group.direction}${variantOf(group)}`;
    const grid = grids.get(title) ?? { title, rows: [] };
    grids.set(title, grid);
    grid.rows.push(...rowsOf(group));
  }
  const columns = ['size', '<implementation', 'Gbit/s', 'Mpps', 'cycles/B', 'p50 ns', 'p99 ns', 'spread %', 'ratio'];
  return [...grids.values()].map(({ title, rows }) => ({ title, columns, rows }));
}

/** What is to be said beside the figures. */
export function noteLines(report: Report): string[] {
  const lines = [
    `Peers: ${report.peers
      .map(({ name, version, present, reason }) => (present ? `${name} (${version})` : `${name} ABSENT (${reason})`))
      .join('; ')}`,
    `Run: ${report.rows.length} cases in ${duration(report.seconds)}, ${report.rounds} rounds, turns of ` +
      `${figure(report.turnSeconds * 1000)} ms; one core; medians of turns; sizes are those of the inner packets`,
  ];
  if (report.unavailable.length > 0) lines.push(`Not in this build: ${report.unavailable.join(', ')}`);
  for (const { suite, implementation, reason } of report.failures)
    lines.push(`FAILED: ${suite} by ${implementation}: ${reason}`);
  return lines;
}

/** `ratio` of the tables: ours over the peer's; for another implementation of ours, its share of the one in use. */
export function grids(report: Report): Grid[] {
  const ratios = ratioGrid(report);
  return ratios === undefined ? figureGrids(report) : [ratios, ...figureGrids(report)];
}

export function reportText(report: Report, tables: readonly Grid[]): string {
  return [...machineLines(report.machine), ...noteLines(report), '', ...tables.map(gridText)].join('\n');
}

export function reportMarkdown(report: Report, tables: readonly Grid[]): string {
  const head = [...machineLines(report.machine), ...noteLines(report)].map(
    (line) => `- ${line.replaceAll('|', '\\|')}`,
  );
  return ['## routeplane bench', '', ...head, '', ...tables.map(gridMarkdown)].join('\n');
}
