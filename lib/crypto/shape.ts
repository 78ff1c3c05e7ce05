/**
 * Which keys, IVs and ICVs each algorithm has, so that what cannot be is refused before native code sees it. Native code
 * looks again, and is alone in knowing a weak key of DES.
 */
import type { EncryptionAlgorithm, IntegrityAlgorithm } from '../dataplane/dataplane.ts';
import { wantBytes } from './batch.ts';
import type { SuiteSpec } from './suite.ts';

interface Shape {
  /** Lengths of keys in bytes, salt or nonce included. */
  readonly keys: readonly number[];
  /** ICVs of an AEAD; none for a cipher that wants an integrity algorithm beside it. */
  readonly icvs?: readonly number[];
  /** Of CBC. */
  readonly blockBytes?: number;
}

const encryptions: Readonly<Record<EncryptionAlgorithm, Shape>> = {
  null: { keys: [0] },
  'des-cbc': { keys: [8], blockBytes: 8 },
  '3des-cbc': { keys: [24], blockBytes: 8 },
  'aes-cbc': { keys: [16, 24, 32], blockBytes: 16 },
  'aes-ctr': { keys: [20, 28, 36] },
  'aes-gcm': { keys: [20, 28, 36], icvs: [8, 12, 16] },
  'aes-ccm': { keys: [19, 27, 35], icvs: [8, 12, 16] },
  'chacha20-poly1305': { keys: [36], icvs: [16] },
  'blowfish-cbc': { keys: Array.from({ length: 52 }, (_, i) => 5 + i), blockBytes: 8 },
  'twofish-cbc': { keys: [16, 24, 32], blockBytes: 16 },
  'camellia-cbc': { keys: [16, 24, 32], blockBytes: 16 },
  'camellia-ctr': { keys: [20, 28, 36] },
  'null-aes-gmac': { keys: [20, 28, 36], icvs: [16] },
};

const integrityKeyBytes: Readonly<Record<IntegrityAlgorithm, number>> = {
  none: 0,
  'md5-96': 16,
  'sha1-96': 20,
  'sha256-128': 32,
  'sha384-192': 48,
  'sha512-256': 64,
  'aes-xcbc-96': 16,
  'aes-cmac-96': 16,
};

/** `8`, `8 or 12`, `8, 12 or 16`; a long row of neighbours is `5 to 56`. */
function listed(numbers: readonly number[]): string {
  const last = numbers.at(-1)!;
  if (numbers.length > 4) return `${numbers[0]} to ${last}`;
  return numbers.length === 1 ? String(last) : `${numbers.slice(0, -1).join(', ')} or ${last}`;
}

function lookUp<T>(table: Readonly<Record<string, T>>, property: string, name: unknown): T {
  if (typeof name !== 'string') throw new TypeError(`${property}: not a string`);
  if (!Object.hasOwn(table, name)) throw new TypeError(`${property}: no such algorithm: ${name}`);
  return table[name]!;
}

/** Throws `TypeError` naming the property if `key` is none of the algorithm's length. */
export function wantKey(property: string, algorithm: string, key: unknown, lengths: readonly number[]): void {
  wantBytes(property, key);
  if (lengths.includes(key.length)) return;
  throw new TypeError(`${property}: ${algorithm} wants ${listed(lengths)} bytes, got ${key.length}`);
}

/** Throws `TypeError` naming the property if an ICV or tag is none that the algorithm has. */
export function wantTag(property: string, algorithm: string, bytes: unknown, lengths: readonly number[]): void {
  if (typeof bytes === 'number' && lengths.includes(bytes)) return;
  throw new TypeError(`${property}: ${algorithm} has ${listed(lengths)}, got ${bytes}`);
}

/** Throws `TypeError` naming the property for algorithms, keys and ICVs that do not go together. */
export function wantSuite(spec: SuiteSpec): void {
  if (typeof spec !== 'object' || spec === null) throw new TypeError('spec: not an object');
  const { encryption, integrity, icvBytes = 16 } = spec;
  const { keys, icvs } = lookUp(encryptions, 'encryption', encryption);
  const macKey = lookUp(integrityKeyBytes, 'integrity', integrity);
  wantKey('encryptionKey', encryption, spec.encryptionKey, keys);
  if (icvs !== undefined) wantTag('icvBytes', encryption, icvBytes, icvs);
  if (icvs !== undefined && integrity !== 'none')
    throw new TypeError(`integrity: ${encryption} has its own, got ${integrity}`);
  // Unauthenticated encryption falls to forged packets (RFC 8221 4).
  if (icvs === undefined && integrity === 'none') throw new TypeError(`integrity: ${encryption} wants one, got none`);
  wantKey('integrityKey', integrity, spec.integrityKey, [macKey]);
}

/** The same for CBC alone: an IV of one block, a text of whole ones. */
export function wantCbc(encryption: EncryptionAlgorithm, key: Uint8Array, iv: Uint8Array, text: Uint8Array): void {
  const { keys, blockBytes } = lookUp(encryptions, 'encryption', encryption);
  if (blockBytes === undefined) throw new TypeError(`encryption: no CBC cipher: ${encryption}`);
  wantKey('key', encryption, key, keys);
  wantBytes('iv', iv);
  if (iv.length !== blockBytes) throw new TypeError(`iv: ${blockBytes} bytes wanted, got ${iv.length}`);
  wantBytes('text', text);
  if (text.length % blockBytes !== 0) throw new TypeError(`text: not a multiple of ${blockBytes} bytes`);
}
