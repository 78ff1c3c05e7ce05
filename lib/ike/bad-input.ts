/** Why a datagram was not taken. A closed list, so that what counts them cannot grow. */
export type BadInput =
  | 'malformed message'
  | 'unsupported version'
  | 'unknown SPI'
  | 'unexpected message ID'
  | 'integrity check failed'
  | 'forged or unusable IKE_SA_INIT response'
  | 'no peer configured for address'
  | 'half-open limit'
  | 'cookie demanded'
  | 'unacceptable key exchange'
  | 'no proposal chosen'
  | 'authentication failed'
  | 'unexpected exchange'
  | 'unprotected notify'
  | 'internal error';

/** Counts bad input by kind and lets each kind be reported once a second: a flood must not fill the log. */
export class BadInputCounter {
  readonly #kinds = new Map<BadInput, { count: number; reported: number; reportedAt: number }>();

  /** How many there were since the last report, this one included; undefined if it is not time for one. */
  count(kind: BadInput, now: number): number | undefined {
    const known = this.#kinds.get(kind);
    if (known === undefined) {
      this.#kinds.set(kind, { count: 1, reported: 1, reportedAt: now });
      return 1;
    }
    known.count++;
    if (now - known.reportedAt < 1000) return undefined;
    const fresh = known.count - known.reported;
    known.reported = known.count;
    known.reportedAt = now;
    return fresh;
  }

  counts(): ReadonlyMap<string, number> {
    return new Map([...this.#kinds].map(([kind, { count }]) => [kind, count]));
  }
}
