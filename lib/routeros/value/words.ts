/** Choices and lists of them. */
import { nearest } from '../nearest.ts';
import { ValueError, type ValueType } from '../schema.ts';

/** One of `words`; a unique prefix will do. `aliases` are other spellings that are read, never written. */
export function choice(words: readonly string[], aliases: Readonly<Record<string, string>> = {}): ValueType {
  const label = words.join(' | ');
  return { label, words, parse: (text) => pick(text, words, aliases, label) };
}

export const yesNo: ValueType = {
  ...choice(['yes', 'no'], { true: 'yes', false: 'no' }),
};

/** Some of `words`, in the order given, without repetition, at least one. */
export function choices(words: readonly string[], aliases: Readonly<Record<string, string>> = {}): ValueType {
  const label = `list of ${words.join(' | ')}`;
  return {
    label,
    words,
    parse(text) {
      const seen = new Set<string>();
      for (const part of text.split(',')) seen.add(pick(part, words, aliases, label));
      return [...seen].join(',');
    },
  };
}

/** A word of `words`, or whatever `type` takes. */
export function orWords(type: ValueType, ...words: string[]): ValueType {
  return {
    ...type,
    right: false,
    label: `${type.label} | ${words.join(' | ')}`,
    words: [...words, ...(type.words ?? [])],
    parse: (text) => (words.includes(text) ? text : parseAs(type, text, words)),
  };
}

/** Values of `type` with commas between. */
export function listOf(type: ValueType): ValueType {
  return {
    label: `list of ${type.label}`,
    ...(type.quoted && { quoted: true }),
    parse: (text) =>
      text === ''
        ? ''
        : text
            .split(',')
            .map((part) => type.parse(part))
            .join(','),
  };
}

function parseAs(type: ValueType, text: string, words: readonly string[]): string {
  try {
    return type.parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new ValueError(`${error.expected} | ${words.join(' | ')}`, error.nearest || nearest(text, words));
  }
}

function pick(
  text: string,
  words: readonly string[],
  aliases: Readonly<Record<string, string>>,
  label: string,
): string {
  if (words.includes(text)) return text;
  if (Object.hasOwn(aliases, text)) return aliases[text]!;
  const fits = text === '' ? [] : words.filter((word) => word.startsWith(text));
  if (fits.length === 1) return fits[0]!;
  if (fits.length > 1) throw new ValueError(`one of ${fits.join(', ')}`);
  throw new ValueError(label, nearest(text, words));
}
