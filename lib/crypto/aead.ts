import { IntegrityError } from '../errors.ts';
import { callNative } from '../native.ts';
import { addon, type NativeAead } from './addon.ts';
import { wantBatch, wantBytes } from './batch.ts';
import { wantKey, wantTag } from './shape.ts';

export type AeadAlgorithm = 'aes-128-gcm' | 'aes-192-gcm' | 'aes-256-gcm' | 'chacha20-poly1305';

export interface AeadOptions {
  /** 8, 12 or 16 for AES-GCM; 16 if not given. */
  readonly tagBytes?: number;
  /** One of `implementations()`; the fastest of this CPU if not given. */
  readonly implementation?: string;
}

/** Messages in one arena, each a text with room for its tag behind it; worked on in place. */
export interface AeadBatch {
  readonly arena: Uint8Array;
  /** Where each text begins in the arena. Texts with their tags must not overlap. */
  readonly offsets: Uint32Array;
  /** Length of each text, without its tag. */
  readonly textBytes: Uint32Array;
  /** 12 bytes for each message, one after another. */
  readonly nonces: Uint8Array;
  /** Associated data of all messages, one after another; none if not given. */
  readonly aad?: Uint8Array;
  /** Where the associated data of each message ends in `aad`; it begins where that of the one before ends. */
  readonly aadEnds?: Uint32Array;
  /** Out: 1 if sealed, or if opened and genuine; else 0. */
  readonly ok: Uint8Array;
  /** Messages in the batch; all offsets if not given. */
  readonly count?: number;
}

const algorithms: Readonly<Record<AeadAlgorithm, { keyBytes: number; tags: readonly number[] }>> = {
  'aes-128-gcm': { keyBytes: 16, tags: [8, 12, 16] },
  'aes-192-gcm': { keyBytes: 24, tags: [8, 12, 16] },
  'aes-256-gcm': { keyBytes: 32, tags: [8, 12, 16] },
  'chacha20-poly1305': { keyBytes: 32, tags: [16] },
};

const NONCE_BYTES = 12;
/** Of a text with its tag. Its length has to fit the 32 bits of a batch's `textBytes`. */
const MAXIMUM_BYTES = 2 ** 31;
const nothing = new Uint8Array(0);

/** Authenticated encryption under one key (RFC 5116). The key lives in native memory until `close()`, which wipes it. */
export class Aead {
  readonly algorithm: AeadAlgorithm;
  readonly tagBytes: number;
  /** The implementation that does the work. */
  readonly implementation: string;
  readonly #native: NativeAead;

  /** See `createAead`. */
  constructor(algorithm: AeadAlgorithm, key: Uint8Array, { tagBytes = 16, implementation }: AeadOptions = {}) {
    const { keyBytes, tags } = algorithmOf(algorithm);
    wantKey('key', algorithm, key, [keyBytes]);
    wantTag('tagBytes', algorithm, tagBytes, tags);
    const spec = { algorithm, key, tagBytes, ...(implementation !== undefined && { implementation }) };
    this.#native = callNative(() => new addon.Aead(spec));
    this.algorithm = algorithm;
    this.tagBytes = tagBytes;
    this.implementation = this.#native.implementation();
  }

  /**
   * Ciphertext and tag, in fresh memory. `nonce` has 12 bytes and must never repeat under one key. Throws `TypeError`
   * naming the argument, `RangeError` for more than 2 GiB, `ClosedError`.
   */
  seal(nonce: Uint8Array, plaintext: Uint8Array, aad: Uint8Array = nothing): Uint8Array {
    wantBytes('plaintext', plaintext);
    wantLength('plaintext', plaintext.length + this.tagBytes);
    const arena = new Uint8Array(plaintext.length + this.tagBytes);
    arena.set(plaintext);
    this.#one('seal', nonce, arena, aad);
    return arena;
  }

  /** The plaintext, in fresh memory. Throws `IntegrityError` for what this key did not seal with this nonce and aad. */
  open(nonce: Uint8Array, sealed: Uint8Array, aad: Uint8Array = nothing): Uint8Array {
    wantBytes('sealed', sealed);
    wantLength('sealed', sealed.length);
    if (sealed.length < this.tagBytes) throw new IntegrityError();
    const arena = Uint8Array.from(sealed);
    if (this.#one('open', nonce, arena, aad) !== 1) throw new IntegrityError();
    return arena.subarray(0, sealed.length - this.tagBytes);
  }

  /** Seals each text in place, its tag behind it; returns how many. Throws `TypeError`, with nothing touched. */
  sealBatch(batch: AeadBatch): number {
    return this.#batch('seal', batch);
  }

  /** Opens each in place; returns how many are genuine. No plaintext is left of the others. */
  openBatch(batch: AeadBatch): number {
    return this.#batch('open', batch);
  }

  /** Wipes the key; every later call throws `ClosedError`. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #one(what: 'seal' | 'open', nonce: Uint8Array, arena: Uint8Array, aad: Uint8Array): number {
    wantBytes('nonce', nonce);
    if (nonce.length !== NONCE_BYTES) throw new TypeError(`nonce: ${NONCE_BYTES} bytes wanted, got ${nonce.length}`);
    wantBytes('aad', aad);
    wantLength('aad', aad.length);
    const textBytes = Uint32Array.of(arena.length - this.tagBytes);
    const ends = Uint32Array.of(aad.length);
    const [offsets, ok] = [Uint32Array.of(0), new Uint8Array(1)];
    return callNative(() => this.#native[what](arena, offsets, textBytes, nonce, aad, ends, ok, 1));
  }

  #batch(what: 'seal' | 'open', batch: AeadBatch): number {
    const { arena, offsets, textBytes, nonces, aad = nothing, ok, count = offsets.length } = batch;
    const read = { nonces, aad, aadEnds: batch.aadEnds };
    wantBatch({ arena, offsets, textBytes, ok, read }, count, this.tagBytes);
    if (nonces.length < NONCE_BYTES * count) {
      throw new TypeError(`nonces: ${NONCE_BYTES * count} elements wanted, got ${nonces.length}`);
    }
    const aadEnds = batch.aadEnds ?? new Uint32Array(count);
    return callNative(() => this.#native[what](arena, offsets, textBytes, nonces, aad, aadEnds, ok, count));
  }
}

/**
 * An AEAD for any use. Throws `TypeError` naming the argument for what cannot be, `UnsupportedError` for an implementation
 * that is not here.
 */
export function createAead(algorithm: AeadAlgorithm, key: Uint8Array, options?: AeadOptions): Aead {
  return new Aead(algorithm, key, options);
}

function algorithmOf(name: AeadAlgorithm) {
  if (typeof name === 'string' && Object.hasOwn(algorithms, name)) return algorithms[name];
  throw new TypeError(`algorithm: "${String(name)}" is none of ${Object.keys(algorithms).join(', ')}`);
}

function wantLength(name: string, bytes: number): void {
  if (bytes > MAXIMUM_BYTES) throw new RangeError(`${name}: at most ${MAXIMUM_BYTES} bytes with the tag, got ${bytes}`);
}
