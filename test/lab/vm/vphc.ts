import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { requirePackages } from '../packages.ts';
import { debianKernel, labCache, tool } from './debian-kernel.ts';
import type { Vm } from './vm.ts';

const source = resolve(import.meta.dirname, '../../../../test/lab/vm/vphc');
const files = ['vphc.c', 'Makefile'];

/** Parameters of the module, described in vphc/README.md; a list has one value per device. */
export type VphcParameters = Readonly<Record<string, number | readonly number[]>>;

/**
 * Builds the module for the lab's kernel, once per version of both; returns the path of `vphc.ko`. To be called before
 * the VM boots, which may not notice later what its machine writes.
 */
export function buildVphc(): string {
  const { version, headers } = debianKernel();
  const digest = createHash('sha256');
  for (const name of files) digest.update(readFileSync(join(source, name)));
  const built = join(labCache, `vphc-${version}-${digest.digest('hex').slice(0, 12)}.ko`);
  if (existsSync(built)) return built;
  // The compiler has to be the kernel's own.
  const compiler = /^CC = \S*?(gcc-\d+)/m.exec(readFileSync(join(headers, '.kernelvariables'), 'utf8'))?.[1];
  requirePackages(['make', compiler ?? 'gcc', 'libc6-dev']);
  const directory = mkdtempSync(join(tmpdir(), 'rp-vphc-'));
  try {
    for (const name of files) cpSync(join(source, name), join(directory, name));
    tool('make', ['-C', headers, `M=${directory}`, 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'modules']);
    mkdirSync(labCache, { recursive: true });
    // Complete or not there: another process may look for it.
    const partial = join(mkdtempSync(join(labCache, 'partial-')), 'vphc.ko');
    cpSync(join(directory, 'vphc.ko'), partial);
    renameSync(partial, built);
    rmSync(resolve(partial, '..'), { recursive: true });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  return built;
}

/** Loads the network cards with PTP hardware clocks: vphc0 and vphc1 at the ends of a wire, vphc2 and vphc3... */
export async function insertVphc(vm: Vm, module: string, parameters: VphcParameters = {}): Promise<void> {
  // The kernel ignores parameters that it does not know.
  const known = new Set(
    tool('modinfo', ['-F', 'parm', module])
      .split('\n')
      .map((line) => line.split(':')[0]),
  );
  for (const name of Object.keys(parameters)) if (!known.has(name)) throw new Error(`vphc has no parameter ${name}`);
  await vm.run('modprobe', ['ptp']);
  await vm.run('insmod', [module, ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`)]);
}
