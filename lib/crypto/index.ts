/** The ciphers and MACs of ESP, over batches of messages. */
import { callNative } from '../native.ts';
import { addon } from './addon.ts';

export { ClosedError, IntegrityError, UnsupportedError } from '../errors.ts';
export { Aead, type AeadAlgorithm, type AeadBatch, type AeadOptions, createAead } from './aead.ts';
export { type Capability, capabilities } from './capabilities.ts';
export { cbcDecrypt, cbcEncrypt } from './cbc.ts';
export {
  ML_KEM_SECRET_BYTES,
  type MlKemEncapsulation,
  MlKemKey,
  type MlKemName,
  type MlKemParameters,
  mlKemEncapsulate,
  mlKemParameters,
} from './ml-kem.ts';
export { OpensslCrypto } from './openssl.ts';
export { type MessageBatch, Suite, type SuiteSpec } from './suite.ts';

/** What this build and CPU can run and what passed its known-answer tests, slowest first: `portable`, `aesni`... */
export function implementations(): readonly string[] {
  return addon.implementations();
}

/**
 * The implementation that is used unless a spec names one: the fastest, or that of the environment's `ROUTEPLANE_CRYPTO`.
 * Throws `UnsupportedError` if that is none of `implementations()`.
 */
export function defaultImplementation(): string {
  return callNative(() => addon.defaultImplementation());
}

/** The features of this CPU that an implementation looks for, by their names in `/proc/cpuinfo`. */
export function cpuFeatures(): readonly string[] {
  return addon.cpuFeatures();
}
