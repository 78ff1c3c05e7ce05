import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { routeplaneCommand, until } from '../lab/index.ts';
import { inOwnNamespace } from './own-namespace.ts';

const NEEDED = '0000000000003400'; // CAP_NET_BIND_SERVICE, CAP_NET_ADMIN, CAP_NET_RAW
const NOBODY = 65534;

/** Of every thread: what /proc says under these names. */
function status(pid: number, name: string): string[] {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/status`);
  return threads.map((file) => new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(readFileSync(file, 'utf8'))?.[1] ?? '');
}

async function withDaemon(
  args: readonly string[],
  body: (child: ChildProcess & { pid: number }, output: () => string) => Promise<void>,
  command: readonly string[] = [process.execPath],
): Promise<void> {
  const directory = mkdtempSync(join(tmpdir(), 'rp-confine-'));
  // Root that has lost CAP_DAC_OVERRIDE is a user like any other.
  chmodSync(directory, 0o755);
  if (args.length > 0 || command.length > 1) chownSync(directory, NOBODY, NOBODY);
  const file = join(directory, 'router.rsc');
  writeFileSync(file, '/system identity set name=x\n', { mode: 0o644 });
  const [program = '', ...before] = command;
  const child = spawn(program, [
    ...before,
    routeplaneCommand,
    'run',
    file,
    `--socket=${join(directory, 's')}`,
    ...args,
  ]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await body(child as ChildProcess & { pid: number }, () => output);
  } finally {
    child.kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Node as a user who has these capabilities and no others. */
function as(...capabilities: readonly string[]): string[] {
  const sets = ['-all', ...capabilities.map((name) => `+${name}`)].join(',');
  const caps = ['--inh-caps', '--ambient-caps', '--bounding-set'].map((set) => `${set}=${sets}`);
  return ['setpriv', `--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups', ...caps, process.execPath];
}

const started = (output: () => string) =>
  until(
    () => output().includes('router started'),
    60_000,
    () => `the daemon does not start: ${output()}`,
  );

inOwnNamespace(import.meta.url, () => {
  test('root runs with the capabilities that it needs and can get no others, in every thread', () =>
    withDaemon([], async ({ pid }, output) => {
      await started(output);
      for (const set of ['CapEff', 'CapPrm', 'CapBnd']) assert.deepEqual([...new Set(status(pid, set))], [NEEDED], set);
      assert.deepEqual([...new Set(status(pid, 'NoNewPrivs'))], ['1']);
    }));

  test('a normal user runs it with ambient capabilities', () =>
    withDaemon(['--user=nobody'], async ({ pid }, output) => {
      await started(output);
      assert.deepEqual([...new Set(status(pid, 'Uid'))], [String(NOBODY)]);
      for (const set of ['CapEff', 'CapAmb', 'CapBnd']) assert.deepEqual([...new Set(status(pid, set))], [NEEDED], set);
    }));

  test('privileges are kept when that is asked for', () =>
    withDaemon(['--keep-privileges'], async ({ pid }, output) => {
      await started(output);
      assert.deepEqual(status(pid, 'CapEff')[0], status(process.pid, 'CapEff')[0]);
    }));

  test('a normal user who has the capabilities already needs no root to start with', () =>
    withDaemon(
      [],
      async ({ pid }, output) => {
        await started(output);
        assert.deepEqual([...new Set(status(pid, 'Uid'))], [String(NOBODY)]);
        assert.deepEqual([...new Set(status(pid, 'CapEff'))], [NEEDED]);
      },
      as('net_admin', 'net_raw', 'net_bind_service'),
    ));

  test('every refused call names the capability that is missing, and none that is there', () => {
    const script = fileURLToPath(new URL('./capability-process.js', import.meta.url));
    const attempt = (...capabilities: string[]) => {
      const [program = '', ...args] = as(...capabilities);
      const { stdout, stderr, status: code } = spawnSync(program, [...args, script], { encoding: 'utf8' });
      assert.equal(code, 0, stderr);
      const said = JSON.parse(stdout) as Record<string, { message: string; capability?: string }>;
      for (const { message, capability } of Object.values(said))
        if (capability) assert.ok(message.endsWith(`; needs ${capability}`), message);
      return Object.fromEntries(
        Object.entries(said).map(([name, { message, capability }]) => [name, capability || message]),
      );
    };
    const admin = 'CAP_NET_ADMIN';
    const all = { link: admin, route: admin, policy: admin, dump: admin, monitor: admin, userspace: admin };
    const none = attempt();
    // Whichever of the two it comes to first.
    assert.match(none['kernel']!, /^CAP_NET_(ADMIN|BIND_SERVICE)$/);
    assert.deepEqual(none, { ...all, kernel: none['kernel'] });
    const allowed = Object.fromEntries(Object.keys(all).map((name) => [name, 'allowed']));
    const port = { userspace: 'CAP_NET_BIND_SERVICE', kernel: 'CAP_NET_BIND_SERVICE' };
    assert.deepEqual(attempt('net_admin', 'net_raw'), { ...allowed, ...port });
    const { userspace, ...rest } = attempt('net_admin', 'net_bind_service');
    assert.equal(userspace, 'CAP_NET_RAW');
    assert.ok(
      Object.values(rest).every((word) => word === 'allowed' || /File exists$/.test(word)),
      JSON.stringify(rest),
    );
  });

  test('a failing call names the capability that it would have needed', async () => {
    const without = ['setpriv', `--reuid=${NOBODY}`, '--clear-groups', process.execPath];
    await withDaemon(
      [],
      async (_, output) => {
        await until(
          () => /needs CAP_NET_ADMIN/.test(output()),
          60_000,
          () => `it said: ${output()}`,
        );
      },
      without,
    );
    await withDaemon(['--user=nobody-of-this-name'], async (_, output) => {
      await until(() => output().includes('there is no user nobody-of-this-name'), 60_000, output);
    });
  });
});
