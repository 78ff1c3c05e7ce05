import type { IkeSa } from './ike-sa.ts';
import { describeIkeSuite } from './proposal.ts';
import type { IkeSaSnapshot, IkeSaState } from './snapshot.ts';

export function snapshot(sa: IkeSa): IkeSaSnapshot {
  const { initiatorSpi, responderSpi } = sa.spis;
  return {
    ikeSa: sa.id,
    peer: sa.peerName,
    state: stateOf(sa),
    side: sa.initiator ? 'initiator' : 'responder',
    local: sa.local,
    remote: sa.remote,
    initiatorSpi: initiatorSpi.toString(16).padStart(16, '0'),
    responderSpi: responderSpi.toString(16).padStart(16, '0'),
    suite: sa.suite === undefined ? '' : describeIkeSuite(sa.suite),
    remoteId: sa.remoteIdText,
    natLocal: sa.nat.local,
    natRemote: sa.nat.remote,
    createdAt: sa.createdAt,
    establishedAt: sa.establishedAt,
    lastSeenAt: sa.lastSeenAt,
    rxPackets: sa.rxPackets,
    rxBytes: sa.rxBytes,
    txPackets: sa.txPackets,
    txBytes: sa.txBytes,
    children: [...sa.children.values()].map((child) => ({
      childSa: child.id,
      child: child.name,
      state: child.redundant ? 'replaced' : child.state,
      spiIn: child.fields.spiIn,
      spiOut: child.fields.spiOut,
      suite: child.suite,
      selectors: child.selectors,
    })),
  };
}

function stateOf(sa: IkeSa): IkeSaState {
  if (sa.state === 'connecting') return 'connecting';
  if (sa.state !== 'established') return 'deleting';
  return sa.queue.active?.subject === 'ike-rekey' ? 'rekeying' : 'established';
}
