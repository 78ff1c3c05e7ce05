import { readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Row, RowLine } from './row-reporter.ts';
import { Vm, type VmOptions, vmUnavailable } from './vm.ts';
import { buildVphc, insertVphc, type VphcParameters } from './vphc.ts';

export interface MatrixOptions extends VmOptions {
  /** Folder of compiled `*.test.js`, which run inside the VM, in one boot. */
  readonly folder: string;
  /** How many files at a time (default 2). */
  readonly concurrency?: number;
  /** Load the network cards with PTP hardware clocks first. */
  readonly vphc?: VphcParameters;
  /** How long all cases together may take (default 20 minutes). */
  readonly timeoutMs?: number;
  /** Called at once before anything else, for packages that the cases want: inside it is too late. */
  readonly prepare?: () => void;
}

const usage = `options:
  --json          one JSON object per line: {"case","result","seconds"}
  --only=TEXT,... only test files with one of the TEXTs in their name
  --case=PATTERN  only cases whose name matches the regular expression
  --verbose       what the tests print, also when they pass
`;

interface Arguments {
  readonly json: boolean;
  readonly verbose: boolean;
  readonly only: string;
  readonly pattern: string | undefined;
}

function parse(args: readonly string[]): Arguments {
  const value = (name: string) => args.find((arg) => arg.startsWith(`--${name}=`))?.slice(name.length + 3);
  const unknown = args.find((arg) => !/^--(json|verbose|only=.*|case=.*)$/.test(arg));
  if (unknown) throw new Error(`unknown option ${unknown}\n${usage}`);
  return {
    json: args.includes('--json'),
    verbose: args.includes('--verbose'),
    only: value('only') ?? '',
    pattern: value('case'),
  };
}

/**
 * The command around a folder of test cases for the VM: boots once, runs them with node:test and prints a row per case,
 * as text or as JSON, on stdout; why a case failed goes to stderr.
 * @returns the exit status
 */
export async function runMatrix(options: MatrixOptions, args: readonly string[]): Promise<number> {
  const { json, verbose, only, pattern } = parse(args);
  const files = readdirSync(options.folder)
    .filter((name) => name.endsWith('.test.js') && only.split(',').some((text) => name.includes(text)))
    .map((name) => join(options.folder, name));
  if (files.length === 0) throw new Error(`no test file in ${options.folder} has ${only} in its name`);

  const rows: Row[] = [];
  let texts = '';
  const print = (row: Row) => {
    rows.push(row);
    process.stdout.write(
      json
        ? `${JSON.stringify(row)}\n`
        : `${row.result.padEnd(5)} ${row.seconds.toFixed(1).padStart(6)} s  ${row.case}\n`,
    );
    if (row.result !== 'pass' || verbose) process.stderr.write(texts);
    texts = '';
  };
  const unavailable = vmUnavailable();
  if (unavailable) {
    print({ case: `the VM: ${unavailable}`, result: 'skip', seconds: 0 });
    return 0;
  }
  const began = performance.now();
  const seconds = () => Math.round((performance.now() - began) / 100) / 10;
  options.prepare?.();
  const module = options.vphc && buildVphc();
  await using vm = await Vm.boot(options);
  if (module) await insertVphc(vm, module, options.vphc);
  print({ case: 'the VM boots', result: 'pass', seconds: seconds() });

  let partial = '';
  const { code, stderr } = await vm.run(
    process.execPath,
    [
      ...['--test', `--test-concurrency=${options.concurrency ?? 2}`, '--test-timeout=1200000'],
      ...['--test-reporter', resolve(import.meta.dirname, 'row-reporter.js'), '--test-reporter-destination=stdout'],
      ...(pattern === undefined ? [] : ['--test-name-pattern', `/${pattern}/`]),
      ...files,
    ],
    {
      check: false,
      timeoutMs: options.timeoutMs ?? 1_200_000,
      onStdout: (text) => {
        const lines = (partial + text).split('\n');
        partial = lines.pop()!;
        for (const line of lines.map((one) => JSON.parse(one) as RowLine)) {
          if ('text' in line) {
            // A row of the test's own, for whoever reads --json.
            if (json && line.text.startsWith('{"')) process.stdout.write(line.text);
            else texts += line.text;
          } else print(line.row);
        }
      },
    },
  );
  const failed = rows.filter(({ result }) => result === 'fail').length;
  if (code !== 0 && failed === 0) throw new Error(`node --test in the VM ended with ${code}:\n${texts}${stderr}`);
  if (!json) process.stdout.write(`${rows.length - failed} of ${rows.length} cases, ${seconds()} s\n`);
  return failed === 0 ? 0 : 1;
}
