import type { ChildSa } from './child-sa.ts';
import type { IkeSa } from './ike-sa.ts';
import { hasLowestNonce } from './nonce.ts';
import { ChildCreate } from './tasks/child-create.ts';
import { DeleteIke } from './tasks/delete.ts';
import { Liveness } from './tasks/dpd.ts';
import { equalTrafficSelectors } from './traffic-selector.ts';

/**
 * Both ends initiated, and both IKE_SAs came up. As with simultaneous rekeying (RFC 7296 2.8.1) the one whose
 * IKE_SA_INIT had the lowest
 * nonce goes, deleted by who initiated it. The other is asked for a sign of life first: its initiator may not have our
 * IKE_AUTH response yet, and an IKE_SA that only we remember must not cost the one that works.
 */
export function resolveDuplicates(sa: IkeSa): void {
  for (const other of duplicatesOf(sa)) {
    const ours = sa.root?.initiator ? sa : other;
    const theirs = ours === sa ? other : sa;
    if (ours.root === undefined || theirs.root === undefined) continue;
    if (!hasLowestNonce(ours.root.nonce, theirs.root.nonce)) continue;
    theirs.queue.push(new Liveness(() => handOver(current(ours), current(theirs))));
  }
}

/** Make before break: the CHILD_SAs that only the loser has come up on the one that stays, then the loser goes. */
function handOver(loser: IkeSa, stays: IkeSa): void {
  if (!loser.usable || !stays.usable) return;
  const there = new Set([...stays.children.values()].filter(({ alive }) => alive).map(({ name }) => name));
  const missing = [...loser.children.values()].filter((child) => child.alive && !there.has(child.name));
  const remove = () => {
    if (loser.usable && current(stays).usable) loser.queue.push(new DeleteIke('duplicate of another IKE_SA'));
  };
  if (missing.length === 0) remove();
  else stays.queue.push(...missing.map(again), new Liveness(remove));
}

function again({ fields }: ChildSa): ChildCreate {
  const [local, remote] = [fields.localSelectors[0], fields.remoteSelectors[0]];
  return new ChildCreate(fields.config, local && remote && { local, remote });
}

/** IKE_SAs with the same authenticated peer that the other end initiated (or we, if it initiated this one). */
function duplicatesOf(sa: IkeSa): IkeSa[] {
  const siblings = [...(sa.peer?.siblings(sa) ?? [])];
  return siblings.filter((other) => other !== sa && other.usable && other.root?.initiator !== sa.root?.initiator);
}

/**
 * A peer that comes back again and again without INITIAL_CONTACT and without deleting what it had: of one identity so
 * many IKE_SAs stay, the oldest go. Nothing is sent: that end has most likely forgotten them.
 */
export function limitIkeSas(sa: IkeSa): void {
  const others = [...(sa.peer?.siblings(sa) ?? [])].filter((other) => other !== sa);
  const excess = others.length + 1 - sa.core.settings.ikeSasPerIdentity;
  for (const oldest of others.slice(0, Math.max(0, excess))) oldest.close('too many IKE_SAs of this identity');
}

/** What became of it by rekeying. */
function current(sa: IkeSa): IkeSa {
  let at = sa;
  while (at.replacedBy !== undefined) at = at.replacedBy;
  return at;
}

/** How long both CHILD_SAs of two simultaneous exchanges stay, so that the last one is up at both ends. */
const DUPLICATE_SECONDS = 2;

/** Both ends set up the same CHILD_SA at one moment. One is enough, and the rule that says which is the same. */
export function resolveDuplicateChild(child: ChildSa): void {
  const other = [...child.ikeSa.children.values()].find((candidate) => areDuplicates(child, candidate));
  if (other === undefined) return;
  const ours = child.root.initiator ? child : other;
  const theirs = ours === child ? other : child;
  if (!hasLowestNonce(ours.root.nonce, theirs.root.nonce)) return;
  ours.later('duplicate', DUPLICATE_SECONDS, () => {
    if (!areDuplicates(ours, theirs)) return;
    if (ours.state === 'established') ours.delete('duplicate of another CHILD_SA');
    else resolveDuplicateChild(ours);
  });
}

function areDuplicates(a: ChildSa, b: ChildSa): boolean {
  return (
    a !== b &&
    a.alive &&
    b.alive &&
    a.ikeSa === b.ikeSa &&
    a.name === b.name &&
    a.root.initiator !== b.root.initiator &&
    equalTrafficSelectors(a.fields.localSelectors, b.fields.localSelectors) &&
    equalTrafficSelectors(a.fields.remoteSelectors, b.fields.remoteSelectors)
  );
}

/**
 * INITIAL_CONTACT is true if this is the only IKE_SA with the peer (RFC 7296 2.4); half-open ones of ours count. An
 * initiator does not know yet who will answer, but has one address to call. SAs from before a restart that still serve
 * count as well.
 */
export function isInitialContact(sa: IkeSa): boolean {
  if (sa.core.hasEarlierSas(sa.remote.address)) return false;
  const ours = sa.remoteId === undefined ? [] : [...(sa.peer?.siblings(sa) ?? [])];
  const halfOpen = [...(sa.peer?.canInitiate ? sa.peer.ikeSas : [])];
  return [...ours, ...halfOpen].every(
    (other) => other === sa || other.state === 'deleting' || other.state === 'closed',
  );
}

/**
 * The peer has no other IKE_SA with us: those from before its IKE_SA_INIT (or ours) are remains. Younger ones and
 * half-open ones are
 * not meant: it cannot have known of them.
 */
export function initialContact(sa: IkeSa): void {
  for (const other of [...(sa.peer?.siblings(sa) ?? [])]) {
    const before = other.establishedOrder > 0 && other.establishedOrder < sa.createdOrder;
    if (other !== sa && before) other.close('INITIAL_CONTACT');
  }
}
