/** Characters of a script: blanks, continuation lines, comments, quoted strings. */
import { ConfigError } from '../errors.ts';
import type { Position } from './item.ts';

const BLANK = /[ \t\r\u00a0]/;
const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  n: '\n',
  r: '\r',
  t: '\t',
  $: '$',
  '?': '?',
  _: ' ',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

export class Cursor {
  readonly text: string;
  readonly source: string;
  offset = 0;
  readonly #lines: number[] = [0];

  constructor(text: string, source: string) {
    // A byte order mark is no part of the first command.
    this.text = text.startsWith('\ufeff') ? ` ${text.slice(1)}` : text;
    this.source = source;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) this.#lines.push(at + 1);
  }

  position(offset: number): Position {
    let low = 0;
    let high = this.#lines.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#lines[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { source: this.source, line: low + 1, column: offset - this.#lines[low]! + 1 };
  }

  fail(reason: string, offset: number, path = '', property = '', nearest = ''): never {
    throw new ConfigError(reason, path, property, { ...this.position(offset), nearest });
  }

  /** The character here, empty at the end of the text. */
  get char(): string {
    return this.text.charAt(this.offset);
  }

  peek(ahead = 1): string {
    return this.text.charAt(this.offset + ahead);
  }

  get done(): boolean {
    return this.offset >= this.text.length;
  }

  get blank(): boolean {
    return BLANK.test(this.char);
  }

  /** End of a command: line end, `;`, end of text, or the bracket that closes what it stands in. */
  atEnd(closer: string): boolean {
    const { char } = this;
    return char === '' || char === '\n' || char === ';' || (closer !== '' && char === closer);
  }

  /** Skips blanks, continued line ends, and a comment that ends the line. */
  skipBlanks(): void {
    for (;;) {
      if (this.blank) this.offset++;
      else if (!this.skipContinuation()) break;
    }
    if (this.char !== '#') return;
    const end = this.text.indexOf('\n', this.offset);
    this.offset = end < 0 ? this.text.length : end;
  }

  /** Skips a backslash and the line end behind it, if that is what is here. */
  skipContinuation(): boolean {
    if (this.char !== '\\') return false;
    let end = this.offset + 1;
    while (BLANK.test(this.text.charAt(end))) end++;
    if (this.text.charAt(end) !== '\n' && end < this.text.length) return false;
    this.offset = end + 1;
    return true;
  }

  /** Skips everything up to the next command. */
  skipSeparators(): void {
    for (;;) {
      this.skipBlanks();
      if (this.char !== '\n' && this.char !== ';') return;
      this.offset++;
    }
  }

  /** Characters that match, at most as many as there are. */
  take(pattern: RegExp): string {
    const start = this.offset;
    while (!this.done && pattern.test(this.char)) this.offset++;
    return this.text.slice(start, this.offset);
  }

  /**
   * An escape sequence, the backslash being here. `\C3\A9`: consecutive octets are read as UTF-8, single ones that are no UTF-8 as
   * Latin-1. In a string the line may end between two of them.
   */
  escape(inString: boolean): string {
    const start = this.offset;
    const octets: number[] = [];
    for (let octet = this.#octet(inString); octet !== undefined; octet = this.#octet(inString)) octets.push(octet);
    if (octets.length > 0) return decode(Uint8Array.from(octets));
    const simple = SIMPLE_ESCAPES[this.peek(1)];
    if (simple === undefined || this.peek(1) === '')
      this.fail(`unknown escape "\\${this.peek(1).replace('\n', 'end of line')}"`, start);
    this.offset += 2;
    return simple;
  }

  /** `\C3`, and the continuation before it; nothing is consumed if it is not here. */
  #octet(inString: boolean): number | undefined {
    const start = this.offset;
    if (inString) while (this.skipContinuation()) while (this.blank) this.offset++;
    const digits = /^\\([0-9A-F]{2})/.exec(this.text.slice(this.offset, this.offset + 3));
    this.offset = digits ? this.offset + 3 : start;
    return digits ? Number.parseInt(digits[1]!, 16) : undefined;
  }
}

const UTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What the first octet of a UTF-8 sequence says (RFC 3629 3). */
function sequenceLength(first: number): number {
  return first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
}

function decode(octets: Uint8Array): string {
  let text = '';
  for (let at = 0; at < octets.length; ) {
    const length = sequenceLength(octets[at]!);
    const sequence = octets.subarray(at, at + length);
    try {
      text += UTF8.decode(sequence);
      at += length;
    } catch {
      text += String.fromCharCode(octets[at]!);
      at++;
    }
  }
  return text;
}
