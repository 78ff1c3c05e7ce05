const LINE_MS = 30_000;

/** One line that is written over itself, a few times a second; in a file, a line every half minute. */
export class Progress {
  readonly #stream: NodeJS.WriteStream;
  readonly #began = performance.now();
  #last = performance.now();

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
  }

  /** At most so many seconds are left. */
  update(secondsLeft: number, what: string): void {
    const terminal = this.#stream.isTTY;
    const now = performance.now();
    if (now - this.#last < (terminal ? 200 : LINE_MS)) return;
    this.#last = now;
    const passed = (now - this.#began) / 1000;
    const percent = ((100 * passed) / (passed + secondsLeft)).toFixed(0).padStart(3);
    const text = `${percent} %, at most ${duration(secondsLeft)} left, ${what}`;
    if (!terminal) {
      this.#stream.write(`${text}\n`);
      return;
    }
    this.#stream.write(`\r${text.slice(0, (this.#stream.columns ?? 80) - 1)}\x1b[K`);
  }

  clear(): void {
    if (this.#stream.isTTY) this.#stream.write('\r\x1b[K');
  }
}

export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, '0')} s`;
}
