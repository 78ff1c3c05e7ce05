import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Item, Row } from '../../routeros/item.ts';
import type { MenuProvider } from '../../routeros/provider.ts';
import { addressRows, addressState } from './address-rows.ts';
import { interfaceRows, interfaceState } from './interface-rows.ts';
import type { Kernel } from './kernel.ts';
import type { Problems } from './problems.ts';
import { RouteStates, routeRows } from './route-rows.ts';
import type { Routes } from './routes.ts';
import { RowIds } from './row-ids.ts';

/** What the provider reads. The kernel is undefined while the system does not run. */
export interface SystemSource {
  readonly kernel: Kernel | undefined;
  readonly configuration: ConfigurationView;
  readonly problems: Problems;
  readonly routes: Routes;
}

/** The running side of the interface, address and route menus. */
export class SystemProvider implements Required<Pick<MenuProvider, 'rows' | 'state'>> {
  readonly #source: SystemSource;
  readonly #ids = new Map<string, RowIds>();
  #routeStates: RouteStates | undefined;

  constructor(source: SystemSource) {
    this.#source = source;
  }

  rows(menu: string): readonly Row[] | undefined {
    const { kernel, configuration } = this.#source;
    if (!kernel) return undefined;
    switch (menu) {
      case '/interface':
        return interfaceRows(kernel);
      case '/ip address':
      case '/ipv6 address':
        return addressRows(menu, configuration.items(menu), kernel, this.#idsOf(menu));
      case '/ip route':
      case '/ipv6 route':
        return routeRows(menu, kernel, this.#idsOf(menu));
      default:
        return undefined;
    }
  }

  state(menu: string, item: Item | undefined): Readonly<Record<string, string>> {
    const { kernel, problems, routes } = this.#source;
    if (!kernel || !item) return {};
    if (menu === '/interface' || menu.startsWith('/interface ')) return interfaceState(item, kernel, problems);
    if (menu === '/ip address' || menu === '/ipv6 address') return addressState(item, kernel, problems);
    if (menu !== '/ip route' && menu !== '/ipv6 route') return {};
    if (this.#routeStates?.kernel !== kernel) this.#routeStates = new RouteStates(kernel);
    return this.#routeStates.of(item, routes);
  }

  #idsOf(menu: string): RowIds {
    const ids = this.#ids.get(menu) ?? new RowIds();
    this.#ids.set(menu, ids);
    return ids;
  }
}
