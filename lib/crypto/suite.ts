import type { SaSpec } from '../dataplane/dataplane.ts';
import { callNative } from '../native.ts';
import { addon, type NativeSuite } from './addon.ts';
import { wantBatch, wantWhole } from './batch.ts';
import { wantSuite } from './shape.ts';

/** A negotiated pair of transforms with its keys; the keys are copied, wipe yours. */
export interface SuiteSpec
  extends Pick<SaSpec, 'encryption' | 'encryptionKey' | 'icvBytes' | 'integrity' | 'integrityKey'> {
  /** One of `implementations()`; the fastest of this CPU if not given. */
  readonly implementation?: string;
}

/**
 * Messages in one arena. Each is `aad | IV | text | ICV`, contiguous, from its offset on; in ESP (RFC 4303 2) the aad is
 * SPI and sequence number.
 */
export interface MessageBatch {
  readonly arena: Uint8Array;
  /** Where each message begins in the arena. */
  readonly offsets: Uint32Array;
  /** Length of each text; a multiple of the suite's `blockBytes`. A whole message has at most 2 GiB. */
  readonly textBytes: Uint32Array;
  /** Out: 1 if sealed, or if opened and genuine; else 0. */
  readonly ok: Uint8Array;
  /** Messages in the batch; all offsets if not given. */
  readonly count?: number;
  /** 8 if not given. */
  readonly aadBytes?: number;
  /** The high halves of extended sequence numbers: authenticated but not in the message (RFC 4303 2.2.1). */
  readonly sequenceHigh?: Uint32Array;
}

/**
 * Seals and opens batches of messages under one pair of keys, in place. The keys live in native memory until `close()`,
 * which wipes them.
 */
export class Suite {
  /** Bytes of IV in front of the text: 8, 16 or 0. */
  readonly ivBytes: number;
  readonly icvBytes: number;
  /** 8 or 16 for CBC, else 1. */
  readonly blockBytes: number;
  /** The implementation that does the work. */
  readonly implementation: string;
  readonly #native: NativeSuite;

  /**
   * Throws `TypeError` naming the property for what cannot be, `UnsupportedError` for an algorithm or implementation
   * that is not here.
   */
  constructor(spec: SuiteSpec) {
    wantSuite(spec);
    this.#native = callNative(() => new addon.Suite(spec));
    const sizes = this.#native.sizes();
    this.ivBytes = sizes.ivBytes;
    this.icvBytes = sizes.icvBytes;
    this.blockBytes = sizes.blockBytes;
    this.implementation = sizes.implementation;
  }

  /**
   * Encrypts each text and writes the ICV behind it; returns how many were sealed. Aad and IV are the caller's: an IV of
   * GCM, CTR or ChaCha20-Poly1305 must never repeat under one key, one of CBC must be unpredictable. Throws `TypeError`,
   * with nothing touched, for a message beyond the arena or one that overlaps another.
   */
  seal(batch: MessageBatch): number {
    return this.#run('seal', batch);
  }

  /** Verifies and decrypts each; returns how many are genuine. No plaintext is left of the others. */
  open(batch: MessageBatch): number {
    return this.#run('open', batch);
  }

  /** Wipes the keys; every later call throws `ClosedError`. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #run(what: 'seal' | 'open', batch: MessageBatch): number {
    const { arena, aadBytes = 8, offsets, textBytes, sequenceHigh, ok, count = offsets.length } = batch;
    wantWhole('aadBytes', aadBytes, 2 ** 31);
    if (sequenceHigh !== undefined && aadBytes !== 8) throw new TypeError('aadBytes: 8 with sequenceHigh');
    const extra = aadBytes + this.ivBytes + this.icvBytes;
    wantBatch({ arena, offsets, textBytes, ok, read: { sequenceHigh } }, count, extra);
    return callNative(() => this.#native[what](arena, aadBytes, offsets, textBytes, sequenceHigh, ok, count));
  }
}
