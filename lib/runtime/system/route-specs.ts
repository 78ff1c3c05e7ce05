import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Item } from '../../routeros/item.ts';
import type { Route, RouteSpec } from '../../rtnl/index.ts';
import type { Gateways, ResolvedGateway } from './gateways.ts';
import { isEnabled } from './interface-wishes.ts';
import type { Problems } from './problems.ts';
import { configurationProtocol } from './protocol.ts';

export const routeMenus = ['/ip route', '/ipv6 route'] as const;

const mainTable = 254;

/** One route of the kernel, made of one item or of several with the same destination and distance (ECMP). */
export interface RouteWish {
  readonly spec: RouteSpec;
  readonly items: readonly Item[];
}

/** What the kernel tells two routes apart by. */
export function routeKey(route: Pick<Route, 'dst' | 'table' | 'priority'>): string {
  return `${route.dst} ${route.table} ${route.priority ?? 0}`;
}

export function tableNumber(name: string | undefined): number {
  return name === undefined || name === 'main' ? mainTable : Number(name);
}

/** The kernel's metric. Its own IPv6 routes to connected networks have 256 and those of router advertisements 1024, so
 *  that distances 1 to 255 fit between. */
export function metricOf(menu: string, distance: string | undefined): number {
  return Number(distance ?? '1') + (menu === '/ipv6 route' ? 256 : 0);
}

export function distanceOf(family: 4 | 6, metric: number): number {
  return Math.max(0, Math.min(255, family === 4 ? metric : metric - 256));
}

/** The routes that can be installed now; items that lead nowhere are noted with their reason. */
export function routeWishes(view: ConfigurationView, gateways: Gateways, problems: Problems): Map<string, RouteWish> {
  const groups = new Map<string, Group>();
  for (const menu of routeMenus) {
    for (const item of view.items(menu)) {
      if (isEnabled(item)) collect(item, menu, groups, gateways, problems);
    }
  }
  return new Map([...groups].map(([key, group]) => [key, { spec: specOf(group), items: group.items }]));
}

interface Group {
  readonly base: { dst: string; table: number; priority: number; protocol: number };
  readonly items: Item[];
  readonly hops: ResolvedGateway[];
  blackhole: boolean;
  prefsrc: string | undefined;
}

function collect(item: Item, menu: string, groups: Map<string, Group>, gateways: Gateways, problems: Problems): void {
  const { 'dst-address': dst = '', gateway = '', blackhole, 'pref-src': prefsrc } = item.values;
  const hops: ResolvedGateway[] = [];
  if (blackhole !== 'yes') {
    const reasons: string[] = [];
    for (const text of gateway.split(',').filter(Boolean)) {
      const hop = gateways.resolve(text);
      if (typeof hop === 'string') reasons.push(hop);
      else hops.push(hop);
    }
    if (hops.length === 0) {
      problems.wait(item, 'gateway', reasons.join(', ') || 'is missing');
      return;
    }
  }
  const table = tableNumber(item.values['routing-table']);
  const base = { dst, table, priority: metricOf(menu, item.values['distance']), protocol: configurationProtocol };
  const key = routeKey(base);
  const group = groups.get(key);
  if (!group) {
    groups.set(key, { base, items: [item], hops, blackhole: blackhole === 'yes', prefsrc: prefsrc || undefined });
    return;
  }
  if (group.blackhole || blackhole === 'yes' || group.prefsrc !== (prefsrc || undefined)) {
    problems.add(item, 'dst-address', `another route to ${dst} has the same distance`);
    return;
  }
  group.items.push(item);
  group.hops.push(...hops.filter(({ immediate }) => group.hops.every((hop) => hop.immediate !== immediate)));
}

function specOf({ base, hops, blackhole, prefsrc }: Group): RouteSpec {
  const spec = { ...base, ...(prefsrc !== undefined && { prefsrc }) };
  if (blackhole) return { ...spec, type: 'blackhole' };
  const plain = hops.map(({ gateway, oif }) => ({ oif, ...(gateway !== undefined && { gateway }) }));
  return plain.length === 1 ? { ...spec, ...plain[0] } : { ...spec, nexthops: plain };
}

/** Whether the kernel's route is what the spec says. */
export function isSameRoute(route: Route, spec: RouteSpec): boolean {
  if (route.type !== (spec.type ?? 'unicast') || (spec.prefsrc !== undefined && route.prefsrc !== spec.prefsrc))
    return false;
  const hopsOf = (r: Route | RouteSpec) =>
    (r.nexthops ?? [r])
      .map((hop) => `${hop.gateway ?? ''}%${hop.oif || 0}`)
      .sort()
      .join();
  // IPv6 blackholes stand on the loopback interface.
  return spec.type === 'blackhole' || hopsOf(route) === hopsOf(spec);
}
