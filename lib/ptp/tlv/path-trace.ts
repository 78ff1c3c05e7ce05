import type { Reader, Writer } from '../../wire/index.ts';
import type { ClockIdentity } from '../identity.ts';

/** PATH_TRACE, IEEE 1588-2008 16.2: the clocks that an Announce came through, grandmaster first. */
export interface PathTrace {
  readonly type: 'PATH_TRACE';
  readonly pathSequence: readonly ClockIdentity[];
}

export function decodePathTrace(r: Reader): PathTrace {
  const pathSequence: ClockIdentity[] = [];
  while (r.remaining > 0) pathSequence.push(r.u64('pathSequence'));
  return { type: 'PATH_TRACE', pathSequence };
}

export function encodePathTrace(w: Writer, tlv: PathTrace): void {
  for (const identity of tlv.pathSequence) w.u64(identity);
}
