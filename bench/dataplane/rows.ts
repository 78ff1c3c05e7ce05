/** One figure of one implementation, the median of its runs. */
export interface Row {
  readonly case: string;
  readonly implementation: string;
  /** Bytes of an inner IP packet, or `imix`; nothing where the traffic says it. */
  readonly size: number | 'imix' | undefined;
  readonly gbps: number | undefined;
  readonly mpps: number | undefined;
  /** Processor time of the gateways, in cores. */
  readonly cpuCores: number | undefined;
  readonly ratioToWireguardGo: number | undefined;
  /** Added to the bare path, one way, in microseconds. */
  readonly p50Us?: number;
  readonly p99Us?: number;
  readonly p999Us?: number;
  /** Refused by a gateway for what it counts under `statistics()`, and lost before a gateway took them. */
  readonly packetsRefused?: number;
  readonly packetsOverrun?: number;
  readonly megabytes?: number;
}

export type Sample = Omit<Row, 'ratioToWireguardGo'>;

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const keyOf = (s: Pick<Sample, 'case' | 'implementation' | 'size'>): string =>
  `${s.case}|${s.size}|${s.implementation}`;
const figures = [
  'gbps',
  'mpps',
  'cpuCores',
  'p50Us',
  'p99Us',
  'p999Us',
  'packetsRefused',
  'packetsOverrun',
  'megabytes',
] as const;
const round = (value: number): number => Number(value.toPrecision(3));

/** Medians of what was measured of the same, in the order of its first measurement. */
export function rowsOf(samples: readonly Sample[]): Row[] {
  const groups = new Map<string, Sample[]>();
  for (const s of samples) groups.set(keyOf(s), [...(groups.get(keyOf(s)) ?? []), s]);
  const rows = [...groups.values()].map((group): Row => {
    const row: Record<string, unknown> = { ...group[0]! };
    for (const figure of figures) {
      const values = group.map((s) => s[figure]).filter((value) => value !== undefined);
      if (values.length > 0) row[figure] = round(median(values));
    }
    return row as unknown as Row;
  });
  return rows.map((row) => {
    const reference = rows.find((r) => keyOf(r) === keyOf({ ...row, implementation: 'wireguard-go' }));
    const [mine, theirs] = row.gbps !== undefined ? [row.gbps, reference?.gbps] : [row.p50Us, reference?.p50Us];
    const ratio = mine !== undefined && theirs !== undefined && theirs > 0 ? round(mine / theirs) : undefined;
    return { ...row, ratioToWireguardGo: ratio };
  });
}

const columns = [
  ['case', 'case'],
  ['implementation', 'implementation'],
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

export const cells = (rows: readonly Row[]): string[][] => [
  columns.map(([, title]) => title),
  ...rows.map((row) => columns.map(([name]) => String(row[name] ?? ''))),
];

export function markdown(rows: readonly Row[]): string {
  const [head, ...body] = cells(rows).map((line) => `| ${line.join(' | ')} |`);
  return [head, `|${'---|'.repeat(columns.length)}`, ...body].join('\n');
}

export function table(rows: readonly Row[]): string {
  const lines = cells(rows);
  const widths = columns.map((_, i) => Math.max(...lines.map((line) => line[i]!.length)));
  const text = (line: readonly string[]): string =>
    line.map((cell, i) => (i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ');
  return lines.map(text).join('\n');
}
