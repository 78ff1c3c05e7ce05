/** The structured log: one line per entry, by topic as RouterOS has them, and a bounded memory for `/log print`. */

export type LogFields = Readonly<Record<string, string | number | boolean>>;

export interface LogEntry {
  /** Milliseconds since the epoch. */
  readonly time: number;
  /** Comma-separated, `ipsec,error`. */
  readonly topics: string;
  readonly message: string;
  readonly fields?: LogFields | undefined;
}

export type LogFormat = 'human' | 'json';

export interface LogOptions {
  /** Default `human`. */
  readonly format?: LogFormat;
  /** Rules as `/system logging` has them, each `ipsec,!debug`; an entry passes if one rule does. Default `!debug`. */
  readonly topics?: readonly string[];
  /** Takes one finished line with its newline; without it entries are only remembered. */
  readonly write?: (line: string) => void;
  /** How many entries are remembered; default 1000. */
  readonly capacity?: number;
}

/** True if the entry has every topic that the rule names and none that it negates. */
export function topicsMatch(rule: string, topics: string): boolean {
  const has = new Set(topics.split(','));
  return rule
    .split(',')
    .filter((topic) => topic !== '')
    .every((topic) => (topic.startsWith('!') ? !has.has(topic.slice(1)) : has.has(topic)));
}

function two(n: number): string {
  return String(n).padStart(2, '0');
}

/** `2026-04-17 09:00:00` in local time, as RouterOS 7.10 and later print it. */
export function logTime(time: number): string {
  const d = new Date(time);
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return `${date} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`;
}

/** A peer chooses part of what is logged: control characters may neither forge a line nor drive a terminal. */
function oneLine(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what this removes
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => {
    return `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function humanLine(entry: LogEntry): string {
  const fields = Object.entries(entry.fields ?? {}).map(([key, value]) => ` ${key}=${value}`);
  return `${logTime(entry.time)} ${oneLine(`${entry.topics} ${entry.message}${fields.join('')}`)}\n`;
}

function jsonLine(entry: LogEntry): string {
  const { time, topics, message, fields } = entry;
  return `${JSON.stringify({ time: new Date(time).toISOString(), topics: topics.split(','), message, ...fields })}\n`;
}

export class Log {
  readonly #rules: readonly string[];
  readonly #line: (entry: LogEntry) => string;
  readonly #write: ((line: string) => void) | undefined;
  readonly #capacity: number;
  #ring: LogEntry[] = [];
  #next = 0;

  constructor(options: LogOptions = {}) {
    this.#rules = options.topics?.length ? options.topics : ['!debug'];
    this.#line = options.format === 'json' ? jsonLine : humanLine;
    this.#write = options.write;
    this.#capacity = options.capacity ?? 1000;
  }

  /** Whether an entry of these topics would be kept: asked before a costly message is put together. */
  wants(topics: string): boolean {
    return this.#rules.some((rule) => topicsMatch(rule, topics));
  }

  add(topics: string, message: string, fields?: LogFields): void {
    if (!this.wants(topics)) return;
    const entry: LogEntry = { time: Date.now(), topics, message, fields };
    this.#ring[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#capacity;
    this.#write?.(this.#line(entry));
  }

  /** Oldest first. */
  entries(): readonly LogEntry[] {
    return [...this.#ring.slice(this.#next), ...this.#ring.slice(0, this.#next)];
  }
}
