import type { Family, RuleSpec } from '../rtnl/index.ts';
import { parseAddress } from '../wire/ip-address.ts';
import { parsePrefix, prefixContains, prefixesOverlap } from '../wire/prefix.ts';
import type { PolicySpec, PortRange, Selector } from './dataplane.ts';

/**
 * The policy rules that bring to the device what the SPD wants to see. Whatever they catch too much, the packet thread
 * looks up again and sends on in the clear. So a policy that encrypts or discards is caught by its addresses (and, in
 * IPv4, its protocol) alone: fragments show no ports, and an IPv6 header's first word may be about an extension, but the
 * packet thread knows (RFC 4301 7). A policy that lets pass is the other way about: its rule says all that the kernel can
 * look at, and leads around the device only if that is all there is to say.
 *
 * Two sections, in the order of the SPD:
 * - outbound: from local to remote, whoever sent it, also what came out of the device (hub and spoke). Where no remote
 *   prefix overlaps a local one, nothing that comes out can be meant, and it is not asked about each policy;
 * - mirrored: packets in the clear from remote to local that are being forwarded. They must have come protected
 *   (RFC 4301 5.2 step 3b), so the device gets them to drop and count. What the kernel delivers to this host itself is
 *   decided by its `local` table before any of our rules.
 */
export interface CatchRuleOptions {
  readonly device: string;
  readonly table: number;
  readonly mark: number;
  /** FRA_PROTOCOL. */
  readonly protocol: number;
  /** Of one address family; more are refused. Default MAXIMUM_POLICIES. */
  readonly maximumPolicies?: number;
  /** The source address that the kernel would give a local packet to this destination; undefined if none. */
  readonly sourceFor: (destination: string) => string | undefined;
}

export const MAXIMUM_POLICIES = 2498;
/** Where the mirrored section begins: one policy may take two outbound rules. */
const middle = (maximumPolicies: number) => 2 * maximumPolicies + 4;
/** Preferences that one set of rules takes. */
export const bankPreferences = (maximumPolicies: number) => 2 * middle(maximumPolicies);

/** Those whose ports the kernel reads. */
const WITH_PORTS = new Set([6, 17, 33, 132, 136]);

interface SourceRoute {
  readonly dst: string;
  readonly prefsrc: string;
}

export interface CatchRules {
  readonly rules: readonly RuleSpec[];
  /** Routes of the table after ours, for local packets that have no source address yet. */
  readonly sourceRoutes: readonly SourceRoute[];
}

/** The rules of one address family, first preference `first`. */
export function catchRules(
  policies: readonly PolicySpec[],
  family: Family,
  first: number,
  options: CatchRuleOptions,
): CatchRules {
  const mine = policies.filter((policy) => familyOf(policy.selector) === family);
  const { maximumPolicies = MAXIMUM_POLICIES } = options;
  if (mine.length > maximumPolicies) throw new TypeError(`policies: more than ${maximumPolicies} of ${family}`);
  const rules: RuleSpec[] = [];
  const sourceRoutes = new Map<string, SourceRoute>();
  let priority = first;
  const push = (rule: RuleSpec): void => {
    rules.push({ family, priority: priority++, protocol: options.protocol, ...rule });
  };
  if (mine.length === 0) return { rules, sourceRoutes: [] };
  const halfway = first + middle(maximumPolicies);
  const end = first + bankPreferences(maximumPolicies) - 1;
  const toMiddle = { action: 'goto', target: halfway } as const;
  const toEnd = { action: 'goto', target: end } as const;
  const toDevice = { table: options.table } as const;

  // The targets first: a goto without its target is skipped by the kernel, and so catches too much at worst.
  priority = end;
  push({ action: 'nop' });
  priority = halfway;
  push({ action: 'nop' });

  priority = first;
  push({ fwmark: options.mark, ...toEnd });
  if (!isHub(mine)) push({ iif: options.device, ...toEnd });
  for (const policy of mine) {
    const { passes, where } = rule(policy.action === 'none', policy.selector, 'local', 'remote');
    const source = unboundSource(policy.selector, options);
    const findSource = source !== undefined && family === 'inet6' ? { findSource: true } : {};
    push({ ...where, ...findSource, ...(passes ? toMiddle : toDevice) });
    if (source === undefined || family === 'inet6') continue;
    // IPv4 has no such flag: a rule for the source 0.0.0.0, and a route that chooses the same source.
    const unbound = { ...where, src: '0.0.0.0/32', iif: 'lo' };
    push({ ...unbound, ...(passes ? toMiddle : { table: options.table + 1 }) });
    if (!passes && !sourceRoutes.has(policy.selector.remote))
      sourceRoutes.set(policy.selector.remote, { dst: policy.selector.remote, prefsrc: source });
  }

  priority = halfway + 1;
  // Only what is forwarded, and did not come out of the device.
  push({ iif: 'lo', ...toEnd });
  push({ iif: options.device, ...toEnd });
  for (const policy of mine) {
    const clear = policy.action === 'none' || (policy.action === 'encrypt' && policy.level === 'use');
    const { passes, where } = rule(clear, policy.selector, 'remote', 'local');
    push({ ...where, ...(passes ? toEnd : toDevice) });
  }
  return { rules, sourceRoutes: [...sourceRoutes.values()] };
}

