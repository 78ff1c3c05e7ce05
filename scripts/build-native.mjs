// Builds the addon from source with node-gyp, against the headers of the Node that runs this script when it has them.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { compiler } from './compiler.mjs';

const require = createRequire(import.meta.url);
const prefix = dirname(dirname(process.execPath));
const args = ['--jobs', String(availableParallelism())];
// Without this node-gyp downloads the headers, which a machine off the internet cannot do.
if (existsSync(resolve(prefix, 'include/node/node_api.h'))) args.push(`--nodedir=${prefix}`);

const env = { ...process.env, ...compiler() };
const nodeGyp = require.resolve('node-gyp/bin/node-gyp.js');
for (const command of ['configure', 'build']) {
  const { status } = spawnSync(process.execPath, [nodeGyp, command, '--silent', ...args], {
    cwd: resolve(import.meta.dirname, '..'),
    stdio: 'inherit',
    env,
  });
  if (status !== 0) {
    console.error('routeplane: the native addon did not build; it needs make, Python 3 and a C++20 compiler');
    process.exit(status ?? 1);
  }
}
