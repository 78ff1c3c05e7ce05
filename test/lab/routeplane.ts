import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ControlClient } from '#lib/runtime/control/client.js';
import type { Exit, LabProcess } from './lab-process.ts';
import type { Namespace } from './namespace.ts';
import { onProcessEnd } from './process-end.ts';
import { until } from './until.ts';

/** The command as `npm ci` builds it. */
export const routeplaneCommand = fileURLToPath(new URL('../../../dist/cli/main.js', import.meta.url));

export interface RouteplaneOptions {
  /** More for the command line. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take until it answers (default 60 s). */
  readonly startMs?: number;
}

/** Our own daemon, `routeplane run FILE.rsc`, in a namespace, with a control socket of its own. */
export class Routeplane {
  readonly process: LabProcess;
  /** The configuration's file; written again before `reload`. */
  readonly file: string;
  /** What `routeplane exec --socket` needs to talk to this daemon, from any namespace. */
  readonly socket: string;
  readonly #directory: string;
  readonly #release: () => void;
  #console: ControlClient | undefined;

  /** Resolves when the daemon answers on its control socket. */
  static async start(
    namespace: Namespace,
    configuration: string,
    options: RouteplaneOptions = {},
  ): Promise<Routeplane> {
    const daemon = new Routeplane(namespace, configuration, options);
    try {
      daemon.#console = await until(
        async () => {
          if (daemon.process.exit) throw new Error(`routeplane ended:\n${daemon.log}`);
          return await ControlClient.open(daemon.socket).catch(() => undefined);
        },
        options.startMs ?? 60_000,
        () => `routeplane does not answer:\n${daemon.log}`,
      );
      return daemon;
    } catch (error) {
      await daemon.close();
      throw error;
    }
  }

  private constructor(namespace: Namespace, configuration: string, options: RouteplaneOptions) {
    this.#directory = mkdtempSync(join(tmpdir(), 'rp-daemon-'));
    this.#release = onProcessEnd(() => rmSync(this.#directory, { recursive: true, force: true }));
    this.file = join(this.#directory, 'router.rsc');
    this.socket = join(this.#directory, 'control.sock');
    writeFileSync(this.file, configuration, { mode: 0o600 });
    const args = ['run', this.file, `--socket=${this.socket}`, ...(options.args ?? [])];
    this.process = namespace.node(routeplaneCommand, args, {
      title: `routeplane in ${namespace.name}`,
      ...(options.env ? { env: options.env } : {}),
    });
  }

  /** All that it logged. */
  get log(): string {
    return this.process.output;
  }

  /** What the console prints for `command`; rejects when it refuses. One console session for the life of this object. */
  async exec(command: string): Promise<string> {
    if (!this.#console) throw new Error('routeplane is not started');
    const { ok, output } = await this.#console.execute(command);
    if (!ok) throw new Error(`${command}: ${output}`);
    return output;
  }

  /** How many items `MENU print count-only WHERE` counts, e.g. of `/ip ipsec installed-sa`. */
  async count(menu: string, where = ''): Promise<number> {
    const output = await this.exec(`${menu} print count-only${where ? ` where ${where}` : ''}`);
    if (!/^\d+\s*$/.test(output)) throw new Error(`${menu} print count-only printed ${output}`);
    return Number(output);
  }

  /** Replaces the configuration as an operator does: the file, then SIGHUP. */
  reload(configuration: string): void {
    writeFileSync(this.file, configuration);
    process.kill(this.process.pid, 'SIGHUP');
  }

  /** SIGTERM: SAs are deleted at their peers. */
  async stop(): Promise<Exit> {
    return await this.process.stop('SIGTERM', 15_000);
  }

  /** Ends it as a power cut does: no DELETE is sent. */
  async kill(): Promise<void> {
    await this.process.stop('SIGKILL');
  }

  async close(): Promise<void> {
    this.#console?.close();
    await this.stop();
    this.#release();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