/** What comes out of the device came from the remote side of a policy that encrypts. */
function isHub(policies: readonly PolicySpec[]): boolean {
  const distinct = (prefixes: readonly string[]) => [...new Set(prefixes)].map(parsePrefix);
  const remotes = policies.flatMap(({ action, selector }) => (action === 'encrypt' ? [selector.remote] : []));
  return prefixesOverlap(distinct(remotes), distinct(policies.map(({ selector }) => selector.local)));
}

export function familyOf(selector: Selector): Family {
  return selector.local.includes(':') ? 'inet6' : 'inet';
}

type Side = 'local' | 'remote';

/** The rule of one policy in one direction, and whether what it matches may pass around the device. */
function rule(clear: boolean, selector: Selector, from: Side, to: Side): { passes: boolean; where: RuleSpec } {
  const wide: RuleSpec = { src: selector[from], dst: selector[to] };
  const protocol = selector.protocol === 0 ? {} : { ipProtocol: selector.protocol };
  if (!clear) return { passes: false, where: { ...wide, ...(familyOf(selector) === 'inet' ? protocol : {}) } };
  const ranges = { srcPorts: selector[`${from}Ports`], dstPorts: selector[`${to}Ports`] };
  const sayable = Object.entries(ranges).filter(
    ([, range]) => !isAny(range) && WITH_PORTS.has(selector.protocol) && isRulePorts(range),
  );
  // The kernel takes no range that starts at 0; port 0 is on no wire.
  const ports = sayable.map(([key, { first, last }]) => [key, { first: Math.max(first, 1), last: Math.max(last, 1) }]);
  const unsaid = Object.values(ranges).filter((range) => !isAny(range)).length - sayable.length;
  return { passes: unsaid === 0, where: { ...wide, ...protocol, ...Object.fromEntries(ports) } };
}

function isAny(ports: PortRange): boolean {
  return ports.first === 0 && ports.last === 65535;
}

/** The kernel takes no range that ends at 65535. */
function isRulePorts(range: PortRange): boolean {
  return range.last < 65535;
}

/**
 * A local program that has bound no address is routed before it has a source, and a rule with a source prefix does not
 * see it. If the source that the kernel is going to choose is one of the selector's, the rule must see it all the same.
 */
function unboundSource(selector: Selector, options: CatchRuleOptions): string | undefined {
  const source = options.sourceFor(selector.remote.split('/')[0]!);
  return source !== undefined && prefixContains(parsePrefix(selector.local), parseAddress(source)) ? source : undefined;
}
