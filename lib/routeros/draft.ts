/** A transaction in the making: the configuration as it will be if nothing refuses it. */
import { ConfigError } from '../errors.ts';
import { canonical, complete, matches, property, settable, sparse } from './check.ts';
import type { CommandPosition, Item } from './item.ts';
import type { MenuSchema } from './schema.ts';
import type { MenuTree } from './tree.ts';

/** The items of one menu, in order. Never changed in place once it is shared. */
export interface Table {
  readonly items: readonly Item[];
  readonly nextId: number;
}

export type Tables = ReadonlyMap<string, Table>;

/** Raw text by property; `undefined` takes the property back to its default. */
export type Values = Readonly<Record<string, string | undefined>>;

export const SETTINGS_ID = '*0';

export function makeItem(menu: MenuSchema, id: string, set: Record<string, string>, isDefault: boolean): Item {
  return Object.freeze({
    menu: menu.path,
    id,
    set: Object.freeze(set),
    values: Object.freeze(complete(menu, set)),
    isDefault,
  });
}

/** Every menu as it is out of the box: default items and settings. */
export function initialTables(tree: MenuTree): Map<string, Table> {
  const tables = new Map<string, Table>();
  for (const menu of tree.menus) {
    if (menu.kind === 'settings') {
      tables.set(menu.path, { items: [makeItem(menu, SETTINGS_ID, {}, false)], nextId: 1 });
    } else if (menu.kind === 'list') {
      const items = (menu.defaults ?? []).map((d, i) =>
        makeItem(menu, `*${(i + 1).toString(16).toUpperCase()}`, sparse(menu, d.values), true),
      );
      tables.set(menu.path, { items, nextId: items.length + 1 });
    }
  }
  return tables;
}

export class Draft {
  readonly tree: MenuTree;
  readonly #tables: Map<string, Table>;
  readonly #positions = new Map<string, CommandPosition>();
  readonly #moved = new Set<string>();
  /** Where the command stands that is being applied; kept with whatever it changes. */
  at: CommandPosition | undefined;

  constructor(tree: MenuTree, tables: Tables) {
    this.tree = tree;
    this.#tables = new Map(tables);
  }

  /** Over other tables, with the positions of the items that `make` says got another id. */
  adopted(make: (renamed: (menu: string, from: string, to: string) => void) => Tables): Draft {
    const positions = new Map<string, CommandPosition>();
    const tables = make((menu, from, to) => {
      const position = this.position(menu, from);
      if (position) positions.set(`${menu} ${to}`, position);
    });
    const draft = new Draft(this.tree, tables);
    for (const [key, position] of positions) draft.#positions.set(key, position);
    return draft;
  }

  get tables(): Tables {
    return this.#tables;
  }

  get moved(): ReadonlySet<string> {
    return this.#moved;
  }

  position(menu: string, id: string): CommandPosition | undefined {
    return this.#positions.get(`${menu} ${id}`);
  }

  items(menu: string): readonly Item[] {
    return this.#table(menu).items;
  }

  /** The one item of a `settings` menu. */
  settings(menu: string): Item {
    return this.items(menu)[0]!;
  }

  item(menu: string, id: string): Item | undefined {
    return this.items(menu).find((i) => i.id === id);
  }

  named(menu: string, name: string): Item | undefined {
    return this.items(menu).find((i) => i.values['name'] === name);
  }

  /** Adds an item, at the end or before another, with the values of another as a start. */
  add(menuPath: string, values: Values, options: { before?: string; copyFrom?: string } = {}): Item {
    const menu = this.tree.menu(menuPath);
    if (menu.kind !== 'list' || menu.hardware) throw new ConfigError(`nothing can be added in ${menu.path}`, menu.path);
    return this.#insert(menu, values, options);
  }

