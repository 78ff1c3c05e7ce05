/** What a transaction did, net: an item that was added and removed again is no change. */
import type { Draft, Table, Tables } from './draft.ts';
import type { Change, Item } from './item.ts';
import type { MenuTree } from './tree.ts';

/** Removals first, users before what they use; then the rest, what is used before its users. */
export function difference(tree: MenuTree, before: Tables, draft: Draft): readonly Change[] {
  const removals: Change[] = [];
  const others: Change[] = [];
  for (const menu of tree.menus) {
    const old = before.get(menu.path);
    const now = draft.tables.get(menu.path);
    if (!old || !now || old === now) continue;
    removals.unshift(...changesOf(menu.path, old, now, draft).filter((c) => c.kind === 'remove'));
    others.push(...changesOf(menu.path, old, now, draft).filter((c) => c.kind !== 'remove'));
  }
  return [...removals, ...others];
}

function changesOf(menu: string, old: Table, now: Table, draft: Draft): Change[] {
  const changes: Change[] = [];
  const note = (kind: Change['kind'], id: string, before: Item | undefined, after: Item | undefined) => {
    const at = draft.position(menu, id);
    changes.push({ menu, kind, id, before, after, ...(at && { at }) });
  };
  const oldById = new Map(old.items.map((i) => [i.id, i]));
  const nowById = new Map(now.items.map((i) => [i.id, i]));
  for (const item of old.items) if (!nowById.has(item.id)) note('remove', item.id, item, undefined);
  const moved = movedIds(
    old.items.filter((i) => nowById.has(i.id)).map((i) => i.id),
    now.items.filter((i) => oldById.has(i.id)).map((i) => i.id),
    (id) => draft.moved.has(`${menu} ${id}`),
  );
  for (const item of now.items) {
    const before = oldById.get(item.id);
    if (!before) note('add', item.id, undefined, item);
    else {
      if (!sameValues(before.set, item.set)) note('set', item.id, before, item);
      if (moved.has(item.id)) note('move', item.id, before, item);
    }
  }
  return changes;
}

/** Of two orders of the same ids, those that have to move: the ones asked for if that explains it, else all that differ. */
function movedIds(old: readonly string[], now: readonly string[], asked: (id: string) => boolean): Set<string> {
  if (old.every((id, i) => id === now[i])) return new Set();
  const restOld = old.filter((id) => !asked(id));
  const restNow = now.filter((id) => !asked(id));
  if (restOld.every((id, i) => id === restNow[i])) return new Set(old.filter(asked));
  return new Set(now.filter((id, i) => old[i] !== id));
}

export function sameValues(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
