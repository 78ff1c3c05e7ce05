import type { Namespace } from './namespace.ts';
import { Topology } from './topology.ts';

/** Two sites over a routed network, with the addresses of the RouterOS manual's site-to-site example. */
export interface SiteToSite {
  readonly topology: Topology;
  readonly lan1: Namespace;
  readonly r1: Namespace;
  readonly wan: Namespace;
  readonly r2: Namespace;
  readonly lan2: Namespace;
}

export const sites = {
  r1: { wan: '192.168.90.1', wan6: '2001:db8:90::1', lan: '10.1.202.1', subnet: '10.1.202.0/24', host: '10.1.202.10' },
  r2: { wan: '192.168.80.1', wan6: '2001:db8:80::1', lan: '10.1.101.1', subnet: '10.1.101.0/24', host: '10.1.101.10' },
} as const;

/**
 * lan1 -- r1 -- wan -- r2 -- lan2. The routers' outer device is `ether1`, the inner one `ether2`; each LAN host and the
 * wan router are set up completely, the latter also routes nothing but the outer networks.
 * @param options.addressRouters give r1 and r2 their addresses and default routes too (default true)
 * @param options.nat r1's outer packets are translated by the wan router
 */
export function siteToSite(options: { addressRouters?: boolean; nat?: boolean } = {}): SiteToSite {
  const topology = new Topology();
  try {
    const [lan1, r1, wan, r2, lan2] = ['lan1', 'r1', 'wan', 'r2', 'lan2'].map((label) => topology.namespace(label)) as [
      Namespace,
      Namespace,
      Namespace,
      Namespace,
      Namespace,
    ];
    const addressed = options.addressRouters !== false;
    const own = (...cidrs: string[]) => (addressed ? { addresses: cidrs } : {});
    topology.link(
      { namespace: wan, device: 'to-r1', addresses: ['192.168.90.254/24', '2001:db8:90::fe/64'] },
      { namespace: r1, device: 'ether1', ...own(`${sites.r1.wan}/24`, `${sites.r1.wan6}/64`) },
    );
    topology.link(
      { namespace: wan, device: 'to-r2', addresses: ['192.168.80.254/24', '2001:db8:80::fe/64'] },
      { namespace: r2, device: 'ether1', ...own(`${sites.r2.wan}/24`, `${sites.r2.wan6}/64`) },
    );
    topology.link(
      { namespace: lan1, device: 'eth0', addresses: [`${sites.r1.host}/24`] },
      { namespace: r1, device: 'ether2', ...own(`${sites.r1.lan}/24`) },
    );
    topology.link(
      { namespace: lan2, device: 'eth0', addresses: [`${sites.r2.host}/24`] },
      { namespace: r2, device: 'ether2', ...own(`${sites.r2.lan}/24`) },
    );
    for (const router of [r1, wan, r2]) router.forward();
    lan1.route('default', sites.r1.lan);
    lan2.route('default', sites.r2.lan);
    if (addressed) {
      r1.route('default', '192.168.90.254');
      r1.route('default', '2001:db8:90::fe');
      r2.route('default', '192.168.80.254');
      r2.route('default', '2001:db8:80::fe');
    }
    if (options.nat) topology.nat(wan, 'to-r2');
    return { topology, lan1, r1, wan, r2, lan2 };
  } catch (error) {
    topology.close();
    throw error;
  }
}
