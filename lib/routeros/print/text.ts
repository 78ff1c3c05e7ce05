/** How values are written: escapes and quotes as RouterOS has them. */

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  $: '\\$',
  '?': '\\?',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\x07': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};

/** A string in quotes for people: letters of any script stay. */
export function quote(text: string): string {
  return `"${escapeText(text, CONTROL)}"`;
}

/** As `print` writes a value that is not always in quotes. */
export function quoteIfNeeded(text: string): string {
  return BARE.test(text) ? text : quote(text);
}

/** As `export` writes a value: quotes where the bare text would read as something else, octets outside ASCII in hexadecimal. */
export function quoteForExport(text: string): string {
  return BARE.test(text) ? text : `"${escapeText(text, NOT_ASCII)}"`;
}

const CONTROL = /\p{Cc}/u;
const NOT_ASCII = /[^ -~]/u;
const BARE = /^[A-Za-z0-9_/.:,@%*+<>|^&~-]+$/;

function escapeText(text: string, hexadecimal: RegExp): string {
  let result = '';
  for (const char of text) {
    if (ESCAPES[char] !== undefined) result += ESCAPES[char];
    else if (hexadecimal.test(char)) result += octets(char);
    else result += char;
  }
  return result;
}

function octets(char: string): string {
  return [...new TextEncoder().encode(char)].map((o) => `\\${o.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

/** For tables and comments: control characters would break the lines, or the terminal. */
export function oneLine(text: string): string {
  return text.replace(new RegExp(CONTROL, 'gu'), (char) => ESCAPES[char] ?? octets(char));
}
