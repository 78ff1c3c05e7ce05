import type { NetlinkError } from '../../errors.ts';
import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Item } from '../../routeros/item.ts';
import type { Route, RouteNetlink } from '../../rtnl/index.ts';
import { Gateways } from './gateways.ts';
import type { Kernel } from './kernel.ts';
import { describeRefusal, type Problems } from './problems.ts';
import { configurationProtocol } from './protocol.ts';
import { isSameRoute, routeKey, routeWishes } from './route-specs.ts';

/** The routes of the configuration; also those that a killed daemon left, known by their protocol number. */
export function isOwnRoute(route: Route): boolean {
  return route.protocol === configurationProtocol;
}

/** Keeps the static routes of the configuration in the kernel. */
export class Routes {
  readonly #netlink: RouteNetlink;
  readonly #problems: Problems;
  #active = new Set<string>();

  constructor(netlink: RouteNetlink, problems: Problems) {
    this.#netlink = netlink;
    this.#problems = problems;
  }

  /** Returns whether something was changed. */
  apply(view: ConfigurationView, kernel: Kernel): boolean {
    const wishes = routeWishes(view, new Gateways(kernel), this.#problems);
    const own = new Map(kernel.routes.filter(isOwnRoute).map((route) => [routeKey(route), route]));
    const unwanted = [...own].filter(([key]) => !wishes.has(key)).map(([, route]) => route);
    this.#delete(unwanted);

    const active = new Set<string>();
    let changed = unwanted.length > 0;
    const steps = [...wishes].filter(([key, { spec, items }]) => {
      const route = own.get(key);
      if (!route || !isSameRoute(route, spec)) return true;
      for (const item of items) active.add(itemKey(item));
      return false;
    });
    // Replacing is for our own routes only: it would overwrite one of another hand.
    for (const operation of ['replace', 'add'] as const) {
      const chosen = steps.filter(([key]) => own.has(key) === (operation === 'replace')).map(([, wish]) => wish);
      const refusals = this.#netlink.routes.applyAll(
        operation,
        chosen.map(({ spec }) => spec),
      );
      for (const [i, { items }] of chosen.entries()) {
        const refusal = refusals[i];
        for (const item of items) {
          if (refusal) this.#problems.add(item, refusedProperty(refusal), describeRefusal(refusal));
          else active.add(itemKey(item));
        }
        changed ||= !refusal;
      }
    }
    this.#active = active;
    return changed;
  }

  isActive(item: Item): boolean {
    return this.#active.has(itemKey(item));
  }

  #delete(routes: readonly Route[]): void {
    // Gone with its link is gone too.
    this.#netlink.routes.applyAll(
      'delete',
      routes.map(({ dst, table, priority, protocol }) => ({
        dst,
        table,
        protocol,
        ...(priority !== undefined && { priority }),
      })),
    );
  }

  close(kernel: Kernel): void {
    this.#delete(kernel.routes.filter(isOwnRoute));
    this.#active = new Set();
  }
}

/** The kernel says in words which part of a route it does not take. */
function refusedProperty(refusal: NetlinkError): string {
  if (/prefsrc|source address/i.test(refusal.extack)) return 'pref-src';
  return refusal.code === 'EEXIST' ? 'dst-address' : 'gateway';
}

function itemKey(item: Item): string {
  return `${item.menu} ${item.id}`;
}
