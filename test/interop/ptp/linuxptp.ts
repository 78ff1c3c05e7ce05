import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabProcess, type Namespace, onProcessEnd, until } from '../../lab/index.ts';

export const linuxptpPackages = ['linuxptp'] as const;

/** Options of ptp4l.conf(8). */
export type Ptp4lOptions = Readonly<Record<string, string | number>>;

/** linuxptp's clock as the peer. It measures and never sets this machine's clock: its servo is `nullf`, and the right to is taken. */
export class Ptp4l {
  readonly process: LabProcess;
  readonly #directory: string;
  readonly #release: () => void;

  /** `masters`: lines of its unicast_master_table, `UDPv4 192.0.2.1` say. */
  constructor(
    namespace: Namespace,
    interfaces: readonly string[],
    options: Ptp4lOptions,
    masters: readonly string[] = [],
  ) {
    this.#directory = mkdtempSync(join(tmpdir(), 'rp-ptp4l-'));
    this.#release = onProcessEnd(() => rmSync(this.#directory, { recursive: true, force: true }));
    const all: Ptp4lOptions = {
      time_stamping: 'software',
      clock_servo: 'nullf',
      summary_interval: -4,
      logging_level: 6,
      use_syslog: 0,
      verbose: 1,
      tx_timestamp_timeout: 200,
      uds_address: this.path,
      ...options,
    };
    const lines = Object.entries(all).map(([key, value]) => `${key} ${value}\n`);
    const file = join(this.#directory, 'ptp4l.conf');
    const table = ['[unicast_master_table]', 'table_id 1', 'logQueryInterval 0', ...masters].join('\n');
    const port = masters.length > 0 ? 'unicast_master_table 1\n' : '';
    const ports = interfaces.map((name) => `[${name}]\n${port}`).join('');
    writeFileSync(file, `[global]\n${lines.join('')}${masters.length > 0 ? `${table}\n` : ''}${ports}`);
    const without = ['--bounding-set=-sys_time', '--inh-caps=-sys_time'];
    const command = all['clock_servo'] === 'nullf' ? ['setpriv', ...without, 'ptp4l'] : ['ptp4l'];
    this.process = namespace.spawn(command[0]!, [...command.slice(1), '-f', file]);
  }

  /** Of its management socket. */
  get path(): string {
    return join(this.#directory, 'ptp4l');
  }

  /** `port 1: LISTENING to SLAVE on ...` of its log. */
  async waitState(to: string, timeoutMs = 30_000, port = 1): Promise<void> {
    await until(
      () => this.state(port) === to,
      timeoutMs,
      () => `ptp4l's port ${port} is ${to}:\n${this.process.output.slice(-3000)}`,
    );
  }

  state(port = 1): string {
    const pattern = new RegExp(`port ${port}(?: \\(\\w+\\))?: \\w+ to (\\w+) on`, 'g');
    return [...this.process.output.matchAll(pattern)].at(-1)?.[1] ?? '';
  }

  /** Offsets from us, ns, as it measures them. */
  get offsets(): number[] {
    return [...this.process.output.matchAll(/master offset\s+(-?\d+) s/g)].map((m) => Number(m[1]));
  }

  /** Idempotent. */
  async stop(): Promise<void> {
    await this.process.stop('SIGTERM', 3000);
    this.#release();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

/** Asks over a unix socket; returns what pmc prints. `options` are more for its command line, `-d 24` say. */
export async function pmc(
  namespace: Namespace,
  path: string,
  commands: readonly string[],
  options: readonly string[] = [],
): Promise<string> {
  const own = mkdtempSync(join(tmpdir(), 'rp-pmc-'));
  try {
    const args = ['-u', '-b', '0', '-s', path, '-i', join(own, 'pmc'), ...options, ...commands];
    const { stdout } = await namespace.exec('pmc', args, { timeoutMs: 20_000 });
    return stdout;
  } finally {
    rmSync(own, { recursive: true, force: true });
  }
}
