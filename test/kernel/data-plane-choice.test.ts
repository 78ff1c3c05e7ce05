import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { kernelLacks } from '#lib/dataplane/kernel-probe.js';
import { routeplaneCommand, until } from '../lab/index.ts';
import { inOwnNamespace } from './own-namespace.ts';

/** What the daemon logs until it has started or ended; `code` is undefined for one that runs. */
async function start(configuration: string, ...args: string[]): Promise<{ log: string; code: number | undefined }> {
  const directory = mkdtempSync(join(tmpdir(), 'rp-choice-'));
  const file = join(directory, 'router.rsc');
  writeFileSync(file, configuration);
  const command = [routeplaneCommand, 'run', file, `--socket=${join(directory, 's')}`, '--keep-privileges', ...args];
  const child = spawn(process.execPath, command);
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
  const ended = new Promise((resolve) => child.once('close', resolve));
  try {
    await until(
      () => log.includes('router started') || child.exitCode !== null,
      60_000,
      () => `the daemon does not start: ${log}`,
    );
    return { log, code: child.exitCode ?? undefined };
  } finally {
    child.kill();
    await ended;
    rmSync(directory, { recursive: true, force: true });
  }
}

const settings = (kind: string) => `/ip ipsec settings set data-plane=${kind}\n`;

inOwnNamespace(import.meta.url, () => {
  const lacking = kernelLacks();

  test('auto takes what there is, and says why', async () => {
    const reason = lacking === undefined ? 'kernel (the kernel has ESP)' : `userspace (${lacking.message})`;
    for (const [configuration, ...args] of [[settings('auto')], ['', '--data-plane=auto']] as const) {
      const { log, code } = await start(configuration, ...args);
      assert.equal(code, undefined, log);
      assert.ok(log.includes(`data plane: ${reason}`), log);
    }
    if (lacking !== undefined) assert.match(lacking.message, /\((EPROTONOSUPPORT|ENOSYS).*the module \w+/);
  });

  test('the command line goes before the configuration', async () => {
    const { log } = await start(settings('kernel'), '--data-plane=userspace');
    assert.match(log, /data plane: userspace \(as configured\)/);
  });

  test('a kernel that cannot is an error that names the module', async () => {
    const { log, code } = await start(settings('kernel'));
    if (lacking === undefined) {
      assert.match(log, /data plane: kernel \(as configured\)/);
    } else {
      assert.notEqual(code ?? 0, 0, log);
      assert.match(log, /the module esp4 is missing or cannot be loaded/);
    }
  });
});
