// Everything that says whether routeplane works: `npm test`, or `npm test -- NAME...` for some of it, where a NAME is a
// step (build, lint, cpp, fuzz, arm, unit, network, vm, package) or a part of a test file's path (`unit/ike`, `interop`).
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';

process.chdir(resolve(import.meta.dirname, '..'));
const steps = ['build', 'lint', 'cpp', 'fuzz', 'arm', 'unit', 'network', 'vm', 'package'];
const names = process.argv.slice(2);
const files = names.filter((name) => !steps.includes(name));
const wanted = (step) => names.length === 0 || names.includes(step);

const totals = { passed: 0, failed: 0, skipped: 0 };
const failures = [];

function report(ok, what, detail = '') {
  totals[ok ? 'passed' : 'failed']++;
  if (!ok) failures.push(what);
  console.log(`${ok ? 'ok' : 'FAILED'}  ${what}${detail ? `  ${detail}` : ''}`);
}

function skip(what, why) {
  totals.skipped++;
  console.log(`skipped  ${what}: ${why}`);
}

/** Runs to the end. Output is kept, or shown too. */
function run(command, args, { show = false, env = {} } = {}) {
  return new Promise((done) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        output += text;
        if (show) process.stdout.write(text);
      });
    }
    child.on('error', (error) => done({ status: -1, output: `${command}: ${error.message}` }));
    child.on('close', (status) => done({ status, output }));
  });
}

/** One command that has to succeed; its output shows when it does not. */
async function check(what, command, args, options) {
  const began = performance.now();
  const { status, output } = await run(command, args, options);
  report(status === 0, what, `${((performance.now() - began) / 1000).toFixed(1)} s`);
  if (status !== 0) console.log(output.slice(-20_000));
  return status === 0;
}

