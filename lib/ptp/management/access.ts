import { isAddress, type Prefix, parseAddress, parsePrefix, prefixContains } from '../../wire/index.ts';

/**
 * Who is heard by Management messages that come in through a port: `get` answers GET, `set` also carries out SET and
 * COMMAND. Neither IEEE 1588-2008 15 nor pmc has anything to prove who asks.
 */
export type ManagementAccess = 'none' | 'get' | 'set';

/** One line of an access list; the first whose `from` matches decides, and no match is `none`. */
export interface ManagementRule {
  /** An IP prefix or address, a MAC address, or `any`. */
  readonly from: string;
  readonly access: ManagementAccess;
}

export type ManagementAccessList = ManagementAccess | readonly ManagementRule[];

/** What `list` lets the sender at `from` do. Throws `TypeError` for a rule that is of nobody. */
export function managementAccess(list: ManagementAccessList, from: string | undefined): ManagementAccess {
  if (typeof list === 'string') return list;
  if (from === undefined) return 'none';
  return list.find((rule) => matches(rule.from, from))?.access ?? 'none';
}

/** Whether anybody at all is heard. */
export function anyManagement(list: ManagementAccessList): boolean {
  return typeof list === 'string' ? list !== 'none' : list.some(({ access }) => access !== 'none');
}

const MAC_ADDRESS = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i;

function matches(rule: string, from: string): boolean {
  if (rule === 'any') return true;
  const prefix = prefixOf(rule);
  if (prefix === undefined) {
    if (!MAC_ADDRESS.test(rule)) throw new TypeError(`${rule} is no prefix, address, MAC address or any`);
    return rule.toLowerCase() === from.toLowerCase();
  }
  return isAddress(from) && prefixContains(prefix, parseAddress(from));
}

function prefixOf(rule: string): Prefix | undefined {
  return rule.includes('/') || isAddress(rule) ? parsePrefix(rule) : undefined;
}
