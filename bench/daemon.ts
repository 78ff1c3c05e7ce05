/**
 * What `routeplane run` costs before it does anything: `npm run bench -- daemon [--rounds=N] [--json]`, as root. The daemon runs with
 * examples/site-to-site/site1.rsc in a network namespace of its own, where nobody answers. Start-up is from the start of the
 * process to the first answer on its control socket, memory and processor time are those of ten seconds later.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { ControlClient } from '#lib/runtime/control/client.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '5' }, json: { type: 'boolean', default: false } },
});
const rounds = Number(values.rounds);
const root = resolve(import.meta.dirname, '../..');
const idleMs = 10_000;
/** Until what the start leaves behind is done. */
const settleMs = 5000;

interface Idle {
  readonly startMs: number;
  /** Processor time until then: what is left of `startMs` where others want the machine too. */
  readonly startCpuMs: number;
  readonly peakMb: number;
  readonly residentMb: number;
  /** Without the pages of files, which other processes share. */
  readonly ownMb: number;
  readonly cpuPercent: number;
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[Math.floor(of.length / 2)]!;
}

function memoryMb(pid: number, field: 'VmHWM' | 'VmRSS' | 'RssAnon'): number {
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kilobytes) / 1024;
}

/** Milliseconds, user and system; the kernel counts in hundredths of a second. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function answers(socket: string): Promise<void> {
  for (;;) {
    try {
      const client = await ControlClient.open(socket);
      await client.execute('/system identity print');
      client.close();
      return;
    } catch {
      await sleep(2);
    }
  }
}

async function measure(namespace: string, args: readonly string[], idle: boolean): Promise<Idle> {
  const folder = mkdtempSync(join(tmpdir(), 'rp-bench-'));
  const socket = join(folder, 'control.sock');
  const command = [join(root, 'dist/cli/main.js'), 'run', join(root, 'examples/site-to-site/site1.rsc')];
  const began = performance.now();
  const child = spawn('ip', ['netns', 'exec', namespace, process.execPath, ...command, `--socket=${socket}`, ...args], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const gone = once(child, 'exit');
  try {
    await answers(socket);
    const startMs = performance.now() - began;
    const pid = child.pid!;
    const startCpuMs = cpuMs(pid);
    if (idle) await sleep(settleMs);
    const before = cpuMs(pid);
    if (idle) await sleep(idleMs - settleMs);
    return {
      startMs,
      startCpuMs,
      peakMb: memoryMb(pid, 'VmHWM'),
      residentMb: memoryMb(pid, 'VmRSS'),
      ownMb: memoryMb(pid, 'RssAnon'),
      cpuPercent: ((cpuMs(pid) - before) / (idleMs - settleMs)) * 100,
    };
  } finally {
    child.kill('SIGTERM');
    await gone;
    rmSync(folder, { recursive: true, force: true });
  }
}

function nodeAloneMs(): number {
  const times = Array.from({ length: rounds }, () => {
    const began = performance.now();
    execFileSync(process.execPath, ['-e', '0']);
    return performance.now() - began;
  });
  return median(times);
}

const namespace = `rp-bench-${process.pid}`;
execFileSync('ip', ['netns', 'add', namespace]);
try {
  execFileSync('ip', ['-n', namespace, 'link', 'add', 'ether1', 'type', 'veth', 'peer', 'name', 'ether2']);
  const rows = [];
  for (const args of [[], ['--small']]) {
    const runs: Idle[] = [];
    for (let i = 0; i < rounds; i++) runs.push(await measure(namespace, args, i === 0));
    const [first] = runs;
    const start = (of: 'startMs' | 'startCpuMs') => median(runs.map((run) => run[of]));
    rows.push({ options: args.join(' '), ...first!, startMs: start('startMs'), startCpuMs: start('startCpuMs') });
  }
  const report = { nodeStartMs: nodeAloneMs(), rows };
  if (values.json) console.log(JSON.stringify(report));
  else {
    console.log(`node alone starts in ${report.nodeStartMs.toFixed(0)} ms (median of ${rounds})`);
    for (const { options, startMs, startCpuMs, peakMb, residentMb, ownMb, cpuPercent } of rows) {
      const memory = `${residentMb.toFixed(0)} MB resident (${ownMb.toFixed(0)} its own, ${peakMb.toFixed(0)} at most)`;
      const start = `answers after ${startMs.toFixed(0)} ms (${startCpuMs} of processor time)`;
      console.log(`run ${options}: ${start}; ${memory}; ${cpuPercent.toFixed(1)} % of a core`);
    }
  }
} finally {
  execFileSync('ip', ['netns', 'del', namespace]);
}
