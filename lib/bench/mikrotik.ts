import type { Grid } from './grid.ts';
import type { Size } from './packets.ts';
import { groupsOf, type Report } from './report.ts';

/** As MikroTik's product pages have them; the rest keep their own names. */
const configurations: Readonly<Record<string, string>> = {
  'aes-128-cbc+sha1': 'AES-128-CBC + SHA1',
  'aes-256-cbc+sha1': 'AES-256-CBC + SHA1',
  'aes-128-cbc+sha256': 'AES-128-CBC + SHA256',
  'aes-256-cbc+sha256': 'AES-256-CBC + SHA256',
  'aes-128-gcm': 'AES-128-GCM',
  'aes-256-gcm': 'AES-256-GCM',
};

/** The form of the "IPsec test results": kpps and Mbps by packet size, a single tunnel and many. */
export function mikrotikGrids(report: Report): Grid[] {
  const groups = groupsOf(report).filter(({ ours }) => ours !== undefined);
  const sizes: Size[] = [...new Set(groups.map(({ size }) => size))];
  const columns = sizes.flatMap((size) => [`${size} byte kpps`, `${size} byte Mbps`]);
  const rowKeys = new Map(groups.map((group) => [`${group.tunnels} ${group.suite} ${group.direction}`, group]));
  const several = new Set(groups.map(({ direction }) => direction)).size > 1;
  const rows = [...rowKeys.values()].sort((a, b) => a.tunnels - b.tunnels);
  return [
    {
      title: 'IPsec, cipher and MAC of one core (no packet input or output)',
      columns: ['<Mode', '<Configuration', ...columns],
      rows: rows.map((row) => [
        row.tunnels === 1 ? 'Single tunnel' : `${row.tunnels} tunnels`,
        (configurations[row.suite] ?? row.suite) + (several ? `, ${row.direction}` : ''),
        ...sizes.flatMap((size) => {
          const { ours } = groups.find(
            (g) =>
              g.suite === row.suite && g.tunnels === row.tunnels && g.direction === row.direction && g.size === size,
          )!;
          return [(ours!.mpps * 1000).toFixed(1), (ours!.gbps * 1000).toFixed(1)];
        }),
      ]),
    },
  ];
}
