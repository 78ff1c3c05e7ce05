import type { DhGroupName, EncryptionName, IntegrityName, PrfName } from './config.ts';

/**
 * The cryptography that the engine is given. Inputs are never kept or changed; results are fresh memory that the
 * caller wipes when it is a key. All of it is synchronous.
 */
export interface IkeCrypto {
  /** `length` bytes of a cryptographically secure generator. */
  random(length: number): Uint8Array;

  /** SHA-1 over the parts in order, for NAT_DETECTION_*_IP (RFC 7296 2.23); 20 bytes. */
  sha1(parts: readonly Uint8Array[]): Uint8Array;

  /** RFC 7296 2.13: prf(key, parts[0] | parts[1] | ...), of the prf's own output size. */
  prf(name: PrfName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array;

  /** The Integrity Checksum Data over the parts, truncated as the name says. */
  integrity(name: IntegrityName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array;

  /** Ciphers that are not AEAD. `iv` is the block of the cipher: for CTR nonce | IV | counter (RFC 5930). No padding. */
  encrypt(name: EncryptionName, key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array;
  decrypt(name: EncryptionName, key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array;

  /** AEADs (RFC 5282, RFC 7634): ciphertext followed by a 16-byte tag. `key` has no salt, `nonce` has 12 bytes. */
  seal(
    name: EncryptionName,
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array;
  /** Undefined if the tag does not match. */
  open(
    name: EncryptionName,
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined;

  /** A fresh private key in `group`. Throws `TypeError` for `none`. */
  diffieHellman(group: DhGroupName): DiffieHellman;
}

/** One private key, for one or more exchanges (RFC 7296 2.12). */
export interface DiffieHellman extends Disposable {
  readonly group: DhGroupName;
  /** What goes into the KE payload: modp left-padded to the prime (RFC 7296 3.4), ECP as x | y (RFC 5903 7), curve25519 and curve448 as u (RFC 8031). */
  readonly publicValue: Uint8Array;
  /**
   * The shared secret g^ir in its fixed-length form; undefined if the peer's public value is not acceptable: wrong
   * length, outside 2..p-2 (RFC 6989 2.1), not on the curve (2.3), or an all-zero secret (RFC 8031 2). Throws
   * `ClosedError` after `dispose`.
   */
  computeSecret(peerPublicValue: Uint8Array): Uint8Array | undefined;
  /** Drops the private key; idempotent. */
  dispose(): void;
}
