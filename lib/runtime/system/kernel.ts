import { SystemError } from '../../errors.ts';
import type { Family, InterfaceAddress, Link, Route, RouteNetlink } from '../../rtnl/index.ts';

/** What the kernel had at one moment. */
export interface Kernel {
  readonly links: readonly Link[];
  readonly addresses: readonly InterfaceAddress[];
  /** Without the `local` table. */
  readonly routes: readonly Route[];
  named(name: string): Link | undefined;
  indexed(index: number): Link | undefined;
}

const localTable = 255;

export function readKernel(netlink: RouteNetlink): Kernel {
  const links = netlink.links.dump();
  const byName = new Map(links.map((link) => [link.name, link]));
  const byIndex = new Map(links.map((link) => [link.index, link]));
  return {
    links,
    addresses: eachFamily((family) => netlink.addresses.dump({ family })),
    routes: eachFamily((family) => netlink.routes.dump({ family })).filter((route) => route.table !== localTable),
    named: (name) => byName.get(name),
    indexed: (index) => byIndex.get(index),
  };
}

/** A kernel without IPv6 refuses its dumps. */
function eachFamily<T>(dump: (family: Family) => T[]): T[] {
  return (['inet', 'inet6'] as const).flatMap((family) => {
    try {
      return dump(family);
    } catch (error) {
      if (error instanceof SystemError && ['EOPNOTSUPP', 'EAFNOSUPPORT'].includes(error.code)) return [];
      throw error;
    }
  });
}

/** Up, and able to carry packets. */
export function isRunning(link: Link): boolean {
  return link.up && link.running;
}
