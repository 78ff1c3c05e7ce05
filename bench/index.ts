/**
 * The runner of all benchmarks: `npm run bench -- [OPTION]...` is `routeplane bench` with every peer that this machine can
 * build; `npm run bench -- NAME [ARGUMENT]...` is the developers' bench of that name in this folder.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { resolve } from 'node:path';
import { buildIpsecMb } from './ipsec-mb.ts';

const own = new Set(['index.js', 'ipsec-mb.js']);
const benches = new Map(
  readdirSync(import.meta.dirname)
    .filter((file) => file.endsWith('.js') && !own.has(file))
    .map((file) => [file.replace(/(\.bench)?\.js$/, ''), resolve(import.meta.dirname, file)]),
);
const [name, ...rest] = process.argv.slice(2);

function node(...args: readonly string[]): number {
  const { status, error } = spawnSync(process.execPath, args, { stdio: 'inherit' });
  if (error !== undefined) throw error;
  return status ?? 1;
}

if (name === undefined || name.startsWith('-')) {
  buildIpsecMb();
  process.exitCode = node(resolve(import.meta.dirname, '../../dist/cli/main.js'), 'bench', ...process.argv.slice(2));
} else if (benches.has(name)) {
  process.exitCode = node(benches.get(name)!, ...rest);
} else {
  console.error(`bench: no bench ${name}; there are ${[...benches.keys()].sort().join(', ')}, or give options`);
  process.exitCode = 2;
}
