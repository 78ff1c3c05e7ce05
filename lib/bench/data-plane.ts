import type { Grid } from './grid.ts';
import { BenchOptionError } from './options.ts';

const columns = [
  ['case', '<case'],
  ['implementation', '<gateway'],
  ['size', 'bytes'],
  ['gbps', 'Gbit/s'],
  ['mpps', 'Mpps'],
  ['cpuCores', 'cores'],
  ['ratioToWireguardGo', 'x wireguard-go'],
  ['p50Us', 'p50 us'],
  ['p99Us', 'p99 us'],
  ['p999Us', 'p99.9 us'],
  ['packetsRefused', 'refused'],
  ['packetsOverrun', 'overrun'],
  ['megabytes', 'MB'],
] as const;

/** The rows that `npm run bench:dataplane -- --json` wrote to `file`, which npm may have put lines in front of. */
export function dataPlaneGrid(text: string, file: string): Grid {
  try {
    const rows = JSON.parse(text.slice(text.search(/^\[/m))) as readonly Readonly<Record<string, unknown>>[];
    if (!rows.every((row) => typeof row['case'] === 'string' && typeof row['implementation'] === 'string'))
      throw new SyntaxError('a row without case or implementation');
    return {
      title: 'Gateways',
      columns: columns.map(([, title]) => title),
      rows: rows.map((row) => columns.map(([name]) => String(row[name] ?? ''))),
    };
  } catch (error) {
    throw new BenchOptionError(
      `--data-plane=${file}: not what bench:dataplane --json writes: ${(error as Error).message}`,
    );
  }
}