const bin = (name) => `node_modules/.bin/${name}`;
const has = (command) => spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0;
const list = (name) => JSON.parse(readFileSync('native/sources.gypi', 'utf8')).variables[name];
const stem = (path) => path.replace(/^.*\//, '').replace(/\.[^.]*$/, '');

/** What is missing comes from Debian, where that is possible; the steps that want it say so where it is not. */
async function packages() {
  const { requirePackages, networkPackages, strongSwanPackages } = await import('../build/test/lab/index.js');
  const groups = {
    network: [...networkPackages, ...strongSwanPackages],
    cpp: ['cmake', 'make', 'g++', 'clang-19', 'libclang-rt-19-dev', 'valgrind'],
    arm: process.arch === 'x64' ? armPackages : [],
  };
  const selected = Object.entries(groups).filter(
    ([step]) => wanted(step) || (step === 'cpp' && wanted('fuzz')) || (step === 'network' && files.length > 0),
  );
  for (const [step, group] of selected) {
    try {
      requirePackages(group);
    } catch (error) {
      skip(`installing packages for ${step}`, error.message);
    }
  }
}

/** For CMake: the compiler of the prebuilds where it is there; it is also the faster one. */
const preferredCompiler = () => `-DCMAKE_CXX_COMPILER=${has('clang++-19') ? 'clang++-19' : 'g++'}`;

const sanitized = 'build/cmake-test';
let sanitizedBuild;

/** The C++ tests and fuzz targets under ASan and UBSan, built once. */
function buildSanitized() {
  sanitizedBuild ??= (async () => {
    const flags = [preferredCompiler(), `-DRP_FUZZ=${has('clang++-19') ? 'ON' : 'OFF'}`];
    const configure = ['-B', sanitized, '-DRP_SANITIZE=ON', '-DCMAKE_CXX_FLAGS=-O1', ...flags];
    if (!(await check('configure C++ tests (ASan, UBSan)', 'cmake', configure))) return false;
    return check('build C++ tests (ASan, UBSan)', 'cmake', ['--build', sanitized, '-j2']);
  })();
  return sanitizedBuild;
}

async function cpp() {
  if (!(await buildSanitized())) return;
  await ctest('C++', sanitized, list('rp_tests').map(stem), []);
}

/** Constant time: with secrets marked as undefined, valgrind counts the branches and addresses that they reach. */
async function memcheck() {
  if (!has('valgrind')) return skip('constant time', 'needs valgrind');
  const folder = 'build/cmake-memcheck';
  const tests = list('rp_memcheck').map(stem);
  if (!(await check('configure constant-time tests', 'cmake', ['-B', folder, '-DRP_MEMCHECK=ON', preferredCompiler()])))
    return;
  const targets = ['--build', folder, '-j2', '--target', ...tests];
  if (!(await check('build constant-time tests', 'cmake', targets))) return;
  // The tests judge the errors themselves: some of them are provoked, to show that valgrind would see one.
  for (const test of tests) await check(`C++ ${test}`, 'valgrind', ['-q', '--error-limit=no', `${folder}/${test}`]);
}

/** Every one of `tests` has to run and to pass. */
async function ctest(what, folder, tests, args, env = {}) {
  const junit = resolve(folder, 'ctest.xml');
  rmSync(junit, { force: true });
  const common = ['--test-dir', folder, '--output-on-failure', '--timeout', '600', '--output-junit', junit];
  const { output } = await run('ctest', [...common, ...args], { env });
  const cases = existsSync(junit)
    ? [...readFileSync(junit, 'utf8').matchAll(/<testcase name="([^"]+)"[^>]*?status="(\w+)"/g)]
    : [];
  for (const [, name, status] of cases) report(status === 'run', `${what} ${name}`);
  if (cases.length < tests.length) report(false, `${what} tests that did not run`);
  if (cases.some(([, , status]) => status !== 'run') || cases.length === 0) console.log(output.slice(-20_000));
}

const armPackages = ['cmake', 'make', 'g++-aarch64-linux-gnu', 'g++-arm-linux-gnueabihf', 'qemu-user-static'];
// The instructions that only the units of their own may have.
const armCrypto = /^\s+[0-9a-f]+:\s+(?:aes\w+(?:\.8)?|sha(?:1|256|512)\w+(?:\.32)?|pmull2?\s+v\d+\.1q|vmull\.p64)\b/;
const arms = [
  { name: 'arm64', triplet: 'aarch64-linux-gnu', emulator: 'qemu-aarch64-static', extra: ['hwcap_without_crypto'] },
  { name: 'armv7', triplet: 'arm-linux-gnueabihf', emulator: 'qemu-arm-static', extra: [] },
];

/** Crypto, ESP and codecs on ARM under qemu's user emulation: on a CPU with the cryptographic extension and on one without. */
async function arm() {
  if (process.arch !== 'x64') return skip('arm', 'cross builds are made on x64');
  const tests = list('rp_tests').map(stem);
  const selected = tests.filter((name) => /^(crypto|esp|replay|netlink_message)/.test(name));
  const only = ['-R', `^(${selected.join('|')})$`, '-j2'];
  for (const { name, triplet, emulator, extra } of arms) {
    const absent = [`${triplet}-g++`, emulator, 'cmake'].filter((command) => !has(command));
    if (absent.length > 0) {
      skip(name, `needs ${absent.join(', ')}`);
      continue;
    }
    const folder = `build/cmake-${name}`;
    const configure = ['-B', folder, `-DCMAKE_TOOLCHAIN_FILE=cmake/linux-${name}.cmake`, '-DCMAKE_CXX_FLAGS=-O1'];
    if (!(await check(`configure for ${name}`, 'cmake', configure))) continue;
    const targets = ['--build', folder, '-j2', '--target', ...selected, ...extra];
    if (!(await check(`build for ${name}`, 'cmake', targets))) continue;

    await ctest(name, folder, selected, only);
    const plain =
      name === 'arm64'
        ? { QEMU_SET_ENV: `LD_PRELOAD=${resolve(folder, 'libhwcap_without_crypto.so')}` }
        : { QEMU_CPU: 'cortex-a7' };
    const choice = async (env) =>
      (await run(emulator, ['-L', `/usr/${triplet}`, `${folder}/crypto_choice_test`], { env })).output;
    report(/^default: armv8$/m.test(await choice({})), `${name} chooses armv8`);
    report(/^default: portable$/m.test(await choice(plain)), `${name} without the extension chooses portable`);
    await ctest(`${name} without the extension:`, folder, selected, only, plain);

    let member = '';
    const members = new Set();
    for (const line of (
      await run(`${triplet}-objdump`, ['-d', '--no-show-raw-insn', `${folder}/librp_core.a`])
    ).output.split('\n')) {
      member = /^(\S+\.o): +file format/.exec(line)?.[1] ?? member;
      if (armCrypto.test(line)) members.add(member);
    }
    const leaks = [...members].filter((file) => !file.startsWith('armv8_'));
    report(
      members.size > 0 && leaks.length === 0,
      `${name} has the extension's instructions in its own units only`,
      leaks.join(' '),
    );
  }
}

/** One target for a bounded time, from the corpus in the repository and what earlier runs found. */
async function fuzzTarget(target, seconds) {
  const binary = `${sanitized}/${target}`;
  if (!existsSync(binary))
    return skip(`fuzz ${target}`, 'needs clang-19 and its libFuzzer runtime (libclang-rt-19-dev)');
  const found = `build/fuzz/${target}`;
  mkdirSync(found, { recursive: true });
  const kept = `native/fuzz/corpus/${target}`;
  const limits = [`-max_total_time=${seconds}`, '-timeout=10', '-rss_limit_mb=2048', `-artifact_prefix=${found}-`];
  const corpus = existsSync(kept) ? [found, kept] : [found];
  const { status, output } = await run(binary, [...limits, '-print_final_stats=1', ...corpus]);
  const runs = /stat::number_of_executed_units:\s*(\d+)/.exec(output)?.[1] ?? 'no';
  report(status === 0, `fuzz ${target}`, `${runs} inputs in ${seconds} s`);
  if (status !== 0) console.log(output.slice(-10_000));
}

async function fuzz() {
  if (!(await buildSanitized())) return;
  const targets = list('rp_fuzz').map(stem);
  const worker = async () => {
    for (let target = targets.shift(); target !== undefined; target = targets.shift()) await fuzzTarget(target, 10);
  };
  await Promise.all([worker(), worker()]);
}

/** Cases that run inside a VM with Debian's kernel; each folder is one boot with a main program of its own. */
async function virtualMachines() {
  for (const folder of ['kernel-vm', 'ptp-vm']) {
    console.log(`\n${folder}:`);
    const { status, output } = await run(process.execPath, [`build/test/${folder}/main.js`, '--json']);
    const lines = output.split('\n');
    const rows = lines.filter((line) => line.startsWith('{"case"')).map((line) => JSON.parse(line));
    for (const { case: name, result, seconds } of rows) {
      if (result === 'skip') skip(`${folder}: ${name}`, 'see above');
      else report(result === 'pass', `${folder}: ${name}`, `${seconds} s`);
    }
    if (status !== 0) {
      console.log(
        lines
          .filter((line) => !line.startsWith('{"case"'))
          .join('\n')
          .slice(-30_000),
      );
      if (rows.every(({ result }) => result !== 'fail')) report(false, `${folder} ended with ${status}`);
    }
  }
}

const isVm = (file) => /^build\/test\/(kernel|ptp)-vm\//.test(file);
const isNetwork = (file) => /^build\/test\/(lab|interop|kernel|scenarios|network)\//.test(file);

function testFiles() {
  const sources = new Set(readdirSync('test', { recursive: true }).map((file) => `build/test/${file}`));
  return readdirSync('build/test', { recursive: true })
    .map((file) => `build/test/${file}`)
    .filter((file) => file.endsWith('.test.js') && sources.has(file.replace(/\.js$/, '.ts')))
    .sort();
}

/** node:test over compiled files; its summary is counted from a TAP copy of the report. */
async function nodeTests(what, selected, concurrency) {
  if (selected.length === 0) return report(false, what, 'no test files');
  const tap = `build/${what}.tap`;
  const reporters = ['spec', 'stdout', 'tap', tap];
  const args = reporters.map((value, i) => `--test-reporter${i % 2 ? '-destination' : ''}=${value}`);
  console.log(`\n${what}: ${selected.length} files`);
  const { status } = await run(
    process.execPath,
    ['--test', `--test-concurrency=${concurrency}`, '--test-timeout=900000', ...args, ...selected],
    { show: true },
  );
  const text = existsSync(tap) ? readFileSync(tap, 'utf8') : '';
  const count = (name) => Number(new RegExp(`^# ${name} (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  totals.passed += count('pass');
  totals.failed += count('fail') + count('cancelled');
  totals.skipped += count('skipped') + count('todo');
  for (const [, name] of text.matchAll(/^not ok \d+ - (.*)$/gm)) failures.push(`${what}: ${name}`);
  if (status !== 0 && count('fail') + count('cancelled') === 0) report(false, what, `node --test ended with ${status}`);
}

/** What npm would publish: no install script, complete, and resolvable by Node and TypeScript. */
async function pack() {
  mkdirSync('build/pack', { recursive: true });
  const packed = await run('npm', [
    'pack',
    '--ignore-scripts',
    '--json',
    '--pack-destination',
    'build/pack',
    '--loglevel=error',
  ]);
  if (packed.status !== 0) {
    console.log(packed.output);
    return report(false, 'npm pack');
  }
  const [tarball] = JSON.parse(packed.output.slice(packed.output.indexOf('[')));
  const manifest = JSON.parse(
    spawnSync('tar', ['-xzOf', `build/pack/${tarball.filename}`, 'package/package.json'], { encoding: 'utf8' }).stdout,
  );
  const hooks = ['preinstall', 'install', 'postinstall'].filter((name) => name in (manifest.scripts ?? {}));
  const paths = tarball.files.map(({ path }) => path);
  // A binding.gyp at the root is an install script by itself, unless gypfile says no.
  const implicit = paths.includes('binding.gyp') && manifest.gypfile !== false;
  report(hooks.length === 0 && !implicit, 'the package has no install script', hooks.join(' '));
  const missing = Object.values(manifest.exports)
    .flatMap((entry) => (typeof entry === 'string' ? [entry] : Object.values(entry)))
    .concat(Object.values(manifest.bin))
    .filter((path) => !paths.includes(path.replace(/^\.\//, '')));
  report(missing.length === 0, 'the package has every file it exports', missing.join(' '));
  const stray = paths.filter((path) => /(^|\/)(test|fuzz|build|node_modules)\//.test(path));
  report(stray.length === 0, 'the package has nothing it should not', stray.slice(0, 5).join(' '));
  await check('publint', bin('publint'), ['--strict', `build/pack/${tarball.filename}`]);
  await check('attw', bin('attw'), [
    `build/pack/${tarball.filename}`,
    '--profile',
    'esm-only',
    '--no-emoji',
    '--no-color',
  ]);
}

const began = performance.now();
const built =
  (await check('native addon', process.execPath, ['scripts/build-native.mjs'])) &&
  (await check('tsc', bin('tsc'), ['-b']));
if (built) {
  await packages();
  if (wanted('lint')) await check('biome', bin('biome'), ['check', '.']);
  if (wanted('cpp')) {
    await cpp();
    await memcheck();
  }
  if (wanted('fuzz')) await fuzz();
  if (wanted('arm')) await arm();
  const all = testFiles();
  const filtered = all.filter((file) => files.some((part) => file.includes(part)));
  if (files.length > 0 && filtered.length === 0) report(false, `no test file has ${files.join(' or ')} in its path`);
  const pick = (step, kind) => (wanted(step) ? all.filter(kind) : filtered.filter(kind));
  const unit = pick('unit', (file) => !isNetwork(file) && !isVm(file));
  const network = pick('network', isNetwork);
  if (unit.length > 0 || wanted('unit')) await nodeTests('unit', unit, 2);
  if (network.length > 0 || wanted('network')) {
    if (process.getuid() !== 0)
      console.log('network tests need root (CAP_SYS_ADMIN, CAP_NET_ADMIN): they will be skipped');
    // In namespaces of their own, and half of their time is waiting.
    await nodeTests('network', network, 2);
  }
  if (wanted('vm')) await virtualMachines();
  if (wanted('package')) await pack();
}
for (const failure of failures) console.log(`failed: ${failure}`);
console.log(`\n${totals.skipped} skipped, ${((performance.now() - began) / 1000).toFixed(0)} s`);
console.log(`${totals.passed} passed, ${totals.failed} failed`);
process.exit(totals.failed === 0 && totals.passed > 0 ? 0 : 1);
