import type { EncryptionAlgorithm } from '../dataplane/dataplane.ts';
import { callNative } from '../native.ts';
import { addon } from './addon.ts';
import { wantCbc } from './shape.ts';

/**
 * CBC without integrity, for protocols that bring their own, such as IKE's SK payload (RFC 7296 3.14): `text` in whole
 * blocks, an IV of one block. The result is fresh memory. Throws `TypeError` naming the property for a key, an IV or a
 * text that cannot be.
 */
export function cbcEncrypt(
  encryption: EncryptionAlgorithm,
  key: Uint8Array,
  iv: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  return inPlace(encryption, key, iv, text, true);
}

/** The other direction; whether the text is genuine has to be known before. */
export function cbcDecrypt(
  encryption: EncryptionAlgorithm,
  key: Uint8Array,
  iv: Uint8Array,
  text: Uint8Array,
): Uint8Array {
  return inPlace(encryption, key, iv, text, false);
}

function inPlace(
  encryption: EncryptionAlgorithm,
  key: Uint8Array,
  iv: Uint8Array,
  text: Uint8Array,
  encrypt: boolean,
): Uint8Array {
  wantCbc(encryption, key, iv, text);
  const out = Uint8Array.from(text);
  callNative(() => addon.cbc(encryption, key, iv, out, encrypt));
  return out;
}
