/**
 * Delay requests per second that a master serves over real sockets: `npm run bench -- ptp-master [--json]`. The master is
 * `PtpDaemon` with the kernel's stamps in a namespace, on one core; at the other end of a veth pair one program is all
 * slaves. What counts is the master's own processor time: the slaves and the wire share the machine with it.
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { PtpDaemon } from '#lib/runtime/ptp/index.js';

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** The master: says when it is one, and what it has used whenever a line comes. */
function master(transport: 'l2-forwardable' | 'ipv4'): void {
  const ports = [{ interface: 'm0', masterOnly: true, transport, logAnnounceInterval: -1 }];
  const daemon = new PtpDaemon({ ports, clock: 'overlay' });
  daemon.on('portState', ({ to }) => console.log(JSON.stringify({ state: to })));
  daemon.start();
  createInterface({ input: process.stdin })
    .on('line', () => {
      const { user, system } = process.cpuUsage();
      console.log(JSON.stringify({ cpuSeconds: (user + system) / 1e6, rssBytes: process.memoryUsage().rss }));
    })
    .on('close', () => daemon.close());
}

const ip = (...args: readonly string[]): string => execFileSync('ip', args, { encoding: 'utf8' });
const spaces = { master: `rp-bench-${process.pid}-m`, slaves: `rp-bench-${process.pid}-s` };

function build(): string {
  const root = resolve(import.meta.dirname, '../..');
  const output = resolve(root, 'build/bench/ptp-slaves');
  const source = resolve(root, 'bench/native/ptp_slaves.cc');
  execFileSync(process.env['CXX'] ?? 'c++', ['-std=c++20', '-O2', '-o', output, source], { stdio: 'inherit' });
  return output;
}

async function measure(program: string, transport: 'l2-forwardable' | 'ipv4', slaves: number, seconds: number) {
  const own = ['netns', 'exec', spaces.master, process.execPath, import.meta.filename, 'master', transport];
  const child = spawn('ip', own, { stdio: ['pipe', 'pipe', 'inherit'] });
  const gone = once(child, 'exit');
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value as string) as Record<string, unknown>;
  try {
    while ((await next())['state'] !== 'MASTER');
    const usage = async () => {
      child.stdin.write('\n');
      return (await next()) as { cpuSeconds: number; rssBytes: number };
    };
    const run = async (length: number) => {
      const kind = transport === 'ipv4' ? 'ipv4' : 'l2';
      const args = ['netns', 'exec', spaces.slaves, program, 's0', kind, `${slaves}`, `${length}`];
      const load = spawn('ip', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let text = '';
      load.stdout.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      await once(load, 'close');
      return JSON.parse(text) as { answered: number; lost: number; seconds: number };
    };
    // The compiler's time, and every slave once.
    await run(Math.max(1, slaves / 50_000));
    const before = await usage();
    const { answered, lost, seconds: took } = await run(seconds);
    const after = await usage();
    const cpuSeconds = after.cpuSeconds - before.cpuSeconds;
    return {
      case: `Delay_Req over ${transport}, ${slaves} slaves`,
      'per second': Math.round(answered / took),
      'per second of its processor time': Math.round(answered / cpuSeconds),
      lost,
      'resident MiB': Math.round(after.rssBytes / 2 ** 20),
    };
  } finally {
    child.stdin.end();
    await gone;
  }
}

async function main(): Promise<void> {
  const program = build();
  try {
    for (const name of Object.values(spaces)) ip('netns', 'add', name);
    ip('-n', spaces.master, 'link', 'add', 'm0', 'type', 'veth', 'peer', 'name', 's0', 'netns', spaces.slaves);
    ip('-n', spaces.master, 'address', 'add', '10.0.0.1/8', 'dev', 'm0');
    ip('-n', spaces.master, 'link', 'set', 'm0', 'up');
    ip('-n', spaces.slaves, 'link', 'set', 's0', 'up');
    const rows: Record<string, string | number>[] = [];
    for (const transport of ['l2-forwardable', 'ipv4'] as const) {
      for (const slaves of [1_000, 100_000]) rows.push(await measure(program, transport, slaves, 5));
    }
    if (values.json) console.log(JSON.stringify(rows));
    else console.table(rows);
  } finally {
    for (const name of Object.values(spaces)) {
      try {
        ip('netns', 'del', name);
      } catch {
        // It was not made.
      }
    }
  }
}

if (positionals[0] === 'master') master(positionals[1] as 'l2-forwardable' | 'ipv4');
else await main();
