import type { Policy as XfrmPolicy, PolicySpec as XfrmPolicySpec, Template as XfrmTemplate } from '../xfrm/index.ts';
import { familyOf } from './catch-rules.ts';
import type { KernelPolicy, PolicySpec, Template } from './dataplane.ts';
import { xfrmProtocol } from './kernel-sa.ts';
import { kernelSelectors } from './kernel-selector.ts';

/**
 * Our SPD as the kernel's. A policy of ours is three of the kernel's: `out`, and mirrored `in` for packets to this host and `fwd` for
 * those that it passes on. The order is the priority, in a range that is ours alone: by it the policies of a daemon that was
 * killed are found again.
 */
export const FIRST_PRIORITY = 0x52500000;
export const LAST_PRIORITY = FIRST_PRIORITY + 0xfffff;
/** In front of all: neighbour discovery (RFC 4861), without which a policy for its addresses could never find the next hop. */
const DISCOVERY = [133, 134, 135, 136, 137];
const FIRST_POLICY = FIRST_PRIORITY + 16;

/** The ends of the outbound SA that packets take now. */
export interface SaEnds {
  readonly src: string;
  readonly dst: string;
}

/** The newest outbound SA of a protocol with this number; undefined if there is none. */
export type SaEndsOf = (reqid: number, protocol: Template['protocol']) => SaEnds | undefined;

/** Innermost first. */
export function templatesOf(policy: PolicySpec): readonly Template[] {
  if (policy.templates !== undefined) return policy.templates;
  const { mode, saSrc, saDst, reqid, level } = policy;
  return policy.protocols.map((protocol, i) => ({
    protocol,
    mode: i === 0 ? mode : 'transport',
    reqid,
    level: level === 'use' ? 'use' : 'require',
    ...(saSrc !== undefined && { src: saSrc }),
    ...(saDst !== undefined && { dst: saDst }),
  }));
}

/** What a packet from outside must have come through. The addresses are the SA's business: a peer behind a NAT moves. */
function inboundTemplates(policy: PolicySpec): XfrmTemplate[] {
  return templatesOf(policy).map(({ protocol, mode, reqid, level }) => ({
    protocol: xfrmProtocol(protocol),
    mode,
    reqid,
    optional: level === 'use',
  }));
}

function isConcrete(address: string | undefined): address is string {
  return address !== undefined && address !== '0.0.0.0' && address !== '::';
}

/**
 * What an outbound packet goes through. Level `use` without an SA asks for none (the RouterOS manual: "do not acquire SA"), which
 * the kernel has no word for: the template is there only while the SA is. A tunnel whose far end nobody knows yet stands as a
 * transport that no SA fits: it drops and acquires.
 */
function outboundTemplates(policy: PolicySpec, endsOf: SaEndsOf): XfrmTemplate[] {
  return templatesOf(policy).flatMap((template): XfrmTemplate[] => {
    const { mode, reqid, level, protocol } = template;
    const ends = endsOf(reqid, protocol);
    if (level === 'use' && ends === undefined) return [];
    const kernel = { protocol: xfrmProtocol(protocol), reqid };
    if (mode === 'transport') return [{ ...kernel, mode, optional: level === 'use' }];
    const src = ends?.src ?? template.src;
    const dst = ends?.dst ?? template.dst;
    if (!isConcrete(dst)) return [{ ...kernel, mode: 'transport' }];
    return [{ ...kernel, mode, dst, ...(isConcrete(src) && { src }) }];
  });
}

function discovery(): XfrmPolicySpec[] {
  return DISCOVERY.flatMap((type, i) =>
    (['in', 'out'] as const).map((direction) => ({
      direction,
      priority: FIRST_PRIORITY + i,
      selector: { src: '::/0', dst: '::/0', protocol: 58, srcPort: { port: type, mask: 0xffff } },
    })),
  );
}

/** What names a policy to the kernel, as one text. */
export function policyText({ direction, selector }: Pick<XfrmPolicySpec, 'direction' | 'selector'>): string {
  const { src, dst, protocol = 0, srcPort, dstPort, ifindex = 0 } = selector;
  const port = (mask: typeof srcPort): string => (mask === undefined ? '' : `${mask.port}/${mask.mask ?? 0xffff}`);
  return `${direction} ${src} ${port(srcPort)} ${dst} ${port(dstPort)} ${protocol} ${ifindex}`;
}

/**
 * The kernel's policies in order. Two of ours that match the same are one for the kernel, and the first of them is the one that
 * decides. Throws TypeError for a selector that the kernel cannot say.
 */
export function kernelPolicies(policies: readonly PolicySpec[], endsOf: SaEndsOf): Map<string, XfrmPolicySpec> {
  const compiled = new Map<string, XfrmPolicySpec>();
  const push = (policy: XfrmPolicySpec): void => {
    const text = policyText(policy);
    if (!compiled.has(text)) compiled.set(text, policy);
  };
  if (policies.some((policy) => familyOf(policy.selector) === 'inet6')) for (const policy of discovery()) push(policy);
  let priority = FIRST_POLICY;
  for (const policy of policies) {
    const encrypts = policy.action === 'encrypt';
    const action = policy.action === 'discard' ? 'block' : 'allow';
    const out = encrypts ? outboundTemplates(policy, endsOf) : [];
    const inward = encrypts ? inboundTemplates(policy) : [];
    if (priority > LAST_PRIORITY) throw new TypeError('policies: more than the kernel data plane has priorities for');
    for (const selector of kernelSelectors(policy.selector, 'out'))
      push({ selector, direction: 'out', priority, action, templates: out });
    for (const selector of kernelSelectors(policy.selector, 'in'))
      for (const direction of ['in', 'fwd'] as const)
        push({ selector, direction, priority, action, templates: inward });
    priority++;
  }
  return compiled;
}

/** For people to read. */
export function toKernelPolicy(policy: XfrmPolicy): KernelPolicy {
  const { selector, direction, priority, action, templates = [] } = policy;
  const port = (mask: typeof selector.srcPort): string => {
    if (mask === undefined) return '0';
    return (mask.mask ?? 0xffff) === 0xffff ? String(mask.port) : `${mask.port}/${mask.mask}`;
  };
  return {
    direction,
    src: selector.src ?? '',
    dst: selector.dst ?? '',
    srcPort: port(selector.srcPort),
    dstPort: port(selector.dstPort),
    protocol: selector.protocol ?? 0,
    priority,
    action,
    templates: templates.map(({ protocol, mode, src, dst, reqid }) => {
      const ends = isConcrete(dst) ? ` ${src ?? 'any'}-${dst}` : '';
      return `${protocol} ${mode}${ends} reqid ${reqid}`;
    }),
  };
}
