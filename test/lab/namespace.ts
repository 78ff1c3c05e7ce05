import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { LabProcess, run, type SpawnOptions } from './lab-process.ts';
import { onProcessEnd } from './process-end.ts';

/** Namespaces are called `rp-PID-N-LABEL` after the process that made them. */
const prefix = 'rp-';
let count = 0;

function ip(...args: readonly string[]): string {
  try {
    return execFileSync('ip', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new Error(`ip ${args.join(' ')}: ${(error as { stderr?: string }).stderr ?? error}`);
  }
}

/** Ends every process in it first: a namespace lives as long as its last process. */
function remove(name: string): void {
  if (!existsSync(`/run/netns/${name}`)) return;
  for (const pid of ip('netns', 'pids', name).split('\n').filter(Boolean)) {
    try {
      process.kill(Number(pid), 'SIGKILL');
    } catch {
      // Gone by itself.
    }
  }
  ip('netns', 'del', name);
}

/** Removes what processes left that were killed before they could clean up. */
export function removeStaleNamespaces(): void {
  if (!existsSync('/run/netns')) return;
  for (const name of readdirSync('/run/netns')) {
    const owner = /^rp-(\d+)-\d+-/.exec(name)?.[1];
    if (!owner || existsSync(`/proc/${owner}`)) continue;
    try {
      remove(name);
    } catch {
      // Another process is at it at the same time.
    }
  }
}

/**
 * The feature of the kernel that the network tests need and this one lacks, or false: the reason of a skip. Without root they fail, which
 * is nothing that a kernel lacks. Throws then.
 */
export function missingKernelFeature(): string | false {
  if (!existsSync('/proc/self/ns/net')) return 'the kernel lacks network namespaces (CONFIG_NET_NS)';
  if (!existsSync('/dev/net/tun')) return 'the kernel lacks TUN devices (CONFIG_TUN)';
  if (process.getuid?.() !== 0) throw new Error('the network tests need root (CAP_SYS_ADMIN and CAP_NET_ADMIN)');
  return false;
}

export interface PingResult {
  readonly sent: number;
  /** How many of those were answered. */
  readonly received: number;
}

/** A network namespace of this process, with its loopback up and IPv6 duplicate address detection off. */
export class Namespace {
  readonly name: string;
  readonly #release: () => void;

  constructor(label: string) {
    if (count === 0) removeStaleNamespaces();
    this.name = `${prefix}${process.pid}-${count++}-${label}`;
    ip('netns', 'add', this.name);
    this.#release = onProcessEnd(() => remove(this.name));
    this.ip('link', 'set', 'lo', 'up');
    // A tentative address cannot be bound, and detection takes a second.
    this.sysctl('net.ipv6.conf.all.accept_dad', 0);
    this.sysctl('net.ipv6.conf.default.accept_dad', 0);
  }

  /** `ip -n NAME ...`; returns what it prints. */
  ip(...args: readonly string[]): string {
    return ip('-n', this.name, ...args);
  }

  sysctl(key: string, value: string | number): void {
    const path = `/proc/sys/${key.replaceAll('.', '/')}`;
    execFileSync('ip', ['netns', 'exec', this.name, 'sh', '-c', `echo '${value}' > '${path}'`], {
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  }

  /** Adds addresses in CIDR form and brings the device up. */
  address(device: string, ...cidrs: readonly string[]): void {
    this.ip('link', 'set', device, 'up');
    for (const cidr of cidrs) this.ip('address', 'add', cidr, 'dev', device);
  }

  route(destination: string, via: string): void {
    this.ip('route', 'add', destination, 'via', via);
  }

  forward(): void {
    this.sysctl('net.ipv4.ip_forward', 1);
    this.sysctl('net.ipv6.conf.all.forwarding', 1);
  }

  /** Loads an nftables ruleset. */
  nft(ruleset: string): void {
    execFileSync('ip', ['netns', 'exec', this.name, 'nft', '-f', '-'], {
      input: ruleset,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
  }

  #command(command: string, args: readonly string[], options: SpawnOptions): string[] {
    const inside = options.privateRun
      ? ['unshare', '-m', 'sh', '-c', 'mount -t tmpfs none /run && exec "$@"', 'sh', command, ...args]
      : [command, ...args];
    return ['netns', 'exec', this.name, ...inside];
  }

  /** Runs to the end inside; see `run`. */
  exec(command: string, args: readonly string[] = [], options: Parameters<typeof run>[2] = {}): ReturnType<typeof run> {
    return run('ip', this.#command(command, args, options), { title: `${command} in ${this.name}`, ...options });
  }

  /** Starts inside and returns at once. */
  spawn(command: string, args: readonly string[] = [], options: SpawnOptions = {}): LabProcess {
    return new LabProcess('ip', this.#command(command, args, options), {
      title: `${command} in ${this.name}`,
      ...options,
    });
  }

  /** Starts this Node on a compiled script, inside. */
  node(script: string, args: readonly string[] = [], options: SpawnOptions = {}): LabProcess {
    return this.spawn(process.execPath, [script, ...args], { title: `${script} in ${this.name}`, ...options });
  }

  /**
   * `count` echo requests, `intervalMs` apart; each is waited for `waitMs`: long where all have to be answered, as an answer that
   * is late on a busy machine is no loss. With fping(8): ping(8) gives up on the last one after an interval.
   */
  async ping(
    target: string,
    options: { count?: number; intervalMs?: number; waitMs?: number; source?: string; bytes?: number } = {},
  ): Promise<PingResult> {
    const { count = 3, intervalMs = 20, waitMs = 5000, source, bytes } = options;
    const args = ['-q', '-i', '1', '-c', `${count}`, '-p', `${intervalMs}`, '-t', `${waitMs}`];
    if (source) args.push('-S', source);
    if (bytes !== undefined) args.push('-b', `${bytes}`);
    const timeoutMs = 5 * count * intervalMs + waitMs + 20_000;
    const { stdout, stderr } = await this.exec('fping', [...args, target], { check: false, timeoutMs });
    const totals = /xmt\/rcv\/%loss = (\d+)\/(\d+)\//.exec(stdout + stderr);
    if (!totals) throw new Error(`fping ${target} in ${this.name}: ${stdout}${stderr}`);
    return { sent: Number(totals[1]), received: Number(totals[2]) };
  }

  /** Kills what runs inside and deletes it. */
  close(): void {
    this.#release();
    remove(this.name);
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
