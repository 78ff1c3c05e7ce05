import type { TrafficSelector } from './config.ts';
import type { IkeSa } from './ike-sa.ts';

/** TSi and TSr of a transport mode request, as the responder's policy is to see them. */
export interface Substituted {
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  /** Puts the initiator's own addresses back, for the response. */
  undo(narrowed: { readonly local: readonly TrafficSelector[]; readonly remote: readonly TrafficSelector[] }): {
    readonly local: readonly TrafficSelector[];
    readonly remote: readonly TrafficSelector[];
  };
}

/**
 * RFC 7296 2.23.1: in transport mode through a NAT each end names itself by an address that the other never sees. The
 * responder takes those of the IKE_SA instead, on the side of each NAT, and answers with what it was asked for.
 */
export function substituteAddresses(
  sa: IkeSa,
  local: readonly TrafficSelector[],
  remote: readonly TrafficSelector[],
): Substituted {
  const here = sa.nat.local ? swap(local, sa.local.address) : { selectors: local, undo: same };
  const there = sa.nat.remote ? swap(remote, sa.remote.address) : { selectors: remote, undo: same };
  return {
    local: here.selectors,
    remote: there.selectors,
    undo: (narrowed) => ({ local: here.undo(narrowed.local), remote: there.undo(narrowed.remote) }),
  };
}

const same = (selectors: readonly TrafficSelector[]) => selectors;

/** Only selectors of one address are the host's own. */
function swap(selectors: readonly TrafficSelector[], address: string) {
  const own = selectors.find(({ startAddress, endAddress }) => startAddress === endAddress)?.startAddress;
  const replace = (from: string | undefined, to: string | undefined) => (selector: TrafficSelector) =>
    from !== undefined && to !== undefined && selector.startAddress === from && selector.endAddress === from
      ? { ...selector, startAddress: to, endAddress: to }
      : selector;
  return {
    selectors: selectors.map(replace(own, address)),
    undo: (narrowed: readonly TrafficSelector[]) => narrowed.map(replace(address, own)),
  };
}
