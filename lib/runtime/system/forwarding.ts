import { readFileSync, writeFileSync } from 'node:fs';
import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Log } from '../log.ts';
import { isEnabled } from './interface-wishes.ts';

const paths = { 4: '/proc/sys/net/ipv4/ip_forward', 6: '/proc/sys/net/ipv6/conf/all/forwarding' } as const;

/** Whether the configuration makes a router of this host: it has addresses, routes or tunnels of the family. */
export function forwards(view: ConfigurationView, family: 4 | 6): boolean {
  const ip = family === 4 ? '/ip' : '/ipv6';
  if ([`${ip} address`, `${ip} route`].some((menu) => view.items(menu).some(isEnabled))) return true;
  return view
    .items('/ip ipsec policy')
    .filter((policy) => isEnabled(policy) && policy.values['tunnel'] === 'yes')
    .some((policy) => (policy.values['src-address'] ?? '').includes(':') === (family === 6));
}

/** The forwarding switches of this network namespace; put back in the end. */
export class Forwarding {
  readonly #log: Log;
  readonly #before = new Map<4 | 6, string>();

  constructor(log: Log) {
    this.#log = log;
  }

  apply(view: ConfigurationView): void {
    for (const family of [4, 6] as const) {
      const wanted = forwards(view, family);
      if (wanted && !this.#before.has(family)) this.#on(family);
      else if (!wanted) this.#restore(family);
    }
  }

  #on(family: 4 | 6): void {
    try {
      const before = readFileSync(paths[family], 'utf8').trim();
      this.#before.set(family, before);
      if (before === '0') writeFileSync(paths[family], '1');
    } catch (error) {
      // A container may have /proc/sys read-only, a kernel no IPv6: said once.
      this.#before.set(family, '');
      this.#log.add('system,warning', `IPv${family} forwarding: ${(error as Error).message}`);
    }
  }

  #restore(family: 4 | 6): void {
    const before = this.#before.get(family);
    this.#before.delete(family);
    if (before !== '0') return;
    try {
      writeFileSync(paths[family], before);
    } catch (error) {
      this.#log.add('system,warning', `IPv${family} forwarding: ${(error as Error).message}`);
    }
  }

  close(): void {
    for (const family of [...this.#before.keys()]) this.#restore(family);
  }
}
