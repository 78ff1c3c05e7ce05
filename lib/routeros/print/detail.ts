/** `print detail`: each item's properties in full, as /ip ipsec menus print without being asked. */
import { matches } from '../check.ts';
import type { Row } from '../item.ts';
import type { MenuSchema, PropertySchema } from '../schema.ts';
import { flagLetters, isFlag, type PrintOptions, shown } from './options.ts';
import { oneLine, quote, quoteIfNeeded } from './text.ts';

export function printDetail(menu: MenuSchema, rows: readonly Row[], options: PrintOptions): string {
  const numberWidth = String(Math.max(0, rows.length - 1)).length;
  const lines = legend(menu);
  rows.forEach((row, index) => {
    const flags = flagLetters(menu, row).join('');
    const head = ` ${String(index).padStart(numberWidth)} ${flags}${flags && ' '}`;
    const words = detailWords(menu, row, options);
    const comment = row.values['comment'];
    if (comment) lines.push(`${head};;; ${oneLine(comment)}`, ...wrap(words, ' '.repeat(head.length), options.width));
    else {
      const wrapped = wrap(words, ' '.repeat(head.length), options.width);
      lines.push(head + (wrapped[0] ?? '').trimStart(), ...wrapped.slice(1));
    }
    lines.push('');
  });
  if (rows.length > 0) lines.pop();
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

/** One line for each item, nothing wrapped. */
export function printTerse(menu: MenuSchema, rows: readonly Row[], options: PrintOptions): string {
  return rows
    .map((row, index) => {
      const flags = flagLetters(menu, row).join('');
      const comment = row.values['comment'];
      const words = detailWords(menu, row, options, quoteIfNeeded);
      if (comment) words.unshift(`comment=${quoteIfNeeded(comment)}`);
      return `${` ${index} ${flags}${flags && ' '}${words.join(' ')}`.trimEnd()}\n`;
    })
    .join('');
}

function legend(menu: MenuSchema): string[] {
  const flags = (menu.flags ?? []).flat();
  return flags.length === 0 ? [] : [`Flags: ${flags.map((f) => `${f.letter} - ${f.property}`).join(', ')}`];
}

function detailWords(menu: MenuSchema, row: Row, options: PrintOptions, write?: (text: string) => string): string[] {
  const words: string[] = [];
  for (const schema of selected(menu, options)) {
    const value = shown(schema, row, options);
    if (value === undefined || !isShown(menu, schema, row, options)) continue;
    words.push(`${schema.name}=${write ? write(value) : schema.type.quoted ? quote(value) : quoteIfNeeded(value)}`);
  }
  return words;
}

function selected(menu: MenuSchema, options: PrintOptions): readonly PropertySchema[] {
  if (!options.proplist) return menu.properties;
  return options.proplist.flatMap((name) => menu.properties.filter((p) => p.name === name));
}

function isShown(menu: MenuSchema, schema: PropertySchema, row: Row, options: PrintOptions): boolean {
  if (options.proplist) return true;
  if (schema.name === 'comment') return false;
  if (schema.statistic) return options.statistics;
  if (schema.explicit && !options.detail && !options.statistics) return false;
  if (schema.when && !matches(menu, row.values, schema.when)) return false;
  const value = row.values[schema.name];
  // Nothing to tell, unless nothing is what it is by default.
  if (value === '' && schema.default !== '') return false;
  // Flags say it already, except where the property can be set and is.
  if (isFlag(menu, schema.name))
    return !schema.readOnly && schema.name !== 'disabled' && value !== (schema.default ?? '');
  if (schema.readOnly && schema.type.words?.join() === 'yes,no' && value !== 'yes') return false;
  return !schema.quiet || (value !== (schema.default ?? '') && value !== '');
}

function wrap(words: readonly string[], indent: string, width: number): string[] {
  const lines: string[] = [];
  let line = indent;
  for (const word of words) {
    if (line !== indent && line.length + word.length > width) {
      lines.push(line);
      line = indent;
    }
    line += `${word} `;
  }
  if (line !== indent || lines.length === 0) lines.push(line);
  return lines;
}
