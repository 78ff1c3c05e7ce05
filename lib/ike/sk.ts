import { IntegrityError } from '../errors.ts';
import { concatBytes, timingSafeEqual, u32Bytes, type Writer } from '../wire/index.ts';
import type { EncryptionName, IntegrityName } from './config.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import { AEAD_ICV_BYTES, type EncryptionAlgorithm, encryptionAlgorithms, integrityAlgorithms } from './transform.ts';

/** The keys of one direction: SK_ei and SK_ai, or SK_er and SK_ar. */
export interface SkKeys {
  readonly encryption: EncryptionName;
  /** `none` with an AEAD. */
  readonly integrity: IntegrityName;
  /** With its salt or nonce at the end where the cipher has one. */
  readonly encryptionKey: Uint8Array;
  readonly integrityKey: Uint8Array;
}

/** Bytes of the SK payload, its generic header included, around `plaintext` bytes of payloads, padding and Pad Length. */
export function skLength(keys: SkKeys, plaintextBytes: number): number {
  return 4 + encryptionAlgorithms[keys.encryption].ivBytes + plaintextBytes + icvLength(keys);
}

/** Zero padding and Pad Length for `bytes` of payloads: as little as the cipher needs. */
export function padLength(keys: SkKeys, bytes: number): number {
  const { blockBytes } = encryptionAlgorithms[keys.encryption];
  return (blockBytes - ((bytes + 1) % blockBytes)) % blockBytes;
}

/**
 * Writes the body of the SK payload. `w` holds the message up to and with its generic header, lengths filled in.
 *
 *   |                     Initialization Vector                     |
 *   ~                    Encrypted IKE Payloads                     ~
 *   |               |             Padding (0-255 octets)            |
 *   +-+-+-+-+-+-+-+-+                               +-+-+-+-+-+-+-+-+
 *   |                                               |  Pad Length   |
 *   ~                    Integrity Checksum Data                    ~
 */
export function sealSk(
  crypto: IkeCrypto,
  keys: SkKeys,
  w: Writer,
  plaintext: Uint8Array,
  message: { readonly messageId: number; readonly response: boolean },
): void {
  const algorithm = encryptionAlgorithms[keys.encryption];
  const iv = newIv(crypto, algorithm, message);
  const { key, salt } = splitKey(algorithm, keys.encryptionKey);
  if (algorithm.aead) {
    // RFC 5282 5.1: the associated data ends with the SK payload's generic header.
    const sealed = crypto.seal(keys.encryption, key, concatBytes(salt, iv), w.finish(), plaintext);
    w.bytes(iv);
    w.bytes(sealed);
    return;
  }
  w.bytes(iv);
  w.bytes(crypto.encrypt(keys.encryption, key, cipherIv(algorithm, salt, iv), plaintext));
  w.bytes(crypto.integrity(keys.integrity, keys.integrityKey, [w.finish()]));
}

/**
 * Payloads, padding and Pad Length of the SK payload that ends `data`: one byte at least. `body` is what follows its
 * generic header. Nothing is decrypted before the checksum was found right; `IntegrityError` if it is not.
 */
export function openSk(crypto: IkeCrypto, keys: SkKeys, data: Uint8Array, body: Uint8Array): Uint8Array {
  const algorithm = encryptionAlgorithms[keys.encryption];
  const icvBytes = icvLength(keys);
  const length = body.length - algorithm.ivBytes - icvBytes;
  if (length < 1 || length % algorithm.blockBytes !== 0) throw new IntegrityError();
  const iv = body.subarray(0, algorithm.ivBytes);
  const { key, salt } = splitKey(algorithm, keys.encryptionKey);
  if (algorithm.aead) {
    const associatedData = data.subarray(0, data.length - body.length);
    const sealed = body.subarray(algorithm.ivBytes);
    const plaintext = crypto.open(keys.encryption, key, concatBytes(salt, iv), associatedData, sealed);
    if (plaintext === undefined) throw new IntegrityError();
    return plaintext;
  }
  const expected = crypto.integrity(keys.integrity, keys.integrityKey, [data.subarray(0, data.length - icvBytes)]);
  if (!timingSafeEqual(expected, data.subarray(data.length - icvBytes))) throw new IntegrityError();
  const ciphertext = body.subarray(algorithm.ivBytes, algorithm.ivBytes + length);
  return crypto.decrypt(keys.encryption, key, cipherIv(algorithm, salt, iv), ciphertext);
}

function icvLength(keys: SkKeys): number {
  if (encryptionAlgorithms[keys.encryption].aead) return AEAD_ICV_BYTES;
  const { icvBytes } = integrityAlgorithms[keys.integrity];
  // RFC 7296 2.14 and 3.3.3: the IKE_SA always has integrity protection.
  if (icvBytes === 0) throw new TypeError(`${keys.encryption} needs an integrity algorithm in an IKE_SA`);
  return icvBytes;
}

function splitKey(algorithm: EncryptionAlgorithm, key: Uint8Array): { key: Uint8Array; salt: Uint8Array } {
  if (key.length !== algorithm.keyBytes + algorithm.saltBytes) throw new TypeError('encryption key of a wrong length');
  return { key: key.subarray(0, algorithm.keyBytes), salt: key.subarray(algorithm.keyBytes) };
}

/**
 * CBC wants an IV nobody can foresee (RFC 7296 3.14): random. Counter modes want one that never returns under its key
 * (RFC 5282 4, RFC 5930 2.1): a sender has one request and one response for a message ID, so ID and direction make it
 * unique; the 31 random bits are for a caller who breaks that rule.
 */
function newIv(
  crypto: IkeCrypto,
  algorithm: EncryptionAlgorithm,
  message: { readonly messageId: number; readonly response: boolean },
): Uint8Array {
  if (algorithm.saltBytes === 0) return crypto.random(algorithm.ivBytes);
  const random = crypto.random(4);
  random[0] = (random[0]! & 0x7f) | (message.response ? 0x80 : 0);
  return concatBytes(u32Bytes(message.messageId), random);
}

/** RFC 5930 2.1: nonce | IV | block counter, which starts at 1. */
function cipherIv(algorithm: EncryptionAlgorithm, salt: Uint8Array, iv: Uint8Array): Uint8Array {
  return algorithm.saltBytes === 0 ? iv : concatBytes(salt, iv, u32Bytes(1));
}
