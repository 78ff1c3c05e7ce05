import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Capability } from '../capability.ts';
import type { DataPlaneKind } from '../runtime/data-plane.ts';
import { defaultSocket, UsageError } from './usage.ts';

interface Options {
  readonly file: string;
  readonly format: 'human' | 'json';
  readonly topics: readonly string[];
  readonly socketPath: string;
  readonly check: boolean;
  readonly keepKeys: boolean;
  /** Undefined is what the configuration says. */
  readonly dataPlane: DataPlaneKind | undefined;
  readonly staleSas: 'clean' | 'adopt' | undefined;
  readonly userspace: {
    readonly threads: number;
    readonly small: boolean;
    readonly pollUs: number;
    readonly xdp: readonly string[] | 'auto';
  };
  readonly user: string | undefined;
  readonly keepPrivileges: boolean;
}

function parse(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: {
      log: { type: 'string', default: 'human' },
      topics: { type: 'string', multiple: true, default: [] },
      socket: { type: 'string', default: defaultSocket },
      'data-plane': { type: 'string' },
      'kernel-sas': { type: 'string' },
      threads: { type: 'string' },
      small: { type: 'boolean', default: false },
      poll: { type: 'string' },
      xdp: { type: 'string', multiple: true, default: [] },
      user: { type: 'string' },
      'keep-privileges': { type: 'boolean', default: false },
      check: { type: 'boolean', default: false },
      'keep-keys': { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const [file, ...rest] = positionals;
  if (file === undefined) throw new UsageError('run needs a configuration file');
  if (rest.length > 0) throw new UsageError(`run takes one file, not ${rest.join(' ')} too`);
  const { log: format, topics, socket: socketPath, 'data-plane': plane, check } = values;
  if (format !== 'human' && format !== 'json') throw new UsageError(`--log=${format}: use human or json`);
  if (plane !== undefined && plane !== 'auto' && plane !== 'kernel' && plane !== 'userspace')
    throw new UsageError(`--data-plane=${plane}: use auto, kernel or userspace`);
  const staleSas = values['kernel-sas'];
  if (staleSas !== undefined && staleSas !== 'clean' && staleSas !== 'adopt')
    throw new UsageError(`--kernel-sas=${staleSas}: use clean or adopt`);
  const threads = Number(values.threads ?? 1);
  if (!Number.isInteger(threads) || threads < 1 || threads > 64)
    throw new UsageError(`--threads=${values.threads}: use 1 to 64`);
  const pollUs = Number(values.poll ?? 0);
  // Number('') is 0, and who wrote nothing did not mean that.
  if (values.poll?.trim() === '' || !Number.isInteger(pollUs) || pollUs < 0 || pollUs > 10_000)
    throw new UsageError(`--poll=${values.poll}: use 0 to 10000 microseconds`);
  const interfaces = values.xdp.flatMap((list) => list.split(','));
  if (interfaces.includes('auto') && interfaces.length > 1) throw new UsageError('--xdp: auto, or names');
  const xdp = interfaces[0] === 'auto' ? ('auto' as const) : interfaces;
  const userspace = { threads, small: values.small, pollUs, xdp };
  return {
    file,
    format,
    topics,
    socketPath,
    check,
    keepKeys: values['keep-keys'],
    dataPlane: plane,
    staleSas,
    userspace,
    user: values.user,
    keepPrivileges: values['keep-privileges'],
  };
}

async function checkOnly(file: string): Promise<number> {
  const { checkFile } = await import('../runtime/configuration-file.ts');
  const problems = checkFile(file);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  return problems.length === 0 ? 0 : 1;
}

/**
 * NET_ADMIN for devices, netlink and socket options, NET_RAW for ESP and AH, NET_BIND_SERVICE for UDP 500, SYS_TIME to steer the
 * clock, BPF, PERFMON and IPC_LOCK for AF_XDP.
 */
function neededCapabilities({ file, userspace }: Options): Capability[] {
  const needed: Capability[] = ['CAP_NET_ADMIN', 'CAP_NET_RAW', 'CAP_NET_BIND_SERVICE'];
  if (userspace.xdp.length > 0) needed.push('CAP_BPF', 'CAP_PERFMON', 'CAP_IPC_LOCK');
  // A reload may bring a clock too, but not the capability: a restart does. A file that is not there is refused later.
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  if (/^\s*\/?system\s+ptp\b/m.test(text)) needed.push('CAP_SYS_TIME');
  return needed;
}

/** Runs the daemon in the foreground; resolves with its exit status. */
export async function run(args: readonly string[]): Promise<number> {
  const options = parse(args);
  const { file } = options;
  if (options.check) return checkOnly(file);
  if (!options.keepPrivileges) {
    const { confine } = await import('../runtime/confine.ts');
    confine(neededCapabilities(options), options.user);
  }

  // A CPU or a build whose ciphers give wrong answers must not get as far as the first SA.
  (await import('../crypto/index.ts')).defaultImplementation();
  const { Daemon } = await import('../runtime/daemon.ts');
  const { Log } = await import('../runtime/log.ts');
  const { openDataPlane } = await import('../runtime/data-plane.ts');
  // Whoever read the log may leave: the router goes on.
  process.stdout.on('error', () => {});
  const log = new Log({
    format: options.format,
    topics: options.topics,
    write: (line) => process.stdout.write(line),
  });
  await using daemon = new Daemon({
    log,
    socketPath: options.socketPath,
    openDataPlane: (events, configured) => {
      const { dataPlane: kind = configured.kind, staleSas = configured.staleSas } = options;
      return openDataPlane({ kind, staleSas, userspace: options.userspace }, events, log);
    },
    keepKeys: options.keepKeys,
  });
  const stopped = new Promise<undefined>((resolve) => {
    let asked = false;
    const stop = (signal: NodeJS.Signals): void => {
      // Who asks twice does not want to wait for the peers.
      if (asked) process.exit(1);
      asked = true;
      log.add('system,info', `${signal}: closing`);
      resolve(undefined);
    };
    process.on('SIGTERM', stop);
    process.on('SIGINT', stop);
  });
  // A hangup before the configuration is up asks for what is being done.
  // A restart that traffic does not notice: the next daemon adopts what this one leaves.
  const left = new Promise<'detached'>((resolve) => process.once('SIGUSR2', () => resolve('detached')));
  process.on('SIGHUP', () => daemon.reload(file));
  await daemon.start(file);
  const end = await Promise.race([stopped, left]);
  if (end === 'detached') {
    log.add('system,info', 'SIGUSR2: leaving network, SAs and policies to the next daemon');
    await daemon.detach();
  }
  return 0;
}
