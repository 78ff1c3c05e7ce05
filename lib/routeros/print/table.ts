/** The table of RouterOS 7: flags legend, `Columns:`, and a line for each item. */
import type { Row } from '../item.ts';
import type { MenuSchema } from '../schema.ts';
import { flagLetters, type PrintOptions, shown } from './options.ts';
import { oneLine } from './text.ts';

const NARROWEST = 6;

interface Column {
  readonly title: string;
  readonly cells: readonly string[];
  readonly right: boolean;
  width: number;
}

export function printTable(
  menu: MenuSchema,
  rows: readonly Row[],
  columns: readonly string[],
  options: PrintOptions,
): string {
  if (rows.length === 0) return '';
  const flags = flagColumns(menu, rows);
  const shownColumns = columns.flatMap((name) => column(menu, rows, name, options));
  const numberWidth = String(rows.length - 1).length;
  const lead = numberWidth + (flags.used.length > 0 ? 1 + flags.used.length : 0);
  shrink(shownColumns, options.width - lead - 1);
  const lines: string[] = [];
  if (flags.legend !== '') lines.push(`Flags: ${flags.legend}`);
  lines.push(`Columns: ${shownColumns.map((c) => c.title).join(', ')}`);
  lines.push(line('#'.padEnd(lead), shownColumns, (c) => c.title));
  rows.forEach((row, index) => {
    const comment = row.values['comment'];
    if (comment) lines.push(`;;; ${oneLine(comment)}`);
    const letters = flagLetters(menu, row);
    const marks = flags.used.map((group) => letters[group]).join('');
    const head = `${String(index).padStart(numberWidth)}${marks && ` ${marks}`}`;
    lines.push(line(head, shownColumns, (c) => c.cells[index] ?? ''));
  });
  return lines.map((text) => `${text.trimEnd()}\n`).join('');
}

/** Only letters that some item has are explained; letters of one column are set apart by commas, columns by semicolons. */
function flagColumns(menu: MenuSchema, rows: readonly Row[]): { used: number[]; legend: string } {
  const letters = new Set(rows.flatMap((row) => flagLetters(menu, row)));
  const groups = (menu.flags ?? []).map((group) => group.filter((f) => letters.has(f.letter)));
  return {
    used: groups.flatMap((group, index) => (group.length > 0 ? [index] : [])),
    legend: groups
      .filter((group) => group.length > 0)
      .map((group) => group.map((f) => `${f.letter} - ${f.property.toUpperCase()}`).join(', '))
      .join('; '),
  };
}

/** Columns that are empty in every line are left out. */
function column(menu: MenuSchema, rows: readonly Row[], name: string, options: PrintOptions): Column[] {
  const schema = menu.properties.find((p) => p.name === name);
  if (!schema) return [];
  const cells = rows.map((row) => oneLine(shown(schema, row, options) ?? ''));
  if (cells.every((cell) => cell === '') && !options.proplist) return [];
  const title = name.toUpperCase();
  const width = Math.max(title.length, ...cells.map((cell) => cell.length));
  return [{ title, cells, right: schema.type.right === true, width }];
}

/** Takes from the widest column until the line fits, or nothing more can go. */
function shrink(columns: readonly Column[], available: number): void {
  let excess = columns.reduce((sum, c) => sum + c.width + 2, -2) - available;
  while (excess > 0) {
    const widest = columns.reduce<Column | undefined>((a, b) => (a && a.width >= b.width ? a : b), undefined);
    if (!widest || widest.width <= NARROWEST) return;
    const others = columns.filter((c) => c !== widest).map((c) => c.width);
    // Down to the next widest at once, so that wide cells cost no more than narrow ones.
    const target = Math.max(NARROWEST, Math.min(widest.width - 1, Math.max(0, ...others)), widest.width - excess);
    excess -= widest.width - target;
    widest.width = target;
  }
}

function line(head: string, columns: readonly Column[], cell: (column: Column) => string): string {
  const cells = columns.map((c) => {
    const text = cell(c);
    const cut = text.length > c.width ? `${text.slice(0, c.width - 3)}...` : text;
    return c.right ? cut.padStart(c.width) : cut.padEnd(c.width);
  });
  return `${head} ${cells.join('  ')}`;
}
