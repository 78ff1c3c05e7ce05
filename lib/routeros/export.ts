/** `export`: the commands that make the configuration out of one as it is out of the box. */
import { property } from './check.ts';
import type { ConfigurationView } from './configuration.ts';
import type { Item } from './item.ts';
import { quoteForExport } from './print/text.ts';
import type { MenuSchema } from './schema.ts';
import type { MenuTree } from './tree.ts';

export interface ExportOptions {
  /** Secrets too; without them the export cannot stand in for the configuration. */
  readonly showSensitive: boolean;
  /** Defaults too. */
  readonly verbose: boolean;
  /** Each command with its path, in one line. */
  readonly terse: boolean;
  /** `2026-04-17 10:00:00`; no header without it. */
  readonly clock?: string;
}

const WIDTH = 80;

/** Everything at and below `path`. */
export function exportText(tree: MenuTree, view: ConfigurationView, path: string, options: ExportOptions): string {
  let text = options.clock ? `# ${options.clock} by routeplane\n` : '';
  for (const menu of tree.menus) {
    if (menu.kind !== 'list' && menu.kind !== 'settings') continue;
    if (path !== '/' && menu.path !== path && !menu.path.startsWith(`${path} `)) continue;
    const commands = menuCommands(menu, view, options);
    if (commands.length === 0) continue;
    if (options.terse) text += commands.map((words) => `${[menu.path, ...words].join(' ')}\n`).join('');
    else text += `${menu.path}\n${commands.map((words) => `${wrap(words)}\n`).join('')}`;
  }
  return text;
}

/** Each command as words that a line may be broken between. */
function menuCommands(menu: MenuSchema, view: ConfigurationView, options: ExportOptions): string[][] {
  if (menu.kind === 'settings') {
    const words = properties(menu, view.settings(menu.path), options);
    return words.length === 0 ? [] : [['set', ...words]];
  }
  const items = view.items(menu.path);
  const firstDefault = menu.ordered ? items.findIndex((item) => item.isDefault) : -1;
  return items.flatMap((item, index) => {
    const words = properties(menu, item, options);
    if (item.isDefault) return words.length === 0 ? [] : [['set', '[ find default=yes ]', ...words]];
    if (menu.hardware) {
      const others = words.filter((word) => !word.startsWith('name='));
      return others.length === 0 ? [] : [['set', quoteForExport(item.values['name'] ?? ''), ...others]];
    }
    // RouterOS's own items are there before any line of the export is run.
    if (index < firstDefault) words.push('place-before=[ find default=yes ]');
    return [['add', ...words]];
  });
}

function properties(menu: MenuSchema, item: Item, options: ExportOptions): string[] {
  const values = options.verbose ? item.values : item.set;
  return Object.keys(values)
    .sort()
    .flatMap((name) => {
      const schema = property(menu, name);
      const value = values[name] ?? '';
      if (!schema || schema.readOnly || (schema.sensitive && !options.showSensitive)) return [];
      if (item.isDefault && menu.defaults?.some((d) => d.values[name] === value)) return [];
      if (schema.bare && value === 'yes') return [name];
      return [`${name}=${quoteForExport(value)}`];
    });
}

/** Lines of at most 80 characters: broken between words, else behind `=`, else inside a string. */
function wrap(words: readonly string[]): string {
  const lines: string[] = [];
  let line = words[0] ?? '';
  // One column is kept for the backslash.
  const room = () => WIDTH - 1 - line.length;
  const next = () => {
    lines.push(`${line}\\`);
    line = '    ';
  };
  for (const word of words.slice(1)) {
    const piece = ` ${word}`;
    if (piece.length <= room() - 1) {
      line += piece;
      continue;
    }
    const equals = piece.indexOf('=') + 1;
    if (equals > 0 && equals <= room()) {
      line += piece.slice(0, equals);
      next();
      line = appendValue(piece.slice(equals), line, lines);
      continue;
    }
    line += ' ';
    next();
    if (word.length <= room()) line += word;
    else {
      line += word.slice(0, equals - 1);
      line = appendValue(word.slice(equals - 1), line, lines);
    }
  }
  return [...lines, line].join('\n');
}

/** A value; a string that is too long for the line goes on in the next. */
function appendValue(value: string, start: string, lines: string[]): string {
  let line = start;
  if (!value.startsWith('"') || line.length + value.length < WIDTH - 1) return line + value;
  for (const token of value.match(/\\[0-9A-F]{2}|\\.|[^\\]/g) ?? []) {
    // Blanks at the beginning of a line would be taken for its indentation.
    const safe = line === '    ' && token === ' ' && lines.length > 0 ? '\\_' : token;
    if (line.length + safe.length > WIDTH - 1) {
      lines.push(`${line}\\`);
      line = `    ${token === ' ' ? '\\_' : token}`;
    } else line += safe;
  }
  return line;
}
