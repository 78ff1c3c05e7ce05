import { variantOf } from './cases.ts';
import { chartScript } from './chart-script.ts';
import { chartStyle } from './chart-style.ts';
import { escapeHtml, type Grid, gridHtml } from './grid.ts';
import { machineLines } from './machine.ts';
import type { Report } from './report.ts';
import { noteLines } from './table.ts';

const controls = (['view', 'direction', 'metric', 'size', 'suite', 'tunnels', 'scale'] as const)
  .map((id) => `<label>${id === 'suite' ? 'cipher' : id}<select id="${id}"></select></label>`)
  .join('\n');

function tablesHtml(tables: readonly Grid[]): string {
  const one = (grid: Grid, open: boolean): string =>
    `<details${open ? ' open' : ''}><summary>${escapeHtml(grid.title)}</summary>${gridHtml(grid)}</details>`;
  return tables.map((grid, i) => one(grid, i === 0)).join('\n');
}

/** One file with nothing outside it: the picture, and every table under it. */
export function reportHtml(report: Report, tables: readonly Grid[]): string {
  const { machine, rows } = report;
  // What is not as it mostly is gets bars of its own in the picture.
  const named = rows.map((row) => ({ ...row, suite: row.suite + variantOf({ ...row, tunnels: 1 }) }));
  const data = { inUse: machine.implementation, rows: named };
  // A `<` in the data would end the script element.
  const json = JSON.stringify(data).replaceAll('<', '\\u003c');
  const list = (lines: readonly string[]): string => lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('\n');
  const noisy = machine.noise.quiet ? '' : '<p class="noisy">The machine was not quiet during this run.</p>';
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>routeplane bench: ${escapeHtml(machine.cpu)}</title>
<style>${chartStyle}</style>
</head>
<body>
<h1>What each cipher does</h1>
<p>${escapeHtml(machine.cpu)}, one core at ${machine.coreGhz} GHz; ESP packets, cipher and MAC only</p>
${noisy}
<div class="card">
<div class="controls">
${controls}
</div>
<div class="key"><span>in use here</span><span class="own">other routeplane code</span><span class="peer">other libraries</span><b id="unit"></b></div>
<div id="chart"><div id="tip" hidden></div></div>
<noscript><p>The picture needs JavaScript; the tables below do not.</p></noscript>
</div>
<h2>Machine and run</h2>
<ul>
${list([...machineLines(machine), ...noteLines(report)])}
</ul>
<h2>Tables</h2>
${tablesHtml(tables)}
<script type="application/json" id="data">${json}</script>
<script>${chartScript}</script>
</body>
</html>
`;
}
