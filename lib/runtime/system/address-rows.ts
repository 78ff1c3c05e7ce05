import type { Item, Row } from '../../routeros/item.ts';
import { networkOf } from '../../routeros/value/index.ts';
import type { InterfaceAddress } from '../../rtnl/index.ts';
import { addressKey, addressSpec } from './addresses.ts';
import { isEnabled } from './interface-wishes.ts';
import type { Kernel } from './kernel.ts';
import type { Problems } from './problems.ts';
import type { RowIds } from './row-ids.ts';

type Values = Record<string, string>;

function scopeOf(address: string): Values {
  const linkLocal = /^fe[89ab][0-9a-f]:/i.test(address);
  return { global: linkLocal ? 'no' : 'yes', 'link-local': linkLocal ? 'yes' : 'no' };
}

/** Read-only properties of a configured address. */
export function addressState(item: Item, kernel: Kernel, problems: Problems): Values {
  const { address = '', interface: name = '', network } = item.values;
  const link = kernel.named(name);
  const state: Values = isEnabled(item) ? { invalid: link && !problems.get(item) ? 'no' : 'yes' } : {};
  if (link) state['actual-interface'] = name;
  if (item.menu === '/ipv6 address') {
    // With eui-64 the address is complete only on its link.
    const actual = (link && addressSpec(item, link)?.address) ?? address;
    return { ...state, address: actual, ...scopeOf(actual) };
  }
  return { ...state, network: network || networkOf(address) };
}

/** Addresses that the kernel has and the configuration has not, without those of the host itself. */
export function addressRows(menu: string, items: readonly Item[], kernel: Kernel, ids: RowIds): Row[] {
  const configured = new Set<string>();
  for (const item of items) {
    const link = kernel.named(item.values['interface'] ?? '');
    const spec = link && addressSpec(item, link);
    if (spec && isEnabled(item)) configured.add(addressKey(spec));
  }
  const six = menu === '/ipv6 address';
  const dynamic = kernel.addresses.filter(
    (a) => a.address.includes(':') === six && a.scope !== 'host' && !configured.has(addressKey(a)),
  );
  const assigned = ids.assign(dynamic.map(addressKey));
  return dynamic.map((a) => ({ id: assigned.get(addressKey(a))!, values: dynamicValues(a, six, kernel) }));
}

function dynamicValues(a: InterfaceAddress, six: boolean, kernel: Kernel): Values {
  const name = kernel.indexed(a.index)?.name ?? '';
  const values: Values = { address: a.address, interface: name, 'actual-interface': name, dynamic: 'yes' };
  if (six) return { ...values, ...scopeOf(a.address), advertise: 'no' };
  return { ...values, network: a.peer ?? networkOf(a.address) };
}
