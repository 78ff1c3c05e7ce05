import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import { compareReports, parseReport } from '#lib/bench/compare.js';
import { gridHtml, gridMarkdown, gridText } from '#lib/bench/grid.js';
import { reportHtml } from '#lib/bench/html.js';
import type { Report, Row } from '#lib/bench/report.js';
import { measureTurn } from '#lib/bench/run.js';
import { isAvailable, suites } from '#lib/bench/suites.js';
import { implementations } from '#lib/crypto/index.js';

const main = resolve('dist/cli/main.js');
const folder = mkdtempSync(join(tmpdir(), 'routeplane-bench-'));
after(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);
const bench = (...args: string[]) => spawnSync(process.execPath, [main, 'bench', ...args], { encoding: 'utf8' });

const selection = ['--cipher=aes-128-gcm,aes-128-cbc+sha1', '--size=64,imix', '--seconds-per-case=0.001'];
const made = bench(...selection, `--json=${file('a.json')}`, `--html=${file('a.html')}`, '--markdown');
const report: Report = parseReport(readFileSync(file('a.json'), 'utf8'), 'a.json');

/** Every element that is opened is closed, in order. */
function checkNesting(html: string): void {
  const empty = new Set(['meta', 'br', 'input', 'rect', 'line']);
  const open: string[] = [];
  const bare = html.replace(/<(script|style)\b[^>]*>[\s\S]*?<\/\1>/g, '').replace(/<!DOCTYPE html>/, '');
  for (const [tag, slash, name] of bare.matchAll(/<(\/?)([a-z][a-z0-9]*)(?:\s[^<>]*)?>/g)) {
    if (empty.has(name!)) continue;
    if (slash === '') open.push(name!);
    else assert.equal(open.pop(), name, tag);
  }
  assert.deepEqual(open, []);
  assert.doesNotMatch(bare.replace(/<\/?[a-z][a-z0-9]*(?:\s[^<>]*)?>/g, ''), /[<>]/);
}

