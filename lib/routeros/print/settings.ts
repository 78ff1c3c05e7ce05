/** Menus that are one set of properties: a name and a value in each line, the names aligned to the right. */
import type { Row } from '../item.ts';
import type { MenuSchema } from '../schema.ts';
import { type PrintOptions, shown } from './options.ts';
import { oneLine } from './text.ts';

export function printSettings(menu: MenuSchema, row: Row, options: PrintOptions): string {
  const properties = menu.properties.filter((p) => !options.proplist || options.proplist.includes(p.name));
  const width = Math.max(0, ...properties.map((p) => p.name.length)) + 2;
  return properties
    .map(
      (p) => `${p.name.padStart(width)}: ${oneLine(shown(p, row, options) ?? (menu.kind === 'counters' ? '0' : ''))}`,
    )
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
}

/** Values alone, a line for each row: /log. */
export function printLines(menu: MenuSchema, rows: readonly Row[], options: PrintOptions): string {
  return rows.map((row) => `${menu.properties.map((p) => oneLine(shown(p, row, options) ?? '')).join(' ')}\n`).join('');
}

/** `.id=*1;name=x;...`, for scripts. */
export function printAsValue(menu: MenuSchema, rows: readonly Row[], options: PrintOptions): string {
  return rows
    .flatMap((row) => [
      `.id=${row.id}`,
      ...menu.properties.flatMap((p) => {
        const value = !options.proplist || options.proplist.includes(p.name) ? shown(p, row, options) : undefined;
        return value === undefined ? [] : [`${p.name}=${value}`];
      }),
    ])
    .join(';');
}
