/** Builds the shared object through which `routeplane bench` measures intel-ipsec-mb. Nothing that ships uses it. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');
const source = resolve(root, 'bench/native/ipsec_mb_engine.cc');
const headers = ['native/bench/engine.h', 'native/bench/foreign_engine.h', 'native/crypto/suite.h'].map((path) =>
  resolve(root, path),
);
const output = resolve(root, 'build/bench/ipsec-mb.so');

const age = (path: string): number => statSync(path).mtimeMs;

/** Does nothing if it is there and fresh, or if there is no intel-ipsec-mb.h; says so if it does not compile. */
export function buildIpsecMb(): void {
  if (existsSync(output) && [source, ...headers].every((path) => age(path) < age(output))) return;
  const compiler = process.env['CXX'] ?? 'c++';
  const probe = spawnSync(compiler, ['-E', '-x', 'c++', '-'], { input: '#include <intel-ipsec-mb.h>\n' });
  if (probe.status !== 0) return;
  mkdirSync(dirname(output), { recursive: true });
  const flags = ['-std=c++20', '-O2', '-fPIC', '-shared', '-fvisibility=hidden', '-I', resolve(root, 'native')];
  const built = spawnSync(compiler, [...flags, source, '-lIPSec_MB', '-o', output], { encoding: 'utf8' });
  if (built.status !== 0) console.error(`bench: ipsec-mb is left out, ${source} does not build:\n${built.stderr}`);
}
