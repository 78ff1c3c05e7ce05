import { execFileSync } from 'node:child_process';
import {
  closeSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';

/** A file, link or folder by its place in the machine's file system. */
export interface HotFile {
  readonly path: string;
  readonly mode: number;
  readonly data: Buffer;
}

function isElf(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const magic = Buffer.alloc(4);
    return readSync(fd, magic, 0, 4, 0) === 4 && magic.equals(Buffer.from('\x7fELF', 'latin1'));
  } finally {
    closeSync(fd);
  }
}

/** What `programs` are linked with. */
function libraries(programs: readonly string[]): string[] {
  // ldd fails when one of them is linked with nothing, and says what the others are linked with all the same.
  let output: string;
  try {
    output = execFileSync('ldd', programs, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  } catch (error) {
    output = (error as { stdout?: string }).stdout ?? '';
  }
  return [...output.matchAll(/^\s+(?:\S+ => )?(\/\S+) \(0x/gm)].map((match) => match[1]!);
}

/**
 * Files and folders with all in them, and the libraries of the programs among them: what the VM should have in its memory, as
 * each look at the machine's own files is a question to another process. What is not there is left out.
 */
export function hotFiles(paths: readonly string[]): HotFile[] {
  const found = new Map<string, HotFile>();
  const folder = (path: string): void => {
    if (path === '/' || found.has(path)) return;
    folder(dirname(path));
    found.set(path, { path, mode: 0o040755, data: Buffer.alloc(0) });
  };
  const add = (given: string): void => {
    const stat = lstatSync(given, { throwIfNoEntry: false });
    if (!stat) return;
    // Where its folder really is: /lib is a link.
    const path = join(realpathSync(dirname(given)), basename(given));
    if (found.has(path)) return;
    if (stat.isDirectory()) {
      folder(path);
      for (const name of readdirSync(path)) add(join(path, name));
    } else if (stat.isSymbolicLink()) {
      folder(dirname(path));
      const target = readlinkSync(path);
      found.set(path, { path, mode: 0o120777, data: Buffer.from(target) });
      add(join(target.startsWith('/') ? '/' : dirname(path), target));
    } else if (stat.isFile()) {
      folder(dirname(path));
      found.set(path, { path, mode: 0o100000 | (stat.mode & 0o777), data: readFileSync(path) });
    }
  };
  for (const path of paths) add(path);
  const programs = [...found.values()].filter(({ path, mode }) => (mode & 0o170000) === 0o100000 && isElf(path));
  for (const path of libraries(programs.map(({ path }) => path))) add(path);
  return [...found.values()];
}
