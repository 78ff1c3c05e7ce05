import { formatPrefix, isAddress, parseAddress, parsePrefix, prefixContains } from '../../wire/index.ts';
import { isRunning, type Kernel } from './kernel.ts';

/** A next hop that can be used now. */
export interface ResolvedGateway {
  readonly gateway?: string;
  readonly oif: number;
  /** As `immediate-gw` shows it: `10.0.0.1%ether1`, `ether1`. */
  readonly immediate: string;
}

/** The directly connected networks of a moment, to find the link that a next hop is on. */
export class Gateways {
  readonly #kernel: Kernel;
  readonly #networks: readonly { readonly prefix: ReturnType<typeof parsePrefix>; readonly index: number }[];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#networks = kernel.addresses
      .filter(({ index }) => this.#usable(index))
      .map((a) => ({
        prefix: parsePrefix(a.peer ? `${a.peer}/${a.address.split('/')[1]}` : a.address),
        index: a.index,
      }))
      .sort((a, b) => b.prefix.length - a.prefix.length);
  }

  #usable(index: number): boolean {
    const link = this.#kernel.indexed(index);
    return link !== undefined && isRunning(link);
  }

  /** `10.0.0.1`, `fe80::1%ether1` or `ether1`; a reason if it leads nowhere now. */
  resolve(text: string): ResolvedGateway | string {
    const [first = '', zone] = text.split('%');
    const name = zone ?? (isAddress(first) ? undefined : first);
    if (name !== undefined) {
      const link = this.#kernel.named(name);
      if (!link) return `${name} is not there`;
      if (!isRunning(link)) return `${name} is not running`;
      return { oif: link.index, immediate: text, ...(zone !== undefined && { gateway: first }) };
    }
    const address = parseAddress(first);
    const network = this.#networks.find(({ prefix }) => prefixContains(prefix, address));
    // Every link has the network of link-local addresses: RFC 4007 6.
    if (!network || formatPrefix(network.prefix) === 'fe80::/64') return `${text} is on no connected network`;
    return { gateway: first, oif: network.index, immediate: `${text}%${this.#kernel.indexed(network.index)!.name}` };
  }
}
