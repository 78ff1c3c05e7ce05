/** Brings a running configuration to what a file says, with as few changes as can be. */

import { sameValues } from './diff.ts';
import type { Table, Tables } from './draft.ts';
import type { Item } from './item.ts';
import type { MenuTree } from './tree.ts';

/**
 * The tables of `wanted` with the ids of `current` wherever an item is the same one: RouterOS's own default, the same `name`, or
 * the same values; `renamed` hears which id became which. So a reload touches only what the file changed.
 */
export function adopt(
  tree: MenuTree,
  current: Tables,
  wanted: Tables,
  renamed: (menu: string, from: string, to: string) => void,
): Map<string, Table> {
  const result = new Map<string, Table>();
  for (const menu of tree.menus) {
    const now = current.get(menu.path);
    const next = wanted.get(menu.path);
    if (!now || !next) continue;
    const free = new Set(now.items);
    const take = (fits: (item: Item) => boolean): Item | undefined => {
      for (const item of free) {
        if (!fits(item)) continue;
        free.delete(item);
        return item;
      }
      return undefined;
    };
    let nextId = now.nextId;
    const adopted = new Map<Item, Item | undefined>();
    for (const item of next.items)
      adopted.set(
        item,
        take((other) => {
          if (menu.kind === 'settings') return true;
          if (item.isDefault || other.isDefault) return item.isDefault && other.isDefault;
          const name = item.values['name'];
          return name ? name === other.values['name'] : sameValues(item.set, other.set);
        }),
      );
    const items = next.items.map((item) => {
      const same = adopted.get(item);
      const id = same?.id ?? `*${(nextId++).toString(16).toUpperCase()}`;
      renamed(menu.path, item.id, id);
      if (same && sameValues(same.set, item.set)) return same;
      return Object.freeze({ ...item, id });
    });
    const unchanged = items.length === now.items.length && items.every((item, i) => item === now.items[i]);
    result.set(menu.path, unchanged ? now : { items, nextId });
  }
  return result;
}
