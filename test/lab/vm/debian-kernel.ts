import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Debian's kernel with all its modules and the headers to build more, unpacked; nothing of it is installed. */
export interface DebianKernel {
  /** `6.1.0-56-amd64` */
  readonly version: string;
  /** What `modprobe -d` and `depmod -b` take: has `lib/modules/VERSION`. */
  readonly root: string;
  readonly image: string;
  /** What `make -C` builds a module in. */
  readonly headers: string;
}

/** Where the lab keeps what takes long to get; may be deleted at any time. */
export const labCache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'routeplane-lab');

export function tool(program: string, args: readonly string[], cwd?: string): string {
  try {
    return execFileSync(program, args, {
      cwd,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
      // depmod and modprobe are not in everybody's path.
      env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/sbin`, LC_ALL: 'C' },
      maxBuffer: 64 << 20,
    });
  } catch (error) {
    const { stderr, stdout } = error as { stderr?: string; stdout?: string };
    throw new Error(`${program} ${args.join(' ')}: ${stderr || stdout || error}`);
  }
}

function dependsOn(name: string, pattern: RegExp): string[] {
  const lines = tool('apt-cache', ['depends', name]).matchAll(/^\s*Depends: (\S+)$/gm);
  return [...lines].map((line) => line[1]!).filter((found) => pattern.test(found));
}

function unpackedIn(root: string): DebianKernel | undefined {
  const modules = join(root, 'lib/modules');
  const version = existsSync(modules) ? readdirSync(modules)[0] : undefined;
  if (!version) return undefined;
  const headers = join(root, 'usr/src', `linux-headers-${version}`);
  return { version, root, image: join(root, 'boot', `vmlinuz-${version}`), headers };
}

function unpack(into: string): void {
  const download = join(into, 'packages');
  mkdirSync(download);
  const image = dependsOn('linux-image-amd64', /^linux-image-\d/)[0];
  if (!image) throw new Error('the package index has no linux-image-amd64');
  const headers = image.replace('linux-image-', 'linux-headers-');
  const more = dependsOn(headers, /^linux-(headers|kbuild)-/);
  tool('apt-get', ['download', '-q', image, headers, ...more], download);
  for (const name of readdirSync(download)) tool('dpkg-deb', ['-x', join(download, name), into]);
  rmSync(download, { recursive: true });
  // Newer releases have no /lib in their packages any more.
  if (!existsSync(join(into, 'lib'))) symlinkSync('usr/lib', join(into, 'lib'));
  const { version } = unpackedIn(into)!;
  tool('depmod', ['-b', into, version]);
}

/** The headers' Makefile names the place where they would be installed. */
function pointHeadersAt(root: string, headers: string): void {
  const makefile = join(headers, 'Makefile');
  const text = readFileSync(makefile, 'utf8').replace(/^include \/usr\/src/m, `include ${root}/usr/src`);
  writeFileSync(makefile, text);
}

/**
 * Fetches it with apt-get from the machine's own Debian sources, once.
 * @throws Error with apt's or dpkg's words
 */
export function debianKernel(): DebianKernel {
  const root = join(labCache, 'kernel');
  const there = unpackedIn(root);
  if (there) return there;
  mkdirSync(labCache, { recursive: true });
  // Under another name until it is complete: two may be at it, or one may be killed.
  const partial = mkdtempSync(join(labCache, 'partial-'));
  try {
    try {
      unpack(partial);
    } catch (error) {
      if (process.getuid?.() !== 0) throw error;
      // The index is missing, or older than the archive.
      rmSync(partial, { recursive: true });
      mkdirSync(partial);
      tool('apt-get', ['update', '-q', '-o', 'DPkg::Lock::Timeout=300']);
      unpack(partial);
    }
    pointHeadersAt(root, unpackedIn(partial)!.headers);
    if (!unpackedIn(root)) renameSync(partial, root);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
  return unpackedIn(root)!;
}
