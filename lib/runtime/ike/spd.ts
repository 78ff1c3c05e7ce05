import type { PolicySpec, Selector } from '../../dataplane/dataplane.ts';
import type { PeerConfig } from '../../ike/config.ts';
import { toSelectors } from './selector.ts';

/** Where the policies that a template generates stand: a CHILD_SA's policy takes the place of its template's slot. */
export interface TemplateSlot {
  readonly peer: string;
  /** `ChildConfig.name`. */
  readonly child: string;
  readonly level: PolicySpec['level'];
  /** The policy matches any port, whatever was negotiated (`generate-policy=port-override`). */
  readonly anyPort: boolean;
}

/** One place of the SPD, in order: a policy, or the template that generates some. */
export type SpdEntry = PolicySpec | TemplateSlot;

export function isTemplate(entry: SpdEntry): entry is TemplateSlot {
  return 'child' in entry;
}

/** Numbers above this are those of generated policies, so that those of configured ones never meet them. */
export const firstGeneratedId = 0x4000_0000;

/** Policies that a set of peers asks for by itself: each child's selectors, encrypted, in order; templates last. */
export function policiesOf(peers: readonly PeerConfig[]): SpdEntry[] {
  const spd: SpdEntry[] = [];
  const children = peers.flatMap((peer) => peer.children.map((child) => ({ peer, child })));
  let id = 1;
  for (const { child } of children.filter(({ child }) => !child.template)) {
    for (const selector of toSelectors(child.local, child.remote)) {
      spd.push({
        id: id++,
        selector,
        action: 'encrypt',
        level: 'require',
        protocols: [child.proposals[0]?.protocol ?? 'esp'],
        mode: child.mode,
        reqid: child.reqid,
      });
    }
  }
  for (const { peer, child } of children.filter(({ child }) => child.template)) {
    spd.push({ peer: peer.name, child: child.name, level: 'unique', anyPort: false });
  }
  return spd;
}

/** The selector without its ports; those of ICMP are no ports but type and code, and stay. */
export function withAnyPort(selector: Selector): Selector {
  if (selector.protocol === 1 || selector.protocol === 58) return selector;
  const any = { first: 0, last: 65535 };
  return { ...selector, localPorts: any, remotePorts: any };
}
