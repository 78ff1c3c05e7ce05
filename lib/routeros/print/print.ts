/** `print`: which form the words ask for. */
import type { Row } from '../item.ts';
import type { MenuSchema } from '../schema.ts';
import { printDetail, printTerse } from './detail.ts';
import type { PrintOptions } from './options.ts';
import { printAsValue, printLines, printSettings } from './settings.ts';
import { printTable } from './table.ts';

export function printRows(
  menu: MenuSchema,
  rows: readonly Row[],
  words: ReadonlySet<string>,
  options: PrintOptions,
): string {
  if (words.has('count-only')) return `${rows.length}\n`;
  if (words.has('as-value')) return `${printAsValue(menu, rows, options)}\n`;
  if (menu.kind === 'settings' || menu.kind === 'counters')
    return rows.map((row) => printSettings(menu, row, options)).join('');
  if (words.has('terse')) return printTerse(menu, rows, options);
  if (words.has('detail')) return printDetail(menu, rows, options);
  if (words.has('brief') || (options.proplist && menu.print !== 'detail'))
    return printTable(menu, rows, options.proplist ?? columns(menu), options);
  if (menu.print === 'lines') return printLines(menu, rows, options);
  if (menu.print === 'detail') return printDetail(menu, rows, options);
  return printTable(menu, rows, options.statistics ? statistics(menu) : menu.print, options);
}

function columns(menu: MenuSchema): readonly string[] {
  if (typeof menu.print !== 'string') return menu.print;
  const flags = new Set((menu.flags ?? []).flat().map((f) => f.property));
  return menu.properties
    .filter((p) => !p.quiet && !p.statistic && !p.sensitive && !flags.has(p.name) && p.name !== 'comment')
    .map((p) => p.name);
}

function statistics(menu: MenuSchema): readonly string[] {
  const counters = menu.properties.filter((p) => p.statistic).map((p) => p.name);
  return counters.length > 0 ? ['name', ...counters] : columns(menu);
}
