import { callNative } from '../native.ts';
import { addon } from './addon.ts';

/** Who does the work of one algorithm, and why. */
export interface Capability {
  /** `aes-gcm`, `sha256`... */
  readonly algorithm: string;
  /** The implementation whose kernel is in use. */
  readonly implementation: string;
  /** The features of this CPU that the implementation is for; none for `portable`. */
  readonly features: readonly string[];
  readonly reason: string;
}

/** What each implementation asks of the CPU, by the names of `cpuFeatures()`; some of it only where it is there. */
const wanted: Readonly<Record<string, readonly string[]>> = {
  portable: [],
  aesni: ['aes', 'pclmulqdq', 'sse4_1', 'avx2', 'sha_ni'],
  vaes: ['vaes', 'vpclmulqdq', 'avx2', 'avx512', 'avx512vbmi', 'gfni'],
  avx512: ['vaes', 'vpclmulqdq', 'avx512', 'avx512vbmi', 'avx512ifma', 'gfni'],
  armv8: ['aes', 'pmull', 'sha1', 'sha2', 'sha512'],
};

/**
 * For each algorithm which implementation serves it here. Throws `UnsupportedError` if the environment's
 * `ROUTEPLANE_CRYPTO` names one that is not here.
 */
export function capabilities(): readonly Capability[] {
  const features = addon.cpuFeatures();
  const forced = process.env['ROUTEPLANE_CRYPTO'];
  return callNative(() => addon.capabilities()).map(({ algorithm, implementation }) => {
    const has = (wanted[implementation] ?? []).filter((feature) => features.includes(feature));
    const because =
      implementation === 'portable' ? 'no faster kernel for it runs on this CPU' : `this CPU has ${has.join(', ')}`;
    const reason = forced ? `ROUTEPLANE_CRYPTO=${forced}` : because;
    return { algorithm, implementation, features: has, reason };
  });
}
