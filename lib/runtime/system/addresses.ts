import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Item } from '../../routeros/item.ts';
import type { AddressSpec, InterfaceAddress, Link, RouteNetlink } from '../../rtnl/index.ts';
import { formatAddress, parseAddress } from '../../wire/index.ts';
import { isEnabled } from './interface-wishes.ts';
import type { Kernel } from './kernel.ts';
import { describeRefusal, type Problems } from './problems.ts';
import { configurationProtocol } from './protocol.ts';

export const addressMenus = ['/ip address', '/ipv6 address'] as const;

/** Two addresses of one link are the same if these are. */
export function addressKey(address: Pick<InterfaceAddress, 'index' | 'address' | 'peer'>): string {
  return `${address.index} ${address.address} ${address.peer ?? ''}`;
}

/** The address that an item means on this link; undefined if it cannot be told. */
export function addressSpec(item: Item, link: Link): AddressSpec | undefined {
  const { address = '', network, 'eui-64': eui64, 'no-dad': noDad } = item.values;
  const [host = '', length = ''] = address.split('/');
  const spec = { index: link.index, address, protocol: configurationProtocol };
  // A host address with a network of its own is one end of a point-to-point link.
  if (item.menu === '/ip address')
    return length === '32' && network && network !== host ? { ...spec, peer: network } : spec;
  const dad = noDad === 'yes' ? { nodad: true } : {};
  if (eui64 !== 'yes') return { ...spec, ...dad };
  const identifier = interfaceIdentifier(link.macAddress);
  if (!identifier) return undefined;
  const bytes = parseAddress(host);
  bytes.set(identifier, 8);
  return { ...spec, address: `${formatAddress(bytes)}/${length}`, ...dad };
}

/** The modified EUI-64 of a MAC address, RFC 4291 appendix A. */
function interfaceIdentifier(mac: string | undefined): Uint8Array | undefined {
  const octets = (mac ?? '').split(':').map((octet) => Number.parseInt(octet, 16));
  if (octets.length !== 6) return undefined;
  const [a, b, c, d, e, f] = octets as [number, number, number, number, number, number];
  return Uint8Array.of(a ^ 2, b, c, 0xff, 0xfe, d, e, f);
}

/** Keeps the addresses of the configuration on their links. What was there before stays there in the end. */
export class Addresses {
  readonly #netlink: RouteNetlink;
  readonly #problems: Problems;
  readonly #owned = new Map<string, AddressSpec>();

  constructor(netlink: RouteNetlink, problems: Problems) {
    this.#netlink = netlink;
    this.#problems = problems;
  }

  /** Returns whether something was changed. */
  apply(view: ConfigurationView, kernel: Kernel): boolean {
    const wanted = this.#wanted(view, kernel);
    const there = new Set(kernel.addresses.map(addressKey));
    let changed = false;
    // Also what a killed daemon left (the kernel keeps IFA_PROTO since Linux 5.18).
    for (const { index, address, peer, protocol } of kernel.addresses) {
      if (protocol !== configurationProtocol) continue;
      const spec = { index, address, ...(peer !== undefined && { peer }) };
      this.#owned.set(addressKey(spec), spec);
    }
    for (const [key, spec] of this.#owned) {
      if (wanted.has(key)) continue;
      if (there.has(key)) this.#delete(spec);
      this.#owned.delete(key);
      changed = true;
    }
    const missing = [...wanted].filter(([key]) => !there.has(key));
    const refusals = this.#netlink.addresses.applyAll(
      'add',
      missing.map(([, { spec }]) => spec),
    );
    for (const [i, [key, { spec, item }]] of missing.entries()) {
      const refusal = refusals[i];
      // The kernel may have added it meanwhile, as the second of two primaries when the first went.
      if (refusal && refusal.code !== 'EEXIST') this.#problems.add(item, 'address', describeRefusal(refusal));
      else this.#owned.set(key, spec);
    }
    return changed || missing.length > 0;
  }

  #wanted(view: ConfigurationView, kernel: Kernel): Map<string, { spec: AddressSpec; item: Item }> {
    const wanted = new Map<string, { spec: AddressSpec; item: Item }>();
    for (const menu of addressMenus) {
      for (const item of view.items(menu)) {
        if (!isEnabled(item)) continue;
        const name = item.values['interface'] ?? '';
        const link = kernel.named(name);
        if (!link) {
          this.#problems.wait(item, 'interface', `${name} is not there`);
          continue;
        }
        const spec = addressSpec(item, link);
        if (spec) wanted.set(addressKey(spec), { spec, item });
        else this.#problems.add(item, 'eui-64', `${name} has no MAC address`);
      }
    }
    return wanted;
  }

  #delete(spec: AddressSpec): void {
    // With its link or by another hand: gone is gone.
    this.#netlink.addresses.applyAll('delete', [spec]);
  }

  close(): void {
    this.#netlink.addresses.applyAll('delete', [...this.#owned.values()]);
    this.#owned.clear();
  }
}
