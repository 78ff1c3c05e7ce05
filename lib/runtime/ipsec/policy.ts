import type { PolicyAction, PolicyLevel, PortRange, Selector } from '../../dataplane/dataplane.ts';
import type { Item } from '../../routeros/item.ts';
import { IP_PROTOCOLS, protocolNumber } from '../../routeros/value/index.ts';
import { isYes, Refusal, text } from './item.ts';

/** `/ip ipsec policy`: one item as selectors. */

export function protocolName(number: number): string {
  return Object.entries(IP_PROTOCOLS).find(([, value]) => value === number)?.[0] ?? String(number);
}

function ports(policy: Item, property: 'src-port' | 'dst-port'): PortRange {
  const value = text(policy, property);
  if (value === '' || value === 'any') return { first: 0, last: 65535 };
  return { first: Number(value), last: Number(value) };
}

export function portText(range: PortRange): string {
  if (range.first === 0 && range.last === 65535) return 'any';
  return range.first === range.last ? String(range.first) : `${range.first}-${range.last}`;
}

/** Local and remote as configured: what a tunnel policy or a template matches. Undefined if the two are of two families. */
export function configuredSelector(policy: Item): Selector | undefined {
  const local = text(policy, 'src-address');
  const remote = text(policy, 'dst-address');
  if (local.includes(':') !== remote.includes(':')) return undefined;
  return {
    local,
    remote,
    protocol: protocolNumber(text(policy, 'protocol')),
    localPorts: ports(policy, 'src-port'),
    remotePorts: ports(policy, 'dst-port'),
  };
}

/** What a template allows. RouterOS's `::/0` stands for everything, IPv4 too: so its default template works for both. */
export function templateSelectors(policy: Item): Selector[] {
  const selector = configuredSelector(policy);
  if (selector === undefined) return [];
  if (selector.local !== '::/0' || selector.remote !== '::/0') return [selector];
  return [{ ...selector, local: '0.0.0.0/0', remote: '0.0.0.0/0' }, selector];
}

/** Short and unique among policies with different selectors: the CHILD_SA's name in logs. */
export function selectorText(selector: Selector): string {
  const side = (prefix: string, range: PortRange): string =>
    portText(range) === 'any' ? prefix : `${prefix}[${portText(range)}]`;
  const protocol = selector.protocol === 0 ? '' : ` ${protocolName(selector.protocol)}`;
  return `${side(selector.local, selector.localPorts)}-${side(selector.remote, selector.remotePorts)}${protocol}`;
}

export function policyAction(policy: Item): PolicyAction {
  return text(policy, 'action') as PolicyAction;
}

export function policyLevel(policy: Item): PolicyLevel {
  return text(policy, 'level') as PolicyLevel;
}

/** ESP or AH. Throws Refusal for both: IKEv2 negotiates one of them with a CHILD_SA (RFC 7296 1.3). */
export function policyProtocol(policy: Item): 'esp' | 'ah' {
  const value = text(policy, 'ipsec-protocols');
  if (value === '' || value === 'esp') return 'esp';
  if (value === 'ah') return 'ah';
  throw new Refusal(`ipsec-protocols=${value} cannot be negotiated by IKEv2; use esp or ah`, policy, 'ipsec-protocols');
}

export function isTunnel(policy: Item): boolean {
  return isYes(policy, 'tunnel');
}
