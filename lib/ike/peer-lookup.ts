import { parseAddress, prefixContains } from '../wire/index.ts';
import type { Address } from './action.ts';
import type { Core } from './core.ts';
import { type Identification, identification, sameIdentification } from './identification.ts';
import type { Peer } from './peer.ts';

/** Peers that a request between these addresses may be meant for, the most specific `remote` first. */
export function candidatePeers(core: Core, local: Address, remote: Address): Peer[] {
  const address = parseAddress(remote.address);
  const fitting = [...core.peers.values()].filter(
    ({ config, prefix }) =>
      (config.localAddress === undefined || config.localAddress === local.address) && prefixContains(prefix, address),
  );
  return fitting.sort((a, b) => b.prefix.length - a.prefix.length);
}

/** The one that expects this IDi (and is called IDr, if the initiator says whom it wants); named identities before any. */
export function peerByIdentity(
  candidates: readonly Peer[],
  idi: Identification,
  idr: Identification | undefined,
): Peer | undefined {
  const expected = candidates.filter(({ config }) => acceptsIdentity(config.remoteId, idi));
  const called = (peer: Peer) =>
    idr !== undefined && peer.config.myId !== undefined && sameIdentification(identification(peer.config.myId), idr);
  const rank = (peer: Peer) => (called(peer) ? 2 : 0) + (peer.config.remoteId === undefined ? 0 : 1);
  return expected.sort((a, b) => b.prefix.length - a.prefix.length || rank(b) - rank(a))[0];
}

/** An undefined `remoteId` accepts any. */
export function acceptsIdentity(remoteId: Peer['config']['remoteId'], id: Identification): boolean {
  return remoteId === undefined || sameIdentification(identification(remoteId), id);
}
