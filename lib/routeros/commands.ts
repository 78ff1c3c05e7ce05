/** Which commands a menu has, and what each takes. */
import type { CommandSchema, MenuSchema } from './schema.ts';
import type { MenuNode } from './tree.ts';

export interface CommandSpec {
  readonly name: string;
  /** Takes the menu's settable properties by name. */
  readonly properties: boolean;
  /** Other arguments by name. */
  readonly named: readonly string[];
  /** What unnamed values mean, in turn. */
  readonly positions: readonly string[];
  readonly words: readonly string[];
  /** `where ...`; `find` takes the expression without the word too. */
  readonly where: 'no' | 'word' | 'bare';
  /** One that the menu's schema adds. */
  readonly custom?: CommandSchema;
}

function spec(name: string, parts: Partial<CommandSpec> = {}): CommandSpec {
  return { name, properties: false, named: [], positions: [], words: [], where: 'no', ...parts };
}

const items = { named: ['numbers'], positions: ['numbers'] };

const PRINT = spec('print', {
  named: ['proplist', 'from', 'file', 'interval'],
  words: [
    'as-value',
    'brief',
    'count-only',
    'detail',
    'follow',
    'follow-only',
    'hide-sensitive',
    'show-sensitive',
    'stats',
    'terse',
    'value-list',
    'without-paging',
  ],
  where: 'word',
});
const EXPORT = spec('export', {
  named: ['file'],
  words: ['compact', 'hide-sensitive', 'show-sensitive', 'terse', 'verbose'],
});
const FIND = spec('find', { where: 'bare' });
const GET_ITEM = spec('get', { named: ['number', 'value-name'], positions: ['number', 'value-name'] });
const GET = spec('get', { named: ['value-name'], positions: ['value-name'] });
const EDIT = spec('edit', { named: ['number', 'value-name'], positions: ['number', 'value-name'] });
const LIST: readonly CommandSpec[] = [
  spec('add', { properties: true, named: ['copy-from', 'place-before'] }),
  spec('comment', { named: ['numbers', 'comment'], positions: ['numbers', 'comment'] }),
  spec('disable', items),
  EDIT,
  spec('enable', items),
  EXPORT,
  FIND,
  GET_ITEM,
  spec('move', { named: ['numbers', 'destination'], positions: ['numbers', 'destination'] }),
  PRINT,
  spec('remove', items),
  spec('reset', { named: ['numbers', 'value-name'], positions: ['numbers', 'value-name'] }),
  spec('set', { ...items, properties: true }),
  spec('unset', { named: ['numbers', 'value-name'], positions: ['numbers', 'value-name'] }),
];

/** Does a menu have a property of that name that can be set? */
function has(menu: MenuSchema, name: string): boolean {
  return menu.properties.some((p) => p.name === name && !p.readOnly);
}

function own(menu: MenuSchema): readonly CommandSpec[] {
  switch (menu.kind) {
    case 'list':
      return LIST.filter(({ name }) => {
        if (name === 'enable' || name === 'disable') return has(menu, 'disabled');
        if (name === 'comment') return has(menu, 'comment');
        if (name === 'move') return menu.ordered === true;
        if (name === 'add' || name === 'remove') return !menu.hardware;
        return true;
      }).map((s) => (s.name === 'add' && !menu.ordered ? { ...s, named: ['copy-from'] } : s));
    case 'settings':
      return [EDIT, EXPORT, GET, PRINT, spec('reset', { named: ['value-name'], positions: ['value-name'] }), SET];
    case 'counters':
      return [GET, PRINT];
    case 'state':
      return [FIND, GET_ITEM, PRINT];
  }
}
const SET = spec('set', { properties: true });

const cache = new WeakMap<MenuNode, readonly CommandSpec[]>();

export function commandsOf(node: MenuNode): readonly CommandSpec[] {
  const known = cache.get(node);
  if (known) return known;
  const menu = node.schema;
  const commands: CommandSpec[] = menu ? [...own(menu)] : [];
  for (const custom of menu?.commands ?? []) {
    const named = (custom.arguments ?? []).map((a) => a.name);
    commands.push(
      custom.items
        ? spec(custom.name, { named: ['numbers', ...named], positions: ['numbers'], words: custom.words ?? [], custom })
        : spec(custom.name, { named, positions: named, words: custom.words ?? [], custom }),
    );
  }
  // A menu of menus writes what is below it.
  if (!commands.some((c) => c.name === 'export') && node.children.size > 0 && !node.unsupported) commands.push(EXPORT);
  cache.set(node, commands);
  return commands;
}
