import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Namespace, onProcessEnd } from '../lab/index.ts';
import type { Answer, Ask, Bind, Flood } from './echo-process.ts';

const port = 7007;

/** A process in a namespace that sends UDP and answers it. */
export class Echo {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #release: () => void;
  #next = 0;

  /** @param addresses where it answers */
  static async open(namespace: Namespace, addresses: readonly string[] = []): Promise<Echo> {
    const echo = new Echo(namespace);
    if (addresses.length > 0) await echo.#request({ bind: addresses, port });
    return echo;
  }

  private constructor(namespace: Namespace) {
    const script = fileURLToPath(new URL('./echo-process.js', import.meta.url));
    this.#child = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    this.#release = onProcessEnd(() => this.#child.kill('SIGKILL'));
    this.#child.on('message', (answer: Answer) => {
      this.#waiting.get(answer.id)?.(answer);
      this.#waiting.delete(answer.id);
    });
  }

  async #request(
    request: Omit<Bind, 'id'> | Omit<Ask, 'id'> | Omit<Flood, 'id'>,
    id: number = this.#next++,
  ): Promise<Answer> {
    const answer = await new Promise<Answer>((resolve, reject) => {
      this.#waiting.set(id, resolve);
      this.#child.send({ ...request, id }, (error) => {
        if (error) reject(error);
      });
    });
    if (answer.error) throw new Error(answer.error);
    return answer;
  }

  /**
   * Datagrams of `sizes` to the one that answers at `target`, each until it came back unchanged. With `settleMs` those that had to
   * be sent again are waited for as well: what is late is not in somebody's way afterwards.
   * @returns those that did not, and how many were sent
   */
  async ask(
    source: string,
    target: string,
    sizes: readonly number[],
    timeoutMs = 20_000,
    settleMs = 0,
  ): Promise<{ readonly sent: number; readonly failed: readonly number[] }> {
    return await this.#request({ source, target, port, sizes, timeoutMs, settleMs });
  }

  /**
   * Sends 50 datagrams a second until `stop`, which says how many there were and the numbers of those that did not come back within
   * `patienceMs`.
   */
  flood(
    source: string,
    target: string,
    patienceMs = 20_000,
  ): { stop(): Promise<{ readonly sent: number; readonly lost: readonly number[] }> } {
    const id = this.#next++;
    const ended = this.#request({ source, target, port, intervalMs: 20, patienceMs }, id);
    ended.catch(() => {}); // `stop` tells.
    return {
      stop: async () => {
        this.#child.send({ stop: id });
        const { sent, failed } = await ended;
        return { sent, lost: failed };
      },
    };
  }

  /** The counters of /proc/net/xfrm_stat of its namespace that are not 0. */
  xfrmErrors(): Readonly<Record<string, number>> {
    const text = readFileSync(`/proc/${this.#child.pid}/net/xfrm_stat`, 'utf8');
    const counters = [...text.matchAll(/^(\w+)\s+(\d+)$/gm)].map(([, name, value]) => [name!, Number(value)] as const);
    return Object.fromEntries(counters.filter(([, value]) => value > 0));
  }

  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    this.#release();
  }
}
