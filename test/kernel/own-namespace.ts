import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { basename } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missingKernelFeature } from '../lab/index.ts';

const variable = 'ROUTEPLANE_TEST_NAMESPACE';

/**
 * Runs the tests that `define` registers in a network namespace of their own, with nothing in it but a loopback that is
 * down: the file is run again inside `unshare --net`. A test outside stands for all of those inside.
 */
export function inOwnNamespace(url: string, define: () => void): void {
  if (process.env[variable] === url) {
    define();
    return;
  }
  test(`${basename(fileURLToPath(url), '.test.js')}, in a network namespace of its own`, {
    skip: missingKernelFeature(),
    timeout: 300_000,
  }, async () => {
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const child = spawn('unshare', ['--net', process.execPath, '--test-reporter=spec', fileURLToPath(url)], {
      env: { ...env, [variable]: url },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    const code = await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    assert.equal(code, 0, output);
    assert.match(output, /pass [1-9]/, output);
  });
}
