/** Which items a command means: numbers of the last `print`, names, `*1F`, `[find ...]`. */
import { ConfigError } from '../errors.ts';
import type { Value } from './evaluate.ts';
import type { Row } from './item.ts';
import { nearest, suggestion } from './nearest.ts';
import type { MenuSchema } from './schema.ts';

/** `numbering` is the ids that the last `print` of the menu numbered from 0; without one the rows count as they are. */
export function selectRows(
  menu: MenuSchema,
  value: Value,
  rows: readonly Row[],
  numbering: readonly string[] | undefined,
): readonly Row[] {
  const words = typeof value === 'string' ? [value] : value;
  const ids = new Map(rows.map((row) => [row.id, row]));
  const selected = new Set<Row>();
  for (const word of words) {
    const whole = byName(word, rows);
    // A name may hold commas; then it is meant as a whole.
    if (whole) {
      selected.add(whole);
      continue;
    }
    for (const part of word.split(/[,;]/)) selected.add(one(part.trim(), menu, rows, ids, numbering));
  }
  return [...selected];
}

function byName(word: string, rows: readonly Row[]): Row | undefined {
  return word === '' ? undefined : rows.find((row) => row.values['name'] === word);
}

function one(
  word: string,
  menu: MenuSchema,
  rows: readonly Row[],
  ids: ReadonlyMap<string, Row>,
  numbering: readonly string[] | undefined,
): Row {
  if (word.startsWith('*')) {
    const row = ids.get(`*${word.slice(1).toUpperCase()}`) ?? ids.get(word);
    if (row) return row;
    throw new ConfigError(`no such item (${word}) in ${menu.path}`, menu.path, 'numbers');
  }
  if (/^[0-9]{1,9}$/.test(word)) {
    const row = numbering ? ids.get(numbering[Number(word)] ?? '') : rows[Number(word)];
    if (row) return row;
  }
  const named = byName(word, rows);
  if (named) return named;
  if (word === '') throw new ConfigError(`no item given in ${menu.path}`, menu.path, 'numbers');
  const near = nearest(
    word,
    rows.map((row) => row.values['name'] ?? ''),
  );
  throw new ConfigError(`no such item (${word}) in ${menu.path}${suggestion(near)}`, menu.path, 'numbers', {
    nearest: near,
  });
}
