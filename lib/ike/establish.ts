import type { IkeSa } from './ike-sa.ts';
import { softLifetime } from './lifetime.ts';
import { describeIkeSuite } from './proposal.ts';
import { DeleteIke } from './tasks/delete.ts';
import { Liveness } from './tasks/dpd.ts';
import { IkeRekey } from './tasks/ike-rekey.ts';

/** RFC 3948 4. */
const NAT_KEEPALIVE_SECONDS = 20;

/** The peer is authenticated: the IKE_SA is up. */
export function establish(sa: IkeSa): void {
  markEstablished(sa);
  sa.core.event({
    name: 'ike-sa-established',
    ikeSa: sa.id,
    peer: sa.peerName,
    local: sa.local,
    remote: sa.remote,
    initiator: sa.initiator,
    suite: sa.suite === undefined ? '' : describeIkeSuite(sa.suite),
    remoteId: sa.remoteIdText,
    natLocal: sa.nat.local,
    natRemote: sa.nat.remote,
  });
}

/** Also for the IKE_SA that a rekey made, when it is known to stay. */
export function markEstablished(sa: IkeSa): void {
  sa.state = 'established';
  sa.establishedAt = sa.core.now;
  sa.establishedOrder = sa.core.order();
  sa.lastSeenAt = sa.core.now;
  sa.initial = undefined;
  sa.failure = undefined;
  sa.clearTimer('half-open');
  sa.clearTimer('abandon');
  sa.core.halfOpen.settle(sa);
  const { lifetimeSeconds = 0 } = sa.peer?.config ?? {};
  if (lifetimeSeconds > 0) {
    sa.setTimer('rekey', softLifetime(lifetimeSeconds, sa.core.random()), () => rekey(sa));
    sa.setTimer('expire', lifetimeSeconds, () => expire(sa));
  }
  armDpd(sa);
  if (sa.nat.local) armKeepalive(sa);
}

export function rekey(sa: IkeSa): void {
  if (sa.usable && !sa.queue.some(({ subject }) => subject === 'ike-rekey')) sa.queue.push(new IkeRekey());
}

/** Hard lifetime. A peer that owes an answer is not waited for. */
function expire(sa: IkeSa): void {
  const reason = 'lifetime expired';
  if (sa.queue.active === undefined) sa.queue.push(new DeleteIke(reason, { retry: true }));
  else sa.close(reason, { retry: true });
}

/** Liveness is only asked for when nothing was heard for the interval (RFC 7296 2.4). */
function armDpd(sa: IkeSa): void {
  const interval = sa.peer?.config.dpdIntervalSeconds ?? 0;
  if (interval <= 0) return;
  const quiet = (sa.core.now - (sa.lastSeenAt ?? sa.core.now)) / 1000;
  // A request that is outstanding asks already.
  if (quiet >= interval && sa.queue.idle) sa.queue.push(new Liveness());
  sa.setTimer('dpd', quiet >= interval ? interval : interval - quiet, () => armDpd(sa));
}

function armKeepalive(sa: IkeSa): void {
  sa.setTimer('keepalive', NAT_KEEPALIVE_SECONDS, () => {
    sa.core.emit({ type: 'natKeepalive', local: sa.local, remote: sa.remote });
    armKeepalive(sa);
  });
}
