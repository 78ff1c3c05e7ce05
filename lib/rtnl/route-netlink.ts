import type { NetlinkError } from '../errors.ts';
import { callNative, nativeError } from '../native.ts';
import { addon, type NativeRouteNetlink } from './addon.ts';
import type { AddressFilter, AddressSpec, InterfaceAddress } from './address.ts';
import type { Link, LinkChange, LinkFilter, LinkSpec } from './link.ts';
import { Monitor, type MonitorOptions } from './monitor.ts';
import type { Neighbour, NeighbourFilter, NeighbourSpec } from './neighbour.ts';
import type { Route, RouteFilter, RouteQuery, RouteSpec } from './route.ts';
import type { Rule, RuleFilter, RuleSpec } from './rule.ts';

type Operation = 'add' | 'replace' | 'delete';
/** One element per spec: the kernel's refusal, or undefined. */
export type Refusals = readonly (NetlinkError | undefined)[];

/** What can be added, deleted and listed. Every method throws `NetlinkError` when the kernel refuses, `TypeError` naming
 *  the property for a spec that cannot be, `ClosedError` after `close()`. */
class Table<Spec extends object, Row, Filter extends object> {
  protected readonly socket: NativeRouteNetlink;
  protected readonly kind: string;
  constructor(socket: NativeRouteNetlink, kind: string) {
    this.socket = socket;
    this.kind = kind;
  }

  /** EEXIST if it is there. */
  add(spec: Spec): void {
    callNative(() => this.socket.apply(this.kind, 'add', spec));
  }

  delete(spec: Spec): void {
    callNative(() => this.socket.apply(this.kind, 'delete', spec));
  }

  /** Everything that the kernel has, narrowed to `filter`. A table that keeps changing under the dump is EINTR. */
  dump(filter: Filter = {} as Filter): Row[] {
    return callNative(() => this.socket.dump(this.kind, filter)) as Row[];
  }

  /** Many at once: a refused one does not stop the others. A spec that cannot be throws before any is sent. */
  applyAll(operation: Operation, specs: readonly Spec[]): Refusals {
    const refusals = callNative(() => this.socket.applyAll(this.kind, operation, specs));
    return refusals.map((error) => error && (nativeError(error) as NetlinkError));
  }
}

class Links extends Table<LinkSpec, Link, LinkFilter> {
  /** Undefined if there is none of this index or name. */
  get(which: number | string): Link | undefined {
    return callNative(() => this.socket.link(which)) as Link | undefined;
  }

  /** Changes a link, by index or name. A name in `change` renames. */
  set(which: number | string, change: LinkChange): void {
    callNative(() => this.socket.apply(this.kind, 'change', { ...change, index: this.#index(which) }));
  }

  /** By index or name. */
  override delete(which: number | string | { readonly name: string }): void {
    const spec = typeof which === 'object' ? which : typeof which === 'number' ? { index: which } : { name: which };
    callNative(() => this.socket.apply(this.kind, 'delete', spec));
  }

  /** A name that does not exist is left to the kernel to refuse: no link has index 2^31-1. */
  #index(which: number | string): number {
    return typeof which === 'number' ? which : (this.get(which)?.index ?? 0x7fffffff);
  }
}

class Addresses extends Table<AddressSpec, InterfaceAddress, AddressFilter> {
  /** Adds it, or changes flags and lifetimes of the one that is there. */
  replace(spec: AddressSpec): void {
    callNative(() => this.socket.apply(this.kind, 'replace', spec));
  }
}

class Routes extends Table<RouteSpec, Route, RouteFilter> {
  /** Adds it, or replaces the route to the same destination with the same metric. */
  replace(spec: RouteSpec): void {
    callNative(() => this.socket.apply(this.kind, 'replace', spec));
  }

  /** The route that a packet would take: source address in `prefsrc`, link in `oif`, next hop in `gateway`.
   *  NetlinkError ENETUNREACH if there is none; EINVAL, EHOSTUNREACH or EACCES if a blackhole, unreachable or prohibit
   *  route answers. */
  get(query: RouteQuery | string): Route {
    const spec = typeof query === 'string' ? { dst: query } : query;
    return callNative(() => this.socket.route(spec)) as Route;
  }
}

class Rules extends Table<RuleSpec, Rule, RuleFilter> {}

class Neighbours extends Table<NeighbourSpec, Neighbour, NeighbourFilter> {
  /** Adds it, or changes the one that is there. */
  replace(spec: NeighbourSpec): void {
    callNative(() => this.socket.apply(this.kind, 'replace', spec));
  }
}

/**
 * Links, addresses, routes, policy rules and neighbours of one network namespace: the calling thread's when it was made.
 * Calls are synchronous; the kernel answers within the call. Reading needs no privilege, changing needs CAP_NET_ADMIN.
 */
export class RouteNetlink {
  readonly links: Links;
  readonly addresses: Addresses;
  readonly routes: Routes;
  readonly rules: Rules;
  readonly neighbours: Neighbours;
  readonly #socket: NativeRouteNetlink;

  constructor() {
    this.#socket = callNative(() => new addon.RouteNetlink());
    this.links = new Links(this.#socket, 'link');
    this.addresses = new Addresses(this.#socket, 'address');
    this.routes = new Routes(this.#socket, 'route');
    this.rules = new Rules(this.#socket, 'rule');
    this.neighbours = new Neighbours(this.#socket, 'neighbour');
  }

  /** Changes from now on, of this thread's network namespace. The monitor is closed on its own. */
  monitor(options?: MonitorOptions): Monitor {
    return new Monitor(options);
  }

  close(): void {
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
