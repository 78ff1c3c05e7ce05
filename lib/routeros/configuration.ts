/** The store: every menu's items, changed in transactions that observers can refuse before and hear of after. */
import { ConfigError } from '../errors.ts';
import { complete, derived } from './check.ts';
import { difference } from './diff.ts';
import { Draft, initialTables, type Tables } from './draft.ts';
import type { Change, Item, Row } from './item.ts';
import { allMenus, unsupportedMenus } from './menus/index.ts';
import type { MenuProvider } from './provider.ts';
import { adopt } from './reload.ts';
import type { MenuSchema } from './schema.ts';
import { MenuTree } from './tree.ts';

/** What a validator and a listener can read. */
export interface ConfigurationView {
  items(menu: string): readonly Item[];
  settings(menu: string): Item;
  item(menu: string, id: string): Item | undefined;
  named(menu: string, name: string): Item | undefined;
}

/** Refuses a change by throwing `ConfigError`; then nothing of the transaction happens. `next` is how it would be. */
export type Validator = (change: Change, next: ConfigurationView) => void;
export type Listener = (changes: readonly Change[]) => void;

export interface ConfigurationOptions {
  /** Default: every menu of this package. */
  readonly menus?: readonly MenuSchema[];
  readonly provider?: MenuProvider;
}

export class Configuration implements ConfigurationView {
  readonly tree: MenuTree;
  provider: MenuProvider;
  #tables: Tables;
  readonly #validators = new Set<Validator>();
  readonly #listeners = new Set<Listener>();

  constructor(options: ConfigurationOptions = {}) {
    this.tree = new MenuTree(options.menus ?? allMenus, unsupportedMenus);
    this.provider = options.provider ?? {};
    this.#tables = initialTables(this.tree);
  }

  get menus(): readonly MenuSchema[] {
    return this.tree.menus;
  }

  /** Configured items of a `list` menu, in order; those of other menus are rows, see `rows`. */
  items(menu: string): readonly Item[] {
    return this.#tables.get(this.tree.menu(menu).path)?.items ?? [];
  }

  /** The values of a `settings` menu. */
  settings(menu: string): Item {
    const schema = this.tree.menu(menu);
    const item = schema.kind === 'settings' ? this.items(menu)[0] : undefined;
    if (!item) throw new ConfigError(`${menu} is a list, not settings`, menu);
    return item;
  }

  item(menu: string, id: string): Item | undefined {
    return this.items(menu).find((i) => i.id === id);
  }

  named(menu: string, name: string): Item | undefined {
    return this.items(menu).find((i) => i.values['name'] === name);
  }

  /** What `print` shows: configured items with their running state, then what only the running system has. */
  rows(menu: string, view: ConfigurationView = this): readonly Row[] {
    return menuRows(this.tree.menu(menu), view, this.provider);
  }

  /** Called for each change before a transaction takes effect. Returns its own removal. */
  onValidate(validator: Validator): () => void {
    this.#validators.add(validator);
    return () => this.#validators.delete(validator);
  }

  /** Called once for each transaction that changed something, after it took effect. Returns its own removal. */
  onChange(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs `work` on a draft; if it throws or a validator refuses, nothing happened. */
  transaction<T>(work: (draft: Draft) => T): T {
    const draft = new Draft(this.tree, this.#tables);
    const result = work(draft);
    this.commit(draft);
    return result;
  }

  /** A draft of the configuration as it is now, to be given to `commit` before anything else is. */
  draft(): Draft {
    return new Draft(this.tree, this.#tables);
  }

  /** A draft of the configuration as it is out of the box. */
  initialDraft(): Draft {
    return new Draft(this.tree, initialTables(this.tree));
  }

  /** Validates and applies a draft; the net changes go to the listeners and to the caller. */
  commit(draft: Draft): readonly Change[] {
    const changes = difference(this.tree, this.#tables, draft);
    for (const change of changes)
      for (const validate of this.#validators) {
        try {
          validate(change, draft);
        } catch (error) {
          throw error instanceof ConfigError && change.at && !error.line
            ? new ConfigError(error.reason, error.path, error.property, {
                ...(change.at.arguments.get(error.property) ?? change.at),
                nearest: error.nearest,
              })
            : error;
        }
      }
    if (changes.length === 0) return changes;
    this.#tables = draft.tables;
    for (const listener of this.#listeners) listener(changes);
    return changes;
  }

  /** Becomes what `wanted` (an `initialDraft` that a file was run on) says; what the file did not change stays untouched. */
  replace(wanted: Draft): readonly Change[] {
    return this.commit(wanted.adopted((renamed) => adopt(this.tree, this.#tables, wanted.tables, renamed)));
  }
}

export function menuRows(menu: MenuSchema, view: ConfigurationView, provider: MenuProvider): readonly Row[] {
  if (menu.kind === 'settings' || menu.kind === 'counters') {
    const item = menu.kind === 'settings' ? view.settings(menu.path) : undefined;
    const state = provider.state?.(menu.path, item) ?? {};
    return [{ id: '*0', values: { ...(item?.values ?? complete(menu, {})), ...state } }];
  }
  const running = provider.rows?.(menu.path) ?? [];
  if (menu.kind === 'state') return running;
  const configured = view.items(menu.path).map((item) => {
    const own: Record<string, string> = item.isDefault ? { default: 'yes' } : {};
    return {
      id: item.id,
      values: { ...item.values, ...derived(menu, item.values), ...own, ...provider.state?.(menu.path, item) },
    };
  });
  if (!menu.hardware) return [...configured, ...apart(configured, running)];
  const overlays = new Map(view.items(menu.path).map((item) => [item.values['name'] ?? '', item]));
  const known = new Set(running.map((row) => row.values['name'] ?? ''));
  return [
    ...running.map((row) => ({ ...row, values: { ...row.values, ...overlays.get(row.values['name'] ?? '')?.set } })),
    ...configured.filter((row) => !known.has(row.values['name'] ?? '')),
  ];
}

/** Running rows under ids that no configured item has, so that a number never means the wrong one. */
function apart(configured: readonly Row[], running: readonly Row[]): readonly Row[] {
  const taken = new Set(configured.map((row) => row.id));
  return running.map((row) => {
    let number = Number.parseInt(row.id.slice(1), 16);
    if (!taken.has(row.id) || Number.isNaN(number)) return row;
    do number += 0x80000000;
    while (taken.has(`*${number.toString(16).toUpperCase()}`));
    return { ...row, id: `*${number.toString(16).toUpperCase()}` };
  });
}
