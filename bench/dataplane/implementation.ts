import { spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inside, type Side } from './network.ts';

/** Two gateways that run, whoever wrote them. */
export interface Running {
  /** Of both together, since they began. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export interface Implementation {
  readonly name: string;
  /** Why it cannot be measured here, or nothing. */
  absent(): string | undefined;
  start(): Promise<Running>;
}

export const bare: Implementation = {
  name: 'bare veth',
  absent: () => undefined,
  start: async () => ({ cpuSeconds: () => 0, stop: async () => {} }),
};

export const has = (command: string): boolean =>
  spawnSync('sh', ['-c', `command -v ${command}`], { stdio: 'ignore' }).status === 0;

/** Runs to its end in the gateway's namespace; throws with what it said if that is no success. */
export function exec(side: Side, command: readonly string[]): string {
  const [file, ...args] = inside(side, command);
  const { status, stdout, stderr, error } = spawnSync(file!, args, { encoding: 'utf8' });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command.join(' ')}: ${stderr}${stdout}`);
  return stdout;
}

/** A daemon in the foreground; returns when its output has `ready`, or when `isReady` says so. */
export async function daemon(
  side: Side,
  command: readonly string[],
  isReady: (output: string) => boolean,
): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const [file, ...args] = inside(side, command);
  const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  const closed = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), 3000);
    await closed;
    clearTimeout(timer);
  };
  for (let waited = 0; !isReady(output); waited += 50) {
    if (child.exitCode !== null || waited > 10_000) {
      await stop();
      throw new Error(`${command[0]} did not start: ${output.slice(-2000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { pid: child.pid!, stop };
}

/** User and system time of a process with all its threads. */
export function cpuSecondsOf(pid: number): number {
  // Behind the name, which may hold anything: state, then fields 4 and on (proc(5)).
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

export function running(daemons: readonly { readonly pid: number; stop(): Promise<void> }[]): Running {
  return {
    cpuSeconds: () => daemons.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
    stop: async () => {
      for (const one of daemons) await one.stop();
    },
  };
}
