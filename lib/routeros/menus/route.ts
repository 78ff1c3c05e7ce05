/** /ip route and /ipv6 route: one shape, two families. */
import type { MenuSchema, ValueType } from '../schema.ts';
import { ValueError } from '../schema.ts';
import { address, integer, listOf, plain, prefix, yesNo } from '../value/index.ts';
import { comment, disabled, flag, isDynamic, mark, only, prop, state } from './property.ts';

/** `10.0.0.1`, `10.0.0.1%ether1` or `ether1`. */
function gateway(family: 4 | 6): ValueType {
  const host = address(family);
  const label = `IPv${family} address | address%interface | interface`;
  return {
    label,
    parse(text) {
      const [first, zone, ...rest] = text.split('%');
      if (rest.length > 0 || zone === '') throw new ValueError(label);
      if (zone !== undefined) return `${host.parse(first!)}%${zone}`;
      if (/^[0-9.]+$|:/.test(text)) return host.parse(text);
      if (!/^[^\s,/"]{1,64}$/.test(text)) throw new ValueError(label);
      return text;
    },
  };
}

function route(family: 4 | 6, path: string, exportOrder: number): MenuSchema {
  return {
    path,
    kind: 'list',
    description: `IPv${family} routes.`,
    exportOrder,
    print: ['dst-address', 'pref-src', 'gateway', 'distance'],
    flags: [
      [flag('X', 'disabled'), flag('D', 'dynamic')],
      [flag('I', 'inactive'), flag('A', 'active')],
      [flag('c', 'connect'), flag('s', 'static')],
      [flag('B', 'blackhole')],
    ],
    unsupported: ['check-gateway', 'vrf-interface', 'suppress-hw-offload'],
    properties: [
      comment,
      disabled,
      prop('dst-address', prefix(family), family === 4 ? '0.0.0.0/0' : '::/0', 'Where to.'),
      prop('routing-table', plain, 'main', 'Routing table.', { quiet: true }),
      prop('pref-src', address(family), undefined, 'Source address of packets that the router itself sends.', {
        quiet: true,
      }),
      prop('gateway', listOf(gateway(family)), '', 'Next hops.'),
      state('immediate-gw', plain, 'Next hops as they are reached.', { quiet: true }),
      prop('blackhole', yesNo, 'no', 'Drop silently what is routed here.', { bare: true, quiet: true }),
      prop('distance', integer(1, 255), '1', 'Of several routes the nearest counts.'),
      only(prop('scope', integer(0, 255), '30', 'For the resolution of next hops.'), '30'),
      only(prop('target-scope', integer(0, 255), '10', 'For the resolution of next hops.'), '10'),
      isDynamic,
      mark('active', 'Whether it is in use.'),
      mark('inactive', 'Whether it is not in use.'),
      mark('connect', 'Whether it comes from an address.'),
      mark('static', 'Whether it was configured.'),
    ],
    retired: { 'routing-mark': 'write routing-table=...', type: 'write blackhole' },
  };
}

export const ipRoute: MenuSchema = route(4, '/ip route', 220);
export const ipv6Route: MenuSchema = route(6, '/ipv6 route', 230);
