/** All menus by path, those that are known but not supported yet among them. */
import { ConfigError } from '../errors.ts';
import type { Item } from './item.ts';
import { nearest, suggestion } from './nearest.ts';
import type { MenuSchema } from './schema.ts';

export interface MenuNode {
  /** `/ip ipsec`; the root is `/`. */
  readonly path: string;
  readonly children: ReadonlyMap<string, MenuNode>;
  readonly schema: MenuSchema | undefined;
  /** A menu of RouterOS that this version does not have. */
  readonly unsupported: boolean;
  readonly parent: MenuNode | undefined;
}

interface MutableNode extends MenuNode {
  readonly children: Map<string, MutableNode>;
  schema: MenuSchema | undefined;
  unsupported: boolean;
}

export class MenuTree {
  readonly root: MenuNode;
  /** In the order in which exports are written. */
  readonly menus: readonly MenuSchema[];
  readonly #byPath = new Map<string, MenuSchema>();

  constructor(menus: readonly MenuSchema[], unsupported: readonly string[] = []) {
    const root: MutableNode = {
      path: '/',
      children: new Map(),
      schema: undefined,
      unsupported: false,
      parent: undefined,
    };
    this.root = root;
    this.menus = [...menus].sort((a, b) => a.exportOrder - b.exportOrder);
    for (const menu of this.menus) {
      node(root, menu.path).schema = menu;
      this.#byPath.set(menu.path, menu);
    }
    for (const path of unsupported) {
      const leaf = node(root, path);
      if (!leaf.schema && leaf.children.size === 0) leaf.unsupported = true;
    }
  }

  /** Throws `ConfigError` with the nearest path. */
  menu(path: string): MenuSchema {
    const found = this.#byPath.get(path);
    if (found) return found;
    const near = nearest(path, [...this.#byPath.keys()]);
    throw new ConfigError(`unknown menu ${path}${suggestion(near)}`, path, '', { nearest: near });
  }

  find(path: string): MenuSchema | undefined {
    return this.#byPath.get(path);
  }

  /** The node of an exact path such as `/ip ipsec`. */
  node(path: string): MenuNode | undefined {
    let at: MenuNode | undefined = this.root;
    for (const word of path.split(/[ /]+/)) if (word) at = at?.children.get(word);
    return at;
  }

  nearestName(name: string, items: readonly Item[]): string {
    return nearest(
      name,
      items.map((i) => i.values['name'] ?? ''),
    );
  }
}

function node(root: MutableNode, path: string): MutableNode {
  let at = root;
  for (const word of path.split(/[ /]+/)) {
    if (!word) continue;
    let next = at.children.get(word);
    if (!next) {
      next = {
        path: at.path === '/' ? `/${word}` : `${at.path} ${word}`,
        children: new Map(),
        schema: undefined,
        unsupported: false,
        parent: at,
      };
      at.children.set(word, next);
    }
    at = next;
  }
  return at;
}
