import { execFileSync } from 'node:child_process';
import { Namespace } from './namespace.ts';

/** One end of a link: the device called `device` in `namespace`. */
export interface End {
  readonly namespace: Namespace;
  /** At most 15 characters. */
  readonly device: string;
  /** In CIDR form. The device comes up even without any. */
  readonly addresses?: readonly string[];
}

/** What a link does to packets that arrive at an end. */
export interface Impairment {
  readonly lossPercent: number;
}

/** Namespaces and the links between them, removed together. */
export class Topology {
  readonly namespaces: Namespace[] = [];

  namespace(label: string): Namespace {
    const namespace = new Namespace(label);
    this.namespaces.push(namespace);
    return namespace;
  }

  /** Moves a device of this process's namespace into `namespace`; it comes back when that goes. */
  take(namespace: Namespace, device: string): void {
    execFileSync('ip', ['link', 'set', device, 'netns', namespace.name], { stdio: ['ignore', 'ignore', 'inherit'] });
  }

  /** A veth pair. */
  link(a: End, b: End, mtu = 1500): void {
    a.namespace.ip(
      ...['link', 'add', a.device, 'mtu', `${mtu}`, 'type', 'veth'],
      ...['peer', 'name', b.device, 'mtu', `${mtu}`, 'netns', b.namespace.name],
    );
    for (const end of [a, b]) end.namespace.address(end.device, ...(end.addresses ?? []));
  }

  /** A bridge in `namespace` over devices that are there. */
  bridge(namespace: Namespace, device: string, members: readonly string[], addresses: readonly string[] = []): void {
    namespace.ip('link', 'add', device, 'type', 'bridge', 'forward_delay', '0');
    for (const member of members) namespace.ip('link', 'set', member, 'master', device, 'up');
    namespace.address(device, ...addresses);
  }

  /**
   * Loses packets that arrive at `device`, at random, with nftables; `undefined` stops that. (Delay would want
   * sch_netem, which not every kernel has.)
   */
  impair(namespace: Namespace, device: string, impairment: Impairment | undefined): void {
    const table = `table netdev lab_impair_${device}`;
    const rule = impairment
      ? `${table} {
          chain arriving {
            type filter hook ingress device ${device} priority 0; policy accept;
            ${impairment.lossPercent < 100 ? `numgen random mod 10000 < ${Math.round(impairment.lossPercent * 100)} ` : ''}drop
          }
        }`
      : '';
    namespace.nft(`${table} {}\ndelete ${table}\n${rule}\n`);
  }

  /**
   * Makes `namespace` a NAT router: IPv4 leaving through `outside` gets that device's address and another source port.
   * UDP port 500 and 4500 are moved too, as a box in the wild may. Called again it only changes the ports of new
   * mappings; `conntrack -F` makes the box forget those it has.
   */
  nat(namespace: Namespace, outside: string, ports = '20000-29999'): void {
    namespace.forward();
    namespace.nft(`table ip lab_nat {}
    delete table ip lab_nat
    table ip lab_nat {
      chain postrouting {
        type nat hook postrouting priority 100; policy accept;
        oifname "${outside}" meta l4proto { tcp, udp } masquerade to :${ports}
        oifname "${outside}" masquerade
      }
    }\n`);
  }

  close(): void {
    for (const namespace of this.namespaces.splice(0).reverse()) namespace.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
