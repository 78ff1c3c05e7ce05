import { compareBytes } from '../wire/index.ts';
import type { IkeCrypto } from './crypto-provider.ts';

/** RFC 7296 2.10: 128 bits at least and half the prf's key size; 32 octets are enough for every prf. */
const NONCE_BYTES = 32;

export function newNonce(crypto: IkeCrypto): Uint8Array {
  return crypto.random(NONCE_BYTES);
}

/** The lower one of an exchange's two nonces, compared octet by octet; a prefix is lower (RFC 7296 2.8.1). */
export function lowerNonce(a: Uint8Array, b: Uint8Array): Uint8Array {
  return (compareBytes(a, b) <= 0 ? a : b).slice();
}

/** True if the SA made with these nonces is the redundant one: it has the lowest of all four. */
export function hasLowestNonce(ours: Uint8Array, theirs: Uint8Array): boolean {
  return compareBytes(ours, theirs) < 0;
}
