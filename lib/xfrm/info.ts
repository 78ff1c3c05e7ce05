/** Sizes of the kernel's databases, and what happens to a packet that no policy is for. */

export interface SadInfo {
  readonly count: number;
  readonly hashBuckets: number;
  readonly hashBucketsMaximum: number;
}

/** Policies whose prefixes are at least this long are found by hash, the others by search. Bits. */
export interface HashThreshold {
  readonly local: number;
  readonly remote: number;
}

export interface HashThresholds {
  readonly inet?: HashThreshold;
  readonly inet6?: HashThreshold;
}

export interface SpdInfo extends HashThresholds {
  readonly in: number;
  readonly out: number;
  readonly fwd: number;
  /** Policies of single sockets. */
  readonly socketIn: number;
  readonly socketOut: number;
  readonly socketFwd: number;
  readonly hashBuckets: number;
  readonly hashBucketsMaximum: number;
}

/** Linux 5.15. The kernel starts with `accept`. */
export interface DefaultPolicy {
  readonly in: 'block' | 'accept';
  readonly fwd: 'block' | 'accept';
  readonly out: 'block' | 'accept';
}