  /** Notes what is set for a device of the system, known by its name; what has nothing set is not kept. */
  keep(menuPath: string, name: string, values: Values): void {
    const menu = this.tree.menu(menuPath);
    const known = this.named(menu.path, name);
    const item = known ? this.set(menu.path, known.id, values) : this.#insert(menu, { ...values, name }, {});
    if (Object.keys(item.set).length > 1) return;
    const table = this.#table(menu.path);
    this.#tables.set(menu.path, { ...table, items: table.items.filter((i) => i.id !== item.id) });
  }

  #insert(menu: MenuSchema, values: Values, options: { before?: string; copyFrom?: string }): Item {
    const table = this.#table(menu.path);
    const base = options.copyFrom === undefined ? {} : { ...this.#existing(menu, options.copyFrom).set };
    if (values['name'] === undefined) delete base['name'];
    const set = this.#merge(menu, base, values);
    this.#generateName(menu, set);
    const item = makeItem(menu, `*${table.nextId.toString(16).toUpperCase()}`, set, false);
    this.#checkItem(menu, item);
    const items = [...table.items];
    items.splice(this.#indexBefore(menu, options.before), 0, item);
    this.#tables.set(menu.path, { items, nextId: table.nextId + 1 });
    this.#mark(menu.path, item.id);
    return item;
  }

  /** Changes an item; for a `settings` menu the id is `*0`. */
  set(menuPath: string, id: string, values: Values): Item {
    const menu = this.tree.menu(menuPath);
    const before = this.#existing(menu, id);
    if (before.isDefault) this.#checkFixed(menu, before, values);
    const after = makeItem(menu, id, this.#merge(menu, before.set, values), before.isDefault);
    this.#checkItem(menu, after);
    this.#replace(menu.path, after);
    const oldName = before.values['name'];
    const newName = after.values['name'];
    if (oldName && newName && oldName !== newName) this.#rename(menu.path, oldName, newName);
    return after;
  }

  remove(menuPath: string, id: string): void {
    const menu = this.tree.menu(menuPath);
    const item = this.#existing(menu, id);
    if (item.isDefault)
      throw new ConfigError(`the default item of ${menu.path} can not be removed`, menu.path, 'numbers');
    const name = item.values['name'];
    const user = name ? this.#user(menu.path, name) : undefined;
    if (user)
      throw new ConfigError(
        `${name} is in use by ${user.menu} ${user.id}: remove or change that first`,
        menu.path,
        'numbers',
      );
    const table = this.#table(menu.path);
    this.#tables.set(menu.path, { ...table, items: table.items.filter((i) => i.id !== id) });
    this.#mark(menu.path, id);
  }

  /** Puts an item before another, or at the end. */
  move(menuPath: string, id: string, before?: string): void {
    const menu = this.tree.menu(menuPath);
    if (!menu.ordered) throw new ConfigError(`items of ${menu.path} have no order`, menu.path);
    const item = this.#existing(menu, id);
    if (before === id) return;
    const table = this.#table(menu.path);
    const items = table.items.filter((i) => i.id !== id);
    const index = before === undefined ? items.length : items.findIndex((i) => i.id === before);
    if (index < 0) throw new ConfigError(`no such item (${before}) in ${menu.path}`, menu.path);
    items.splice(index, 0, item);
    this.#tables.set(menu.path, { ...table, items });
    this.#moved.add(`${menu.path} ${id}`);
    this.#mark(menu.path, id);
  }

  #table(menu: string): Table {
    const table = this.#tables.get(menu);
    if (!table) throw new ConfigError(`${menu} holds no configuration`, menu);
    return table;
  }

  #existing(menu: MenuSchema, id: string): Item {
    const item = this.item(menu.path, id);
    if (!item) throw new ConfigError(`no such item (${id}) in ${menu.path}`, menu.path);
    return item;
  }

