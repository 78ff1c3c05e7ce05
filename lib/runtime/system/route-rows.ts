import type { Item, Row } from '../../routeros/item.ts';
import { type Route, RTPROT } from '../../rtnl/index.ts';
import { Gateways } from './gateways.ts';
import { isEnabled } from './interface-wishes.ts';
import { isRunning, type Kernel } from './kernel.ts';
import { distanceOf, metricOf, routeKey, tableNumber } from './route-specs.ts';
import { isOwnRoute, type Routes } from './routes.ts';
import type { RowIds } from './row-ids.ts';

type Values = Record<string, string>;

const mainTable = 254;

/** The kernel's routes of one moment, to tell what became of the configured ones. */
export class RouteStates {
  readonly kernel: Kernel;
  readonly #gateways: Gateways;
  /** The lowest metric of usable routes, by table and destination. */
  readonly #nearest = new Map<string, number>();

  constructor(kernel: Kernel) {
    this.kernel = kernel;
    this.#gateways = new Gateways(kernel);
    for (const route of kernel.routes) {
      if (route.dead || !isUsable(route, kernel)) continue;
      const key = `${route.table} ${route.dst}`;
      this.#nearest.set(key, Math.min(this.#nearest.get(key) ?? Number.POSITIVE_INFINITY, route.priority ?? 0));
    }
  }

  /** Read-only properties of a configured route. */
  of(item: Item, routes: Routes): Values {
    if (!isEnabled(item)) return { static: 'yes' };
    const { 'dst-address': dst, distance, 'routing-table': table, gateway = '' } = item.values;
    // Of equal destinations the kernel asks the nearest; RouterOS calls only that one active.
    const nearest = this.#nearest.get(`${tableNumber(table)} ${dst}`) ?? 0;
    const active = routes.isActive(item) && nearest >= metricOf(item.menu, distance);
    const state: Values = { static: 'yes', active: active ? 'yes' : 'no', inactive: active ? 'no' : 'yes' };
    if (!active) return state;
    const hops = gateway.split(',').filter(Boolean);
    const immediate = hops
      .map((text) => this.#gateways.resolve(text))
      .flatMap((hop) => (typeof hop === 'string' ? [] : [hop.immediate]));
    return immediate.length > 0 ? { ...state, 'immediate-gw': immediate.join(',') } : state;
  }
}

function isUsable(route: Route, kernel: Kernel): boolean {
  const link = kernel.indexed(route.oif);
  return link === undefined || isRunning(link);
}

/** Routes of the main table that are not ours: connected networks, and what others installed. */
export function routeRows(menu: string, kernel: Kernel, ids: RowIds): Row[] {
  const family = menu === '/ipv6 route' ? 6 : 4;
  const shown = kernel.routes.filter(
    (r) =>
      r.dst.includes(':') === (family === 6) &&
      r.table === mainTable &&
      !isOwnRoute(r) &&
      r.type !== 'multicast' &&
      // What the kernel refuses for a family that is off (`unreachable default dev lo`) is no entry of anybody.
      !(r.type === 'unreachable' && r.protocol === RTPROT.KERNEL),
  );
  const keyOf = (r: Route): string => `${routeKey(r)} ${r.oif} ${r.gateway ?? ''}`;
  const assigned = ids.assign(shown.map(keyOf));
  return shown.map((r) => ({ id: assigned.get(keyOf(r))!, values: valuesOf(r, family, kernel) }));
}

function valuesOf(route: Route, family: 4 | 6, kernel: Kernel): Values {
  const nameOf = (index: number): string => kernel.indexed(index)?.name ?? '';
  const hops = (route.nexthops ?? [route]).filter((hop) => hop.oif !== 0 || hop.gateway !== undefined);
  const connected = route.protocol === RTPROT.KERNEL && route.gateway === undefined;
  const usable = !route.dead && isUsable(route, kernel);
  return {
    'dst-address': route.dst,
    gateway: hops.map((hop) => hop.gateway ?? nameOf(hop.oif)).join(','),
    'immediate-gw': hops.map((hop) => (hop.gateway ? `${hop.gateway}%${nameOf(hop.oif)}` : nameOf(hop.oif))).join(','),
    'routing-table': 'main',
    distance: String(connected ? 0 : distanceOf(family, route.priority ?? 0)),
    scope: connected ? '10' : '30',
    'target-scope': connected ? '5' : '10',
    dynamic: 'yes',
    active: usable ? 'yes' : 'no',
    inactive: usable ? 'no' : 'yes',
    ...(connected && { connect: 'yes' }),
    ...(route.type === 'blackhole' && { blackhole: 'yes' }),
    ...(route.prefsrc && { 'pref-src': route.prefsrc }),
  };
}
