import { accessSync, constants, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { casesOf } from '../bench/cases.ts';
import { compareGrid, compareReports, machineDifferences, parseReport } from '../bench/compare.ts';
import { dataPlaneGrid } from '../bench/data-plane.ts';
import { type Grid, gridMarkdown, gridText } from '../bench/grid.ts';
import { reportHtml } from '../bench/html.ts';
import { mikrotikGrids } from '../bench/mikrotik.ts';
import { BenchOptionError, type BenchOptions, type Output, parseOptions } from '../bench/options.ts';
import { sizes } from '../bench/packets.ts';
import { probePeers } from '../bench/peers.ts';
import { duration, Progress } from '../bench/progress.ts';
import { isOurs, type Report } from '../bench/report.ts';
import { run } from '../bench/run.ts';
import { isAvailable, suites } from '../bench/suites.ts';
import { figureGrids, grids, reportMarkdown, reportText } from '../bench/table.ts';
import { defaultImplementation, implementations } from '../crypto/index.ts';

const usage = `Usage: routeplane bench [OPTION]...

What each cipher does on this machine: Gbit/s, Mpps, cycles per byte, p50, p99 and spread for each packet size.

  --cipher=NAME,...          aes-128-gcm, aes-128-cbc+sha1; aes-128-cbc means all that have it
  --size=BYTES,...           of inner packets; imix is 7:4:1 of 64, 594 and 1518 bytes
  --implementation=NAME,...  of ours: portable, aesni...; all if not given
  --direction=NAME           encrypt or decrypt; both if not given
  --peer=NAME,... | none     other libraries; all that are here if not given
  --batch=PACKETS,...        handed over at once; 16 to 64, as the second-level cache holds, if not given
  --minutes=N                the whole run at most; 9.5 if not given
  --seconds-per-case=N       so long for every case; if not given, until its figures are steady
  --quick                    the main ciphers at three sizes, in less than a minute
  --mikrotik                 the form of MikroTik's product pages
  --json[=FILE]  --markdown[=FILE]  --html[=FILE]
  --data-plane=FILE          what npm run bench:dataplane -- --json wrote, for the HTML report
  --compare A.json B.json    two reports of --json
  --list                     what can be measured here
`;

function list(): void {
  const lines = ['Ciphers:'];
  for (const suite of suites) lines.push(`  ${suite.name}${isAvailable(suite) ? '' : '  (not in this build)'}`);
  lines.push('Sizes:', `  ${sizes.join(' ')}`, 'Implementations:');
  for (const name of implementations()) lines.push(`  ${name}${name === defaultImplementation() ? '  (in use)' : ''}`);
  lines.push('Peers:');
  for (const { name, version, present, reason } of probePeers())
    lines.push(`  ${name}  ${present ? version : `absent: ${reason}`}`);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function compare([first, second]: readonly string[], markdown: boolean): void {
  const [a, b] = [first!, second!].map((file) => parseReport(readFileSync(file, 'utf8'), file)) as [Report, Report];
  const rows = compareReports(a, b);
  const warnings = machineDifferences(a.machine, b.machine);
  const lost = a.rows.length - rows.length;
  const added = b.rows.length - rows.length;
  if (lost > 0) warnings.push(`${lost} rows are only in the first`);
  if (added > 0) warnings.push(`${added} rows are only in the second`);
  const grid = compareGrid(rows);
  const count = rows.filter(({ significant }) => significant).length;
  process.stdout.write(
    `${warnings.map((line) => `Note: ${line}\n`).join('')}${markdown ? gridMarkdown(grid) : gridText(grid)}` +
      `${rows.length} rows, ${count} differ\n`,
  );
}

/** A long run whose report cannot be written would be lost. */
function checkWritable({ form, file }: Output): void {
  try {
    const exists = statSync(file, { throwIfNoEntry: false })?.isFile();
    accessSync(exists ? file : dirname(file), constants.W_OK);
  } catch (error) {
    throw new BenchOptionError(`--${form}=${file}: cannot be written: ${(error as Error).message}`);
  }
}

function gatewaysOf(file: string): Grid {
  try {
    return dataPlaneGrid(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof BenchOptionError) throw error;
    throw new BenchOptionError(`--data-plane=${file}: ${(error as Error).message}`);
  }
}

function write(report: Report, { outputs, mikrotik }: BenchOptions, gateways: readonly Grid[]): void {
  const tables = mikrotik ? mikrotikGrids(report) : grids(report);
  const forms = {
    json: () => `${JSON.stringify(report, undefined, 1)}\n`,
    markdown: () => reportMarkdown(report, tables),
    html: () => reportHtml(report, [...tables, ...(mikrotik ? figureGrids(report) : []), ...gateways]),
  };
  if (outputs.every(({ file }) => file !== '')) process.stdout.write(reportText(report, tables));
  for (const { form, file } of outputs) {
    if (file === '') process.stdout.write(forms[form]());
    else writeFileSync(file, forms[form]());
  }
}

async function measure(options: BenchOptions): Promise<number> {
  for (const output of options.outputs) if (output.file !== '') checkWritable(output);
  const gateways = options.dataPlane === undefined ? [] : [gatewaysOf(options.dataPlane)];
  const { selection, effort } = options;
  const cases = casesOf({ ...selection, suites: selection.suites.filter(isAvailable) }).length;
  const most = Math.min(
    cases * effort.turnSeconds * effort.maximumTurns * 1.3,
    effort.maximumSeconds ?? Number.POSITIVE_INFINITY,
  );
  process.stderr.write(`${cases} cases, at most ${duration(most)}\n`);
  const progress = new Progress(process.stderr);
  const report = await run({ selection, effort, progress: (...args) => progress.update(...args) });
  progress.clear();
  if (report.rows.length === 0 && report.failures.length === 0) {
    process.stderr.write(`routeplane bench: nothing to measure: not in this build: ${report.unavailable.join(', ')}\n`);
    return 1;
  }
  write(report, options, gateways);
  for (const { suite, implementation, reason } of report.failures)
    process.stderr.write(`routeplane bench: ${suite} by ${implementation}: ${reason}\n`);
  return report.failures.some(({ implementation }) => isOurs(implementation)) ? 1 : 0;
}

/** Exit status 0, 1 if ours gave wrong bytes or nothing could be measured, 2 for options that cannot be. */
export async function bench(args: readonly string[]): Promise<number> {
  const available = {
    implementations: implementations().map((name) => `routeplane:${name}`),
    inUse: `routeplane:${defaultImplementation()}`,
    peers: probePeers()
      .filter(({ present }) => present)
      .map(({ name }) => name),
  };
  try {
    const options = parseOptions(args, available);
    if (options.command === 'help') process.stdout.write(usage);
    else if (options.command === 'list') list();
    else if (options.command === 'compare')
      compare(
        options.files,
        options.outputs.some(({ form }) => form === 'markdown'),
      );
    else return await measure(options);
    return 0;
  } catch (error) {
    if (!(error instanceof BenchOptionError)) throw error;
    process.stderr.write(`routeplane bench: ${error.message}\n`);
    return 2;
  }
}