  #replace(path: string, item: Item): void {
    const table = this.#table(path);
    this.#tables.set(path, { ...table, items: table.items.map((i) => (i.id === item.id ? item : i)) });
    this.#mark(path, item.id);
  }

  #mark(menu: string, id: string): void {
    if (this.at) this.#positions.set(`${menu} ${id}`, this.at);
  }

  #indexBefore(menu: MenuSchema, before: string | undefined): number {
    const { items } = this.#table(menu.path);
    if (before === undefined) return items.length;
    if (!menu.ordered) throw new ConfigError(`items of ${menu.path} have no order`, menu.path, 'place-before');
    const index = items.findIndex((i) => i.id === before);
    if (index < 0) throw new ConfigError(`no such item (${before}) in ${menu.path}`, menu.path, 'place-before');
    return index;
  }

  #merge(menu: MenuSchema, base: Readonly<Record<string, string>>, values: Values): Record<string, string> {
    const merged: Record<string, string> = { ...base };
    for (const [name, text] of Object.entries(values)) {
      const schema = settable(menu, name);
      if (text === undefined) delete merged[name];
      else merged[name] = canonical(menu, schema, text);
    }
    return sparse(menu, merged);
  }

  #generateName(menu: MenuSchema, set: Record<string, string>): void {
    const prefix = property(menu, 'name')?.generate;
    if (!prefix || set['name']) return;
    for (let n = 1; ; n++) {
      if (this.named(menu.path, `${prefix}${n}`)) continue;
      set['name'] = `${prefix}${n}`;
      return;
    }
  }

  #checkItem(menu: MenuSchema, item: Item): void {
    for (const schema of menu.properties) {
      const value = item.values[schema.name] ?? '';
      const required = schema.required || (schema.requiredWhen && matches(menu, item.values, schema.requiredWhen));
      if (required && value === '')
        throw new ConfigError(
          `missing property "${schema.name}" in ${menu.path}${schema.hint ? `: ${schema.hint}` : ''}`,
          menu.path,
          schema.name,
        );
      const target = schema.type.reference;
      if (!target || value === '' || schema.type.words?.includes(value)) continue;
      if (item.set[schema.name] === undefined || this.tree.menu(target).hardware) continue;
      if (!this.named(target, value))
        throw new ConfigError(`no ${target} is named "${value}"`, menu.path, schema.name, {
          nearest: this.tree.nearestName(value, this.items(target)),
        });
    }
    for (const key of menu.unique ?? []) {
      const twin = this.items(menu.path).find(
        (other) => other.id !== item.id && key.every((k) => (other.values[k] ?? '') === (item.values[k] ?? '')),
      );
      if (twin)
        throw new ConfigError(
          `${menu.path} already has an item with ${key.map((k) => `${k}=${item.values[k] ?? ''}`).join(' ')}`,
          menu.path,
          key[0] ?? '',
        );
    }
  }

  #checkFixed(menu: MenuSchema, item: Item, values: Values): void {
    const index = this.items(menu.path)
      .filter((i) => i.isDefault)
      .indexOf(item);
    for (const name of menu.defaults?.[index]?.fixed ?? [])
      if (name in values && values[name] !== item.values[name])
        throw new ConfigError(`${name} of the default item of ${menu.path} can not be changed`, menu.path, name);
  }

  *#references(target: string): Generator<{ menu: MenuSchema; name: string }> {
    for (const menu of this.tree.menus)
      if (menu.kind === 'list' || menu.kind === 'settings')
        for (const p of menu.properties) if (p.type.reference === target) yield { menu, name: p.name };
  }

  #user(target: string, name: string): Item | undefined {
    for (const reference of this.#references(target)) {
      const user = this.items(reference.menu.path).find((i) => i.set[reference.name] === name);
      if (user) return user;
    }
    return undefined;
  }

  #rename(target: string, from: string, to: string): void {
    for (const { menu, name } of this.#references(target))
      for (const item of this.items(menu.path)) {
        if (item.set[name] !== from) continue;
        this.#replace(menu.path, makeItem(menu, item.id, { ...item.set, [name]: to }, item.isDefault));
      }
  }
}
