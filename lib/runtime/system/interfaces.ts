import type { Item } from '../../routeros/item.ts';
import type { Link, LinkChange, LinkSpec, RouteNetlink } from '../../rtnl/index.ts';
import type { InterfaceWish } from './interface-wishes.ts';
import type { Kernel } from './kernel.ts';
import { describeRefusal, type Problems } from './problems.ts';

type Setting = 'mtu' | 'macAddress' | 'master' | 'up';
const settings: readonly Setting[] = ['mtu', 'macAddress', 'master', 'up'];
const properties: Readonly<Record<Setting, string>> = {
  mtu: 'mtu',
  macAddress: 'admin-mac',
  master: 'bridge',
  up: 'disabled',
};

/** An item that only uses a device names it in `interface`. */
function propertyOf(item: Item, setting: Setting): string {
  return setting === 'up' && item.values['name'] === undefined ? 'interface' : properties[setting];
}

/** How a link was before it was touched; what is absent was not touched. */
type Before = { -readonly [K in Setting]?: LinkChange[K] };

/** Makes bridges and VLANs and sets what the configuration wants of links; puts everything back in the end. */
export class Interfaces {
  readonly #netlink: RouteNetlink;
  readonly #problems: Problems;
  /** Links that this object made, by name. */
  readonly #made = new Set<string>();
  readonly #before = new Map<number, Before>();

  constructor(netlink: RouteNetlink, problems: Problems) {
    this.#netlink = netlink;
    this.#problems = problems;
  }

  /** Returns whether links came or went: then the kernel is to be read again before `set`. */
  make(wishes: ReadonlyMap<string, InterfaceWish>, kernel: Kernel): boolean {
    let changed = false;
    for (const name of this.#made) {
      const link = kernel.named(name);
      const wanted = wishes.get(name)?.create;
      if (link && wanted && this.#fits(link, wanted.item, kernel)) continue;
      if (link) this.#attempt(undefined, '', () => this.#netlink.links.delete(link.index));
      this.#made.delete(name);
      changed = true;
    }
    for (const [name, { create }] of wishes) {
      if (!create) continue;
      const there = changed ? this.#netlink.links.get(name) : kernel.named(name);
      if (there) {
        if (there.kind !== create.kind)
          this.#problems.add(create.item, 'name', `${name} is there and is no ${create.kind}`);
        else if (!this.#fits(there, create.item, kernel))
          this.#problems.add(create.item, 'vlan-id', `${name} is there with another VLAN or on another device`);
        continue;
      }
      const spec = this.#spec(name, create.item);
      if (!spec) continue;
      if (!this.#attempt(create.item, '', () => this.#netlink.links.add(spec))) continue;
      this.#made.add(name);
      changed = true;
    }
    return changed;
  }

  #spec(name: string, item: Item): LinkSpec | undefined {
    if (item.menu === '/interface bridge') return { name, kind: 'bridge' };
    const below = item.values['interface'] ?? '';
    const parent = this.#netlink.links.get(below)?.index;
    if (parent !== undefined) return { name, kind: 'vlan', parent, vlanId: Number(item.values['vlan-id']) };
    this.#problems.wait(item, 'interface', `${below} is not there`);
    return undefined;
  }

  #fits(link: Link, item: Item, kernel: Kernel): boolean {
    if (item.menu === '/interface bridge') return link.kind === 'bridge';
    const parent = kernel.named(item.values['interface'] ?? '')?.index;
    return link.kind === 'vlan' && link.parent === parent && link.vlanId === Number(item.values['vlan-id']);
  }

  /** Returns whether something was set. */
  set(wishes: ReadonlyMap<string, InterfaceWish>, kernel: Kernel): boolean {
    let changed = false;
    for (const [name, wish] of wishes) {
      const link = kernel.named(name);
      if (!link) {
        for (const { item } of [wish.up, wish.mtu, wish.master].filter((w) => w !== undefined)) {
          if (item.menu === '/interface bridge port') this.#problems.wait(item, 'interface', `${name} is not there`);
        }
        continue;
      }
      for (const setting of settings) {
        const wanted = this.#wanted(setting, wish, kernel);
        if (!wanted) continue;
        const now = setting === 'master' ? (link.master ?? 0) : link[setting];
        if (now === wanted.value) continue;
        this.#remember(link, setting, now);
        const change = { [setting]: wanted.value } as LinkChange;
        changed =
          this.#attempt(wanted.item, propertyOf(wanted.item, setting), () =>
            this.#netlink.links.set(link.index, change),
          ) || changed;
      }
    }
    return this.#restore(wishes, kernel) || changed;
  }

  #wanted(setting: Setting, wish: InterfaceWish, kernel: Kernel): { value: unknown; item: Item } | undefined {
    if (setting !== 'master') return wish[setting];
    if (!wish.master) return undefined;
    const bridge = kernel.named(wish.master.value);
    if (bridge?.kind === 'bridge') return { value: bridge.index, item: wish.master.item };
    this.#problems.wait(wish.master.item, 'bridge', `${wish.master.value} is not there`);
    return undefined;
  }

  #remember(link: Link, setting: Setting, value: unknown): void {
    // What was made here goes as a whole.
    if (this.#made.has(link.name)) return;
    const before = this.#before.get(link.index) ?? {};
    this.#before.set(link.index, before);
    if (!(setting in before)) Object.assign(before, { [setting]: value });
  }

  /** Puts back what nobody wants any more. */
  #restore(wishes: ReadonlyMap<string, InterfaceWish>, kernel: Kernel): boolean {
    let changed = false;
    for (const [index, before] of this.#before) {
      const link = kernel.indexed(index);
      const wish = (link && wishes.get(link.name)) ?? {};
      for (const setting of settings) {
        if (!(setting in before) || (link && wish[setting])) continue;
        if (link) this.#attempt(undefined, '', () => this.#netlink.links.set(index, { [setting]: before[setting] }));
        delete before[setting];
        changed = true;
      }
      if (Object.keys(before).length === 0) this.#before.delete(index);
    }
    return changed;
  }

  #attempt(item: Item | undefined, property: string, work: () => void): boolean {
    try {
      work();
      return true;
    } catch (error) {
      // Without an item it is clearing up: what is gone by itself is cleared up.
      if (item) this.#problems.add(item, property, describeRefusal(error));
      return false;
    }
  }

  close(kernel: Kernel): void {
    this.#restore(new Map(), kernel);
    for (const name of this.#made) this.#attempt(undefined, '', () => this.#netlink.links.delete(name));
    this.#made.clear();
  }
}
