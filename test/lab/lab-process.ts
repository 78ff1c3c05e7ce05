import { type ChildProcess, spawn } from 'node:child_process';
import { onProcessEnd } from './process-end.ts';
import { until } from './until.ts';

export interface SpawnOptions {
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Appended to each message about this process. */
  readonly title?: string;
  /** A tmpfs over /run that only this process and its children see, for daemons with a fixed pid file. */
  readonly privateRun?: boolean;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A child in its own process group with its output kept; it never outlives this process. */
export class LabProcess {
  readonly title: string;
  readonly pid: number;
  readonly exited: Promise<Exit>;
  stdout = '';
  stderr = '';
  exit: Exit | undefined;
  readonly #child: ChildProcess;

  constructor(command: string, args: readonly string[], options: SpawnOptions = {}) {
    this.title = options.title ?? command;
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.#child = child;
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.exited = new Promise((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        this.exit = { code, signal };
        release();
        resolve(this.exit);
      });
    });
    // Whoever awaits `exited` still sees the error; nobody awaiting must not end the test run.
    this.exited.catch(() => {});
    this.pid = child.pid ?? -1;
    const release = onProcessEnd(() => this.kill('SIGKILL'));
  }

  /** Both streams, for messages. */
  get output(): string {
    return this.stdout + this.stderr;
  }

  /** Sends to the whole process group; nothing happens if it is gone. */
  kill(signal: NodeJS.Signals): void {
    if (this.pid <= 0 || this.exit) return;
    try {
      process.kill(-this.pid, signal);
    } catch {
      this.#child.kill(signal);
    }
  }

  /** `signal`, then SIGKILL when it is not gone after `graceMs`. */
  async stop(signal: NodeJS.Signals = 'SIGTERM', graceMs = 3000): Promise<Exit> {
    this.kill(signal);
    const timer = setTimeout(() => this.kill('SIGKILL'), graceMs);
    try {
      return await this.exited;
    } finally {
      clearTimeout(timer);
    }
  }

  /** The first match of `pattern` in the output; rejects with the output when the process ends or the time is up. */
  async waitFor(pattern: RegExp, timeoutMs = 5000): Promise<RegExpExecArray> {
    const found = await until(
      () => pattern.exec(this.output) ?? (this.exit ? 'ended' : undefined),
      timeoutMs,
      () => `${this.title} did not print ${pattern}:\n${this.output.slice(-4000)}`,
    );
    if (found === 'ended') throw new Error(`${this.title} ended without ${pattern}:\n${this.output.slice(-4000)}`);
    return found;
  }
}

/** Runs to the end. Rejects on a non-zero exit, unless `check` is false, and when `timeoutMs` is over. */
export async function run(
  command: string,
  args: readonly string[],
  options: SpawnOptions & { readonly timeoutMs?: number; readonly check?: boolean } = {},
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = new LabProcess(command, args, options);
  const timeoutMs = options.timeoutMs ?? 30_000;
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, timeoutMs);
  const { code } = await child.exited.finally(() => clearTimeout(timer));
  if (late) throw new Error(`${command} ${args.join(' ')}: still running after ${timeoutMs} ms\n${child.output}`);
  if (code !== 0 && options.check !== false) {
    throw new Error(`${command} ${args.join(' ')}: exit ${code}\n${child.output.slice(-4000)}`);
  }
  return { code, stdout: child.stdout, stderr: child.stderr };
}
