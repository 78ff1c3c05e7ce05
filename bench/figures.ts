/**
 * What a report of `routeplane bench --json` says in short, as docs/bench-x64.md has it:
 * `npm run bench -- figures FILE.json [IMPLEMENTATION [SIZE,...]]`. Gbit/s of one implementation and how many times that
 * of each peer it is, encrypting / decrypting.
 */
import { readFileSync } from 'node:fs';
import { keyOf, variantOf } from '#lib/bench/cases.js';
import { parseReport } from '#lib/bench/compare.js';
import { gridMarkdown } from '#lib/bench/grid.js';
import { machineLines } from '#lib/bench/machine.js';
import type { Row } from '#lib/bench/report.js';
import { noteLines } from '#lib/bench/table.js';

const [file, implementation, sizes = '64,1400,imix'] = process.argv.slice(2);
if (file === undefined) throw new Error('npm run bench -- figures FILE.json [IMPLEMENTATION [SIZE,...]]');
const report = parseReport(readFileSync(file, 'utf8'), file);
const ours = implementation === undefined ? report.machine.implementation : `routeplane:${implementation}`;
const peers = ['node-openssl', 'ipsec-mb', 'libgcrypt'];

const rows = new Map(report.rows.map((row) => [keyOf(row), row]));
const pair = (of: Row, text: (row: Row, direction: string) => string | undefined): string => {
  const both = ['encrypt', 'decrypt'].map((direction) => {
    const row = rows.get(keyOf({ ...of, direction, implementation: ours }));
    return row && text(row, direction);
  });
  return both.every((one) => one !== undefined) ? both.join(' / ') : '';
};
const times = (peer: string) => (row: Row, direction: string) => {
  const other = rows.get(keyOf({ ...row, direction, implementation: peer }));
  return other && (row.gbps / other.gbps).toFixed(2);
};

const chosen = report.rows.filter(
  (row) => row.implementation === ours && row.direction === 'encrypt' && sizes.split(',').includes(String(row.size)),
);
const grid = {
  title: ours,
  columns: ['<suite', '<size', '<Gbit/s', ...peers.map((peer) => `<x ${peer}`)],
  rows: chosen.map((row) => [
    `\`${row.suite}\`${variantOf(row)}`,
    String(row.size),
    pair(row, ({ gbps }) => String(Number(gbps.toPrecision(3)))),
    ...peers.map((peer) => pair(row, times(peer))),
  ]),
};
console.log([...machineLines(report.machine), ...noteLines(report)].map((line) => `- ${line}`).join('\n'));
console.log(`\n${gridMarkdown(grid)}`);
