import { ml_kem512, ml_kem768, ml_kem1024 } from '@noble/post-quantum/ml-kem.js';
import { ClosedError } from '../errors.ts';

/** FIPS 203's parameter sets. */
export type MlKemName = 'ml-kem-512' | 'ml-kem-768' | 'ml-kem-1024';

/** Lengths in bytes: FIPS 203 8, table 3. `id`: the Key Exchange Method of draft-ietf-ipsecme-ikev2-mlkem 4. */
export interface MlKemParameters {
  readonly id: number;
  readonly publicKeyBytes: number;
  readonly ciphertextBytes: number;
}

export const mlKemParameters: Readonly<Record<MlKemName, MlKemParameters>> = {
  'ml-kem-512': { id: 35, publicKeyBytes: 800, ciphertextBytes: 768 },
  'ml-kem-768': { id: 36, publicKeyBytes: 1184, ciphertextBytes: 1088 },
  'ml-kem-1024': { id: 37, publicKeyBytes: 1568, ciphertextBytes: 1568 },
};

/** Of every shared secret. */
export const ML_KEM_SECRET_BYTES = 32;

const kems = { 'ml-kem-512': ml_kem512, 'ml-kem-768': ml_kem768, 'ml-kem-1024': ml_kem1024 } as const;

function find(name: MlKemName) {
  if (!Object.hasOwn(kems, name)) throw new TypeError(`name: no such KEM: ${JSON.stringify(name)}`);
  return kems[name];
}

function want(what: string, name: MlKemName, value: Uint8Array, bytes: number): void {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${what}: a Uint8Array is wanted`);
  if (value.length !== bytes) throw new RangeError(`${what}: ${name} wants ${bytes} bytes, got ${value.length}`);
}

/**
 * A decapsulation key of ML-KEM (FIPS 203 7.1), fresh unless its seed is given: the 64 bytes d | z, of which nothing is
 * kept. It is JavaScript that computes, in the memory of the engine: see docs/crypto.md for what that promises.
 */
export class MlKemKey implements Disposable {
  readonly name: MlKemName;
  /** The encapsulation key, for the other side. */
  readonly publicKey: Uint8Array;
  #secretKey: Uint8Array | undefined;

  constructor(name: MlKemName, seed?: Uint8Array) {
    const kem = find(name);
    if (seed !== undefined) want('seed', name, seed, 64);
    const { publicKey, secretKey } = kem.keygen(seed);
    this.name = name;
    this.publicKey = publicKey;
    this.#secretKey = secretKey;
  }

  /**
   * The 32 bytes of the shared secret. A ciphertext that was tampered with gives others, and nothing says so (FIPS 203
   * 7.3, implicit rejection). Throws `RangeError` for one of another length, `ClosedError` after `dispose`.
   */
  decapsulate(ciphertext: Uint8Array): Uint8Array {
    if (this.#secretKey === undefined) throw new ClosedError('ML-KEM key');
    want('ciphertext', this.name, ciphertext, mlKemParameters[this.name].ciphertextBytes);
    return find(this.name).decapsulate(ciphertext, this.#secretKey);
  }

  /** Wipes the key; idempotent. */
  dispose(): void {
    this.#secretKey?.fill(0);
    this.#secretKey = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/** What goes to the owner of the public key, and the secret that both then share. */
export interface MlKemEncapsulation {
  readonly ciphertext: Uint8Array;
  readonly sharedSecret: Uint8Array;
}

/**
 * FIPS 203 7.2. Undefined for a public key that fails the modulus check there; throws `RangeError` for one of another
 * length. `random`, 32 bytes, is for known answers only.
 */
export function mlKemEncapsulate(
  name: MlKemName,
  publicKey: Uint8Array,
  random?: Uint8Array,
): MlKemEncapsulation | undefined {
  const kem = find(name);
  want('publicKey', name, publicKey, mlKemParameters[name].publicKeyBytes);
  if (random !== undefined) want('random', name, random, 32);
  if (!isReduced(publicKey)) return undefined;
  const { cipherText, sharedSecret } = kem.encapsulate(publicKey, random);
  return { ciphertext: cipherText, sharedSecret };
}

/** Whether every coefficient, of 12 bits, is below q; the last 32 bytes are the seed rho and no coefficients. */
function isReduced(publicKey: Uint8Array): boolean {
  for (let i = 0; i + 2 < publicKey.length - 32; i += 3) {
    const [a, b, c] = [publicKey[i]!, publicKey[i + 1]!, publicKey[i + 2]!];
    if ((a | ((b & 15) << 8)) >= 3329 || ((b >> 4) | (c << 4)) >= 3329) return false;
  }
  return true;
}
