import type { Algorithm } from '../xfrm/index.ts';
import type { EncryptionAlgorithm, IntegrityAlgorithm, SaSpec } from './dataplane.ts';

/** Our algorithms under their names in the kernel's crypto API, and the modules that bring them. */
interface KernelAlgorithm {
  readonly name: string;
  readonly modules: readonly string[];
}

const aeads: Partial<Record<EncryptionAlgorithm, KernelAlgorithm>> = {
  'aes-gcm': { name: 'rfc4106(gcm(aes))', modules: ['gcm', 'ctr', 'ghash_generic'] },
  'aes-ccm': { name: 'rfc4309(ccm(aes))', modules: ['ccm', 'ctr'] },
  'null-aes-gmac': { name: 'rfc4543(gcm(aes))', modules: ['gcm', 'ctr', 'ghash_generic'] },
  'chacha20-poly1305': { name: 'rfc7539esp(chacha20,poly1305)', modules: ['chacha20poly1305'] },
};

const ciphers: Partial<Record<EncryptionAlgorithm, KernelAlgorithm>> = {
  null: { name: 'ecb(cipher_null)', modules: ['crypto_null'] },
  'des-cbc': { name: 'cbc(des)', modules: ['des_generic', 'cbc'] },
  '3des-cbc': { name: 'cbc(des3_ede)', modules: ['des_generic', 'cbc'] },
  'aes-cbc': { name: 'cbc(aes)', modules: ['aes_generic', 'cbc'] },
  'aes-ctr': { name: 'rfc3686(ctr(aes))', modules: ['ctr'] },
  'blowfish-cbc': { name: 'cbc(blowfish)', modules: ['blowfish_generic', 'cbc'] },
  'twofish-cbc': { name: 'cbc(twofish)', modules: ['twofish_generic', 'cbc'] },
  'camellia-cbc': { name: 'cbc(camellia)', modules: ['camellia_generic', 'cbc'] },
  // No kernel offers it to IPsec (net/xfrm/xfrm_algo.c): it is refused by this name.
  'camellia-ctr': { name: 'rfc3686(ctr(camellia))', modules: [] },
};

const hashes: Partial<Record<IntegrityAlgorithm, KernelAlgorithm & { readonly bits: number }>> = {
  'md5-96': { name: 'hmac(md5)', bits: 96, modules: ['md5', 'hmac'] },
  'sha1-96': { name: 'hmac(sha1)', bits: 96, modules: ['sha1_generic', 'hmac'] },
  'sha256-128': { name: 'hmac(sha256)', bits: 128, modules: ['sha256_generic', 'hmac'] },
  'sha384-192': { name: 'hmac(sha384)', bits: 192, modules: ['sha512_generic', 'hmac'] },
  'sha512-256': { name: 'hmac(sha512)', bits: 256, modules: ['sha512_generic', 'hmac'] },
  'aes-xcbc-96': { name: 'xcbc(aes)', bits: 96, modules: ['xcbc'] },
  'aes-cmac-96': { name: 'cmac(aes)', bits: 96, modules: ['cmac'] },
};

export interface KernelAlgorithms {
  readonly aead?: Algorithm;
  readonly encryption?: Algorithm;
  readonly integrity?: Algorithm;
  readonly compression?: Algorithm;
}

/** Throws TypeError naming the property for an algorithm that no kernel could know. */
export function kernelAlgorithms(spec: SaSpec): KernelAlgorithms {
  if (spec.protocol === 'ipcomp') return { compression: { name: 'deflate' } };
  const hash = hashes[spec.integrity];
  const integrity = hash && { name: hash.name, key: spec.integrityKey, icvBits: hash.bits };
  if (spec.protocol === 'ah') {
    if (integrity === undefined) throw new TypeError(`integrity: AH cannot have ${spec.integrity}`);
    return { integrity };
  }
  const aead = aeads[spec.encryption];
  if (aead !== undefined)
    return { aead: { name: aead.name, key: spec.encryptionKey, icvBits: (spec.icvBytes ?? 16) * 8 } };
  const cipher = ciphers[spec.encryption];
  if (cipher === undefined) throw new TypeError(`encryption: unknown: ${spec.encryption}`);
  return {
    encryption: { name: cipher.name, key: spec.encryptionKey },
    ...(integrity && { integrity }),
  };
}

/** The modules that would bring the algorithms of an SA, for a kernel that says it has not got one of them. */
export function algorithmModules(spec: Pick<SaSpec, 'protocol' | 'encryption' | 'integrity'>): readonly string[] {
  if (spec.protocol === 'ipcomp') return ['deflate'];
  const cipher = spec.protocol === 'esp' ? (aeads[spec.encryption] ?? ciphers[spec.encryption]) : undefined;
  return [...(cipher?.modules ?? []), ...(hashes[spec.integrity]?.modules ?? [])];
}
