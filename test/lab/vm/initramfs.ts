import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { type DebianKernel, tool } from './debian-kernel.ts';
import type { HotFile } from './hot-files.ts';

/** What stands between the kernel and the machine's files: virtio, 9p, overlayfs and the port to the agent. */
const drivers = ['virtio_pci', '9pnet_virtio', '9p', 'overlay', 'virtio_console', 'virtio_rng'];

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data: Buffer;
}

/** cpio's "newc" format, Documentation/driver-api/early-userspace/buffer-format.rst of Linux. */
function cpio(entries: readonly Entry[]): Buffer {
  const pad = (length: number) => Buffer.alloc((4 - (length % 4)) % 4);
  const parts = [...entries, { name: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0) }].flatMap(
    ({ name, mode, data }, inode) => {
      const fields = [inode + 1, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, Buffer.byteLength(name) + 1, 0];
      const hex = fields.map((field) => field.toString(16).padStart(8, '0')).join('');
      const head = Buffer.from(`070701${hex}${name}\0`);
      return [head, pad(head.length), data, pad(data.length)];
    },
  );
  return Buffer.concat(parts);
}

/** In the order in which they load. Names keep `.ko` only: what is compressed is unpacked here. */
function driverFiles(kernel: DebianKernel): { name: string; data: Buffer }[] {
  const paths = drivers.flatMap((driver) =>
    tool('modprobe', ['-d', kernel.root, '-S', kernel.version, '--show-depends', driver])
      .split('\n')
      .filter((line) => line.startsWith('insmod '))
      .map((line) => line.split(' ')[1]!),
  );
  return [...new Set(paths)].map((path) => {
    if (!path.endsWith('.ko')) throw new Error(`${path}: the kernel's modules are compressed`);
    return { name: basename(path), data: readFileSync(path) };
  });
}

/** Folders of the VM's own, where the machine's are not seen. */
const own = ['/run', '/tmp'];

/**
 * The first program of the VM. `/` becomes the machine's own files, read-only, with an overlay in memory that takes
 * writes and has the hot files already; /run, /tmp, /dev and /proc are the VM's, but for what of them is in `seen`. Then `command` runs
 * there.
 */
function initScript(
  kernel: DebianKernel,
  modules: readonly string[],
  seen: readonly string[],
  command: string,
): string {
  const hidden = seen.filter((path) => own.some((folder) => path.startsWith(`${folder}/`)));
  return `#!/bin/busybox sh
b=/bin/busybox
fail() { echo "vm: $*"; $b poweroff -f; }
$b mount -t proc p /proc; $b mount -t sysfs s /sys; $b mount -t devtmpfs d /dev
${modules.map((name) => `$b insmod /m/${name} || fail ${name}`).join('\n')}
$b mount -t 9p -o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose root /host || fail no root
$b mount -t tmpfs -o size=75% t /rw; $b mkdir -p /rw/u /rw/w /rw/r
$b mount -t overlay -o lowerdir=/hot:/host,upperdir=/rw/u,workdir=/rw/w,index=off,xino=off o /rw/r || fail no overlay
R=/rw/r
for d in proc sys dev; do $b mount --move /$d $R/$d; done
$b mkdir -p $R/dev/pts $R/dev/shm $R/usr/lib/modules/${kernel.version}
${hidden.map((path, i) => `$b mkdir -p /seen/${i}; $b mount --bind $R${path} /seen/${i} || fail no ${path}`).join('\n')}
$b mount -t devpts d $R/dev/pts; $b mount -t tmpfs t $R/dev/shm
${own.map((path) => `$b mount -t tmpfs t $R${path}`).join('; ')}
${hidden.map((path, i) => `$b mkdir -p $R${path}; $b mount --move /seen/${i} $R${path}`).join('\n')}
$b ln -s /proc/self/fd $R/dev/fd
$b mkdir -p $R/run/netns $R/run/lock; $b chmod 1777 $R/tmp
$b mount --bind $R${kernel.root}/lib/modules/${kernel.version} $R/usr/lib/modules/${kernel.version} || fail no modules
$b ifconfig lo up; $b hostname vm; echo 1 > $R/proc/sys/kernel/printk
# bash stays, as process 1: it reaps the orphans.
exec $b chroot $R /bin/bash -c '${command}; echo o > /proc/sysrq-trigger; sleep 60'
`;
}

/**
 * An initial RAM disk for `kernel` that ends in `command`, a line for bash without single quotes, with `hot` in the place of
 * the machine's same files. The folders `seen` are there wherever they are.
 */
export function initramfs(
  kernel: DebianKernel,
  hot: readonly HotFile[],
  seen: readonly string[],
  command: string,
): Buffer {
  const modules = driverFiles(kernel);
  const script = initScript(
    kernel,
    modules.map(({ name }) => name),
    seen,
    command,
  );
  const folders = ['bin', 'dev', 'proc', 'sys', 'host', 'hot', 'rw', 'm'];
  return cpio([
    ...folders.map((name) => ({ name, mode: 0o040755, data: Buffer.alloc(0) })),
    { name: 'bin/busybox', mode: 0o100755, data: readFileSync('/bin/busybox') },
    ...modules.map(({ name, data }) => ({ name: `m/${name}`, mode: 0o100644, data })),
    ...hot.map(({ path, mode, data }) => ({ name: `hot${path}`, mode, data })),
    { name: 'init', mode: 0o100755, data: Buffer.from(script) },
  ]);
}