describe('routeplane bench', () => {
  it('ends well', () => assert.equal(made.status, 0, made.stderr));
  it('reports JSON of the documented shape', () => {
    const { machine, peers, rows } = report;
    for (const name of ['cpu', 'kernel', 'node', 'implementation', 'governor', 'date'] as const)
      assert.ok(machine[name].length > 0, name);
    assert.ok(machine.coreGhz > 0.01 && machine.coreGhz < 20);
    assert.ok(machine.compilers.length > 0 && machine.implementations.includes(machine.implementation));
    assert.ok(machine.noise.before.spreadPercent >= 0 && machine.noise.stealPercent >= 0);
    assert.deepEqual(
      peers.map(({ name }) => name),
      ['node-openssl', 'ipsec-mb', 'libgcrypt', 'node-crypto'],
    );
    for (const { present, version, reason } of peers) assert.ok(present ? version !== '' : reason !== '');
    const names = [...machine.implementations, ...peers.filter((p) => p.present).map((p) => p.name)];
    assert.equal(rows.length, 2 * 2 * 2 * names.length);
    for (const row of rows) {
      assert.ok(names.includes(row.implementation));
      for (const name of ['gbps', 'mpps', 'cyclesPerByte', 'p50Ns', 'p99Ns', 'turns', 'lots', 'batch'] as const)
        assert.ok(row[name] > 0, `${name} of ${JSON.stringify(row)}`);
      assert.ok(row.spreadPercent >= 0 && row.p99Ns >= row.p50Ns * 0.999);
      const bytes = row.size === 'imix' ? (7 * 64 + 4 * 594 + 1518) / 12 : row.size;
      assert.ok(Math.abs((row.gbps * row.p50Ns) / 8 / Number(bytes) - 1) < 0.01, 'Gbit/s are those of the median');
    }
    assert.deepEqual(report.failures, []);
  });
  it('prints Markdown whose tables are tables', () => {
    const tables = made.stdout.split('\n\n').filter((part) => part.startsWith('|'));
    assert.equal(tables.length, 1 + 2 * 2);
    for (const table of tables) {
      const widths = table
        .split('\n')
        .filter(Boolean)
        .map((line) => line.split('|').length);
      assert.equal(new Set(widths).size, 1);
      assert.match(table.split('\n')[1]!, /^\|( (:--|--:) \|)+$/);
    }
    assert.match(made.stdout, /CPU: /);
  });
  it('writes a page that needs nothing else', () => {
    const html = readFileSync(file('a.html'), 'utf8');
    assert.doesNotMatch(html, /https?:|@import|url\(|\bsrc=|<link|<img/);
    checkNesting(html);
    const data = /<script type="application\/json" id="data">(.*?)<\/script>/s.exec(html)![1]!;
    assert.deepEqual(JSON.parse(data).rows, report.rows);
    const script = /<script>([\s\S]*?)<\/script>/.exec(html)![1]!;
    assert.doesNotThrow(() => new Function(script));
  });
  it('a hostile CPU name stays text', () => {
    const evil = '</script><b onload="x">&';
    const html = reportHtml({ ...report, machine: { ...report.machine, cpu: evil } }, []);
    checkNesting(html);
    assert.ok(!html.includes(evil));
    const rows = [{ ...report.rows[0]!, implementation: evil }];
    checkNesting(reportHtml({ ...report, rows }, []));
  });
  it('compares two reports', () => {
    const faster = (row: Row): Row => ({ ...row, gbps: row.gbps * 2, spreadPercent: 1 });
    const first = { ...report, rows: report.rows.map((row) => ({ ...row, spreadPercent: 1 })) };
    const second = { ...first, rows: [...first.rows.slice(2), ...first.rows.slice(1, 2).map(faster)] };
    const compared = compareReports(first, second);
    assert.equal(compared.length, first.rows.length - 1);
    assert.deepEqual(
      compared.filter(({ significant }) => significant).map(({ a, ratio }) => [a, ratio]),
      [[first.rows[1], 2]],
    );
    writeFileSync(file('b.json'), JSON.stringify(second));
    const { status, stdout } = bench('--compare', file('a.json'), file('b.json'));
    assert.equal(status, 0);
    assert.match(stdout, /1 rows are only in the first/);
  });
  it('hands packets over in batches of the size that is asked for', () => {
    const { status, stdout } = bench(
      ...[
        '--cipher=aes-128-cbc+sha1',
        '--size=64',
        '--batch=1,64',
        '--peer=none',
        '--seconds-per-case=0.001',
        '--json',
      ],
    );
    assert.equal(status, 0);
    const { rows }: Report = JSON.parse(stdout);
    assert.deepEqual(new Set(rows.map(({ batch }) => batch)), new Set([1, 64]));
    const { stdout: text } = bench(
      ...['--cipher=aes-128-gcm', '--size=64', '--batch=1', '--peer=none', '--seconds-per-case=0.001'],
    );
    assert.match(text, /^aes-128-gcm, encrypt, batches of 1$/m);
  });
  it('refuses what is no report, and options that cannot be', () => {
    writeFileSync(file('c.json'), '{"rows":[]}');
    assert.match(bench('--compare', file('a.json'), file('c.json')).stderr, /c\.json: not a report/);
    const { status, stderr, stdout } = bench('--cipher=aes-128-gcn');
    assert.deepEqual([status, stdout], [2, '']);
    assert.match(stderr, /^routeplane bench: --cipher=aes-128-gcn: .*"aes-128-gcm"\?\n$/);
    assert.equal(bench(`--json=${file('no/such/folder')}`).status, 2);
  });
  it("prints MikroTik's form", () => {
    const { status, stdout } = bench('--mikrotik', '--cipher=aes-128-gcm', '--size=64', '--seconds-per-case=0.001');
    assert.equal(status, 0);
    assert.match(stdout, /^Single tunnel +AES-128-GCM +\d+\.\d +\d+\.\d$/m);
    assert.match(stdout, /^256 tunnels +AES-128-GCM +\d+\.\d +\d+\.\d$/m);
  });
});

describe('bench measurements', () => {
  for (const suite of suites.filter(isAvailable)) {
    it(`${suite.name}: every implementation's bytes are those of the portable one`, () => {
      for (const name of implementations())
        for (const direction of ['encrypt', 'decrypt'] as const) {
          const c = { suite, size: 'imix', direction, implementation: `routeplane:${name}`, tunnels: 3 } as const;
          const { p50, p99, lots } = measureTurn({ ...c, batch: direction === 'encrypt' ? 0 : 7 }, 1, true);
          assert.ok(p50 > 0 && p99 >= p50 && lots > 0);
        }
    });
  }
});

describe('bench tables', () => {
  const grid = {
    title: 'A & B',
    columns: ['<name', 'n'],
    rows: [
      ['x|y', '1'],
      ['<z>', '22'],
    ],
  };
  it('text is aligned', () =>
    assert.equal(gridText(grid), ['A & B', 'name   n', '----  --', 'x|y    1', '<z>   22', ''].join('\n')));
  it('Markdown escapes bars', () =>
    assert.equal(gridMarkdown(grid), '### A & B\n\n| name | n |\n| :-- | --: |\n| x\\|y | 1 |\n| <z> | 22 |\n'));
  it('HTML escapes markup', () => {
    checkNesting(gridHtml(grid));
    assert.match(gridHtml(grid), /A &amp; B[\s\S]*&lt;z&gt;/);
  });
});
