import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Item } from '../../routeros/item.ts';

/** What the configuration says about a network device, and which item says it. */
export interface InterfaceWish {
  /** A bridge or VLAN to be made if it is not there. */
  create?: { readonly kind: 'bridge' | 'vlan'; readonly item: Item };
  up?: { readonly value: boolean; readonly item: Item };
  mtu?: { readonly value: number; readonly item: Item };
  macAddress?: { readonly value: string; readonly item: Item };
  /** Name of the bridge to be a port of. */
  master?: { readonly value: string; readonly item: Item };
}

export function isEnabled(item: Item): boolean {
  return item.values['disabled'] !== 'yes';
}

/**
 * By name of the device. Devices that something enabled uses are brought up unless they are disabled themselves; those
 * that nothing speaks of stay as they are.
 */
export function interfaceWishes(view: ConfigurationView): Map<string, InterfaceWish> {
  const wishes = new Map<string, InterfaceWish>();
  const wish = (name: string): InterfaceWish => {
    const found = wishes.get(name) ?? {};
    wishes.set(name, found);
    return found;
  };
  for (const kind of ['bridge', 'vlan'] as const) {
    for (const item of view.items(`/interface ${kind}`)) {
      const it = wish(item.values['name'] ?? '');
      it.create = { kind, item };
      it.up = { value: isEnabled(item), item };
      const { mtu, 'admin-mac': mac } = item.values;
      if (mtu && mtu !== 'auto') it.mtu = { value: Number(mtu), item };
      if (mac) it.macAddress = { value: mac.toLowerCase(), item };
    }
  }
  // What is set in /interface itself is said last and counts.
  for (const item of view.items('/interface')) {
    const it = wish(item.values['name'] ?? '');
    const { disabled, mtu } = item.set;
    if (disabled !== undefined || !it.up) it.up = { value: isEnabled(item), item };
    if (mtu !== undefined && mtu !== 'auto') it.mtu = { value: Number(mtu), item };
  }
  const use = (item: Item, name = item.values['interface'] ?? ''): InterfaceWish => {
    const it = wish(name);
    it.up ??= { value: true, item };
    return it;
  };
  for (const item of view.items('/interface vlan')) if (isEnabled(item)) use(item);
  for (const item of view.items('/interface bridge port')) {
    if (isEnabled(item)) use(item).master = { value: item.values['bridge'] ?? '', item };
  }
  for (const menu of ['/ip address', '/ipv6 address']) {
    for (const item of view.items(menu)) if (isEnabled(item)) use(item);
  }
  return wishes;
}
