import { ConfigError } from '../../errors.ts';
import type { Configuration } from '../../routeros/configuration.ts';
import type { Change, Item } from '../../routeros/item.ts';
import { networkOf } from '../../routeros/value/index.ts';

const menus = new Set([
  '/interface',
  '/interface bridge',
  '/interface bridge port',
  '/interface vlan',
  '/ip address',
  '/ipv6 address',
  '/ip route',
  '/ipv6 route',
]);

/** Menus that are applied to the kernel, and those whose items decide whether this host forwards. */
export function isSystemChange(change: Change): boolean {
  return menus.has(change.menu) || change.menu === '/ip ipsec policy';
}

type Check = (values: Readonly<Record<string, string>>) => string | undefined;

/** What the kernel side does not do yet, by menu and property: a reason, or undefined if it does. */
const checks: Readonly<Record<string, Readonly<Record<string, Check>>>> = {
  '/interface bridge': { name: kernelName },
  '/interface vlan': {
    'vlan-id': (v) => (v['vlan-id'] === '4095' ? 'is reserved (IEEE 802.1Q table 9-2)' : undefined),
    name: kernelName,
  },
  '/ip address': {
    network({ address = '', network }) {
      if (!network || address.endsWith('/32') || network === networkOf(address)) return undefined;
      return `${network} is not the network of ${address}`;
    },
  },
  '/ipv6 address': {
    'eui-64': ({ address = '', 'eui-64': eui64 }) =>
      eui64 === 'yes' && !address.endsWith('/64') ? 'needs an address of length 64' : undefined,
  },
  '/ip route': { gateway: needsGateway, 'routing-table': tableByNumber },
  '/ipv6 route': { gateway: needsGateway, 'routing-table': tableByNumber },
};

/** IFNAMSIZ, and what dev_valid_name of the kernel refuses. */
function kernelName({ name = '' }: Readonly<Record<string, string>>): string | undefined {
  const fits = Buffer.byteLength(name) <= 15 && !/[\s/:]/.test(name) && name !== '.' && name !== '..';
  return fits ? undefined : 'a network device takes at most 15 octets, without space, slash and colon';
}

function needsGateway({ gateway, blackhole }: Readonly<Record<string, string>>): string | undefined {
  return gateway || blackhole === 'yes' ? undefined : 'is needed, or blackhole';
}

function tableByNumber({ 'routing-table': table }: Readonly<Record<string, string>>): string | undefined {
  const fits = !table || table === 'main' || (/^[1-9][0-9]{0,9}$/.test(table) && Number(table) < 2 ** 32);
  return fits ? undefined : `${table}: tables other than main are known by their number`;
}

function refuse(item: Item, property: string, reason: string): never {
  throw new ConfigError(`${property} in ${item.menu}: ${reason}`, item.menu, property);
}

/** Refuses what the kernel side cannot do before it is taken. Returns its own removal. */
export function onValidateSystem(configuration: Configuration): () => void {
  return configuration.onValidate(({ menu, before, after }) => {
    if (!after) return;
    if (menu === '/interface' && before && before.values['name'] !== after.values['name']) {
      refuse(after, 'name', 'renaming a network device is not supported yet');
    }
    for (const [property, check] of Object.entries(checks[menu] ?? {})) {
      const reason = check(after.values);
      if (reason) refuse(after, property, reason);
    }
  });
}
