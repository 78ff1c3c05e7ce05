/**
 * `unshare --net node build/bench/xfrm.js [COUNT [ROUNDS]]`: SAs and policies installed, dumped and flushed, by us and by ip(8) with -batch,
 * in turns. Medians of wall-clock milliseconds, and the most memory that each process had. SAs only where the kernel has ESP.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Xfrm, xfrmFeature } from 'routeplane/xfrm';

const KEY = '0x000102030405060708090a0b0c0d0e0f';
const INTEGRITY = `${KEY}10111213`;
type What = 'SAs' | 'policies';
interface Run {
  readonly install: number;
  readonly dump: number;
  readonly flush: number;
  readonly peakKb: number;
}

const remote = (n: number): string => `10.${64 + (n >> 16)}.${(n >> 8) & 255}.${n & 255}`;
const octets = (hex: string): Uint8Array => Buffer.from(hex.slice(2), 'hex');
const timed = (body: () => void): number => {
  const began = performance.now();
  body();
  return performance.now() - began;
};

/** In a process of its own, so that its memory is its own. */
function ours(what: What, count: number): Run {
  using xfrm = new Xfrm();
  const [encryption, integrity] = [octets(KEY), octets(INTEGRITY)];
  const refusals = (all: readonly unknown[]): void => {
    if (all.some((refusal) => refusal !== undefined)) throw new Error('the kernel refused some');
  };
  const number = Array.from({ length: count }, (_, n) => n);
  const install = timed(() => {
    if (what === 'SAs') {
      refusals(
        xfrm.sas.addAll(
          number.map((n) => ({
            src: '192.0.2.1',
            dst: remote(n),
            spi: 0x1000 + n,
            reqid: n + 1,
            encryption: { name: 'cbc(aes)', key: encryption },
            integrity: { name: 'hmac(sha1)', key: integrity, icvBits: 96 },
          })),
        ),
      );
    } else {
      refusals(
        xfrm.policies.addAll(
          number.map((n) => ({
            selector: { src: '10.1.0.0/16', dst: `${remote(n)}/32` },
            direction: 'out',
            priority: n,
            templates: [{ src: '192.0.2.1', dst: '192.0.2.2', reqid: n + 1 }],
          })),
        ),
      );
    }
  });
  const dump = timed(() => {
    const { length } = what === 'SAs' ? xfrm.sas.dump() : xfrm.policies.dump();
    if (length !== count) throw new Error(`${length} in the dump`);
  });
  const flush = timed(() => (what === 'SAs' ? xfrm.sas.flush() : xfrm.policies.flush()));
  return { install, dump, flush, peakKb: process.resourceUsage().maxRSS };
}

/** Lines for `ip -batch`. */
function batch(what: What, count: number): string {
  let text = '';
  for (let n = 0; n < count; n++)
    text +=
      what === 'SAs'
        ? `xfrm state add src 192.0.2.1 dst ${remote(n)} proto esp spi ${0x1000 + n} reqid ${n + 1} mode tunnel enc cbc(aes) ${KEY} auth-trunc hmac(sha1) ${INTEGRITY} 96\n`
        : `xfrm policy add src 10.1.0.0/16 dst ${remote(n)}/32 dir out priority ${n} tmpl src 192.0.2.1 dst 192.0.2.2 proto esp reqid ${n + 1} mode tunnel\n`;
  return text;
}

/** A program's time and the most memory it had, as the kernel counts them for a child that has ended. */
function program(...args: string[]): { milliseconds: number; peakKb: number } {
  const script = `import resource,subprocess,sys,time
b=time.monotonic();r=subprocess.run(sys.argv[1:],stdout=subprocess.DEVNULL).returncode;e=time.monotonic()
print(r,(e-b)*1000,resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)`;
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-I', '-S', '-c', script, ...args], { encoding: 'utf8' });
  const [status, milliseconds, peakKb] = stdout.trim().split(' ').map(Number);
  if (status !== 0 || milliseconds === undefined || peakKb === undefined)
    throw new Error(`${args.join(' ')}: ${stderr}`);
  return { milliseconds, peakKb };
}

function ip(what: What, file: string): Run {
  const object = what === 'SAs' ? 'state' : 'policy';
  const install = program('ip', '-batch', file);
  const dump = program('ip', 'xfrm', object, 'list');
  const flush = program('ip', 'xfrm', object, 'flush');
  return {
    install: install.milliseconds,
    dump: dump.milliseconds,
    flush: flush.milliseconds,
    peakKb: Math.max(install.peakKb, dump.peakKb, flush.peakKb),
  };
}

function median(runs: readonly Run[], key: keyof Run): number {
  return runs.map((run) => run[key]).sort((a, b) => a - b)[runs.length >> 1]!;
}

function compare(what: What, count: number, rounds: number): void {
  const directory = mkdtempSync(join(tmpdir(), 'rp-bench-'));
  const file = join(directory, 'batch');
  writeFileSync(file, batch(what, count));
  const runs = { routeplane: [] as Run[], 'ip -batch': [] as Run[] };
  try {
    for (let round = 0; round < rounds; round++) {
      const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), '--child', what, String(count)], {
        encoding: 'utf8',
      });
      if (child.status !== 0) throw new Error(child.stderr);
      runs.routeplane.push(JSON.parse(child.stdout) as Run);
      runs['ip -batch'].push(ip(what, file));
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
  console.log(`${count} ${what}: milliseconds, medians of ${rounds} in turns`);
  console.log('              install     dump    flush   peak MB');
  for (const [name, all] of Object.entries(runs)) {
    const cells = (['install', 'dump', 'flush'] as const).map((key) => median(all, key).toFixed(1).padStart(9));
    console.log(`${name.padEnd(12)}${cells.join('')}${(median(all, 'peakKb') / 1024).toFixed(1).padStart(10)}`);
  }
}

const [first, ...rest] = process.argv.slice(2);
if (first === '--child') {
  console.log(JSON.stringify(ours(rest[0] as What, Number(rest[1]))));
} else {
  const count = Number(first ?? 10_000);
  const rounds = Number(rest[0] ?? 5);
  console.log(`Linux ${readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()}, Node ${process.version}`);
  if (xfrmFeature('esp4').available) compare('SAs', count, rounds);
  else console.log(`SAs: not on this kernel (${xfrmFeature('esp4').reason})`);
  compare('policies', count, rounds);
}
