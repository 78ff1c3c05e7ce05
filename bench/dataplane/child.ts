import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** A process of this folder that answers each line of JSON with one of its own. */
export class Child {
  readonly pid: number;
  readonly #process: ChildProcess;
  readonly #lines: AsyncIterableIterator<string>;

  private constructor(process: ChildProcess, lines: Interface) {
    this.#process = process;
    this.pid = process.pid!;
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Returns when it has said its first line. */
  static async start(command: readonly string[]): Promise<Child> {
    const [file, ...args] = command;
    const process = spawn(file!, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    const child = new Child(process, createInterface(process.stdout));
    await child.#answer();
    return child;
  }

  async ask<T>(question: object): Promise<T> {
    this.#process.stdin!.write(`${JSON.stringify(question)}\n`);
    return JSON.parse(await this.#answer()) as T;
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const closed = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin!.end();
    await closed;
  }

  async #answer(): Promise<string> {
    const { value, done } = await this.#lines.next();
    if (done === true) throw new Error(`${this.#process.spawnargs.join(' ')}: ended early`);
    return value as string;
  }
}

/** The other end of it: `answer` is called with each question until the questions end. */
export async function serve(answer: (question: unknown) => unknown, end: () => void): Promise<void> {
  console.log('{}');
  for await (const line of createInterface(process.stdin)) console.log(JSON.stringify(answer(JSON.parse(line))));
  end();
}
