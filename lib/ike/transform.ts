import type { DhGroupName, EncryptionName, IntegrityName, PrfName } from './config.ts';
import type { Transform } from './payloads/payload.ts';

/** RFC 7296 3.3.2. */
export const TransformType = { ENCR: 1, PRF: 2, INTEG: 3, DH: 4, ESN: 5 } as const;

/** RFC 7296 3.3.5. */
export const ATTRIBUTE_KEY_LENGTH = 14;

export interface EncryptionAlgorithm {
  readonly id: number;
  /** The Key Length attribute in bits; undefined for ciphers of one key size, whose attribute is never sent. */
  readonly keyLength?: number;
  /** Key bytes without salt. */
  readonly keyBytes: number;
  /** Salt or nonce that KEYMAT carries behind the key (RFC 4106 8.1, RFC 5930 2.2, RFC 7634 2). */
  readonly saltBytes: number;
  /** Initialization Vector on the wire. */
  readonly ivBytes: number;
  /** Padding granularity. */
  readonly blockBytes: number;
  readonly aead: boolean;
}

/** Tag of every AEAD here. */
export const AEAD_ICV_BYTES = 16;

const cbc = (id: number, keyBytes: number, blockBytes: number, keyLength?: number): EncryptionAlgorithm => ({
  id,
  ...(keyLength === undefined ? {} : { keyLength }),
  keyBytes,
  saltBytes: 0,
  ivBytes: blockBytes,
  blockBytes,
  aead: false,
});
const stream = (id: number, keyBytes: number, aead: boolean, keyLength?: number): EncryptionAlgorithm => ({
  id,
  ...(keyLength === undefined ? {} : { keyLength }),
  keyBytes,
  saltBytes: 4,
  ivBytes: 8,
  blockBytes: 1,
  aead,
});

/** Transform Type 1: RFC 7296 3.3.2, RFC 2451, RFC 3686, RFC 4106, RFC 5529, RFC 7634. */
export const encryptionAlgorithms: Readonly<Record<EncryptionName, EncryptionAlgorithm>> = {
  null: { id: 11, keyBytes: 0, saltBytes: 0, ivBytes: 0, blockBytes: 1, aead: false },
  'des-cbc': cbc(2, 8, 8),
  '3des-cbc': cbc(3, 24, 8),
  'blowfish-128-cbc': cbc(7, 16, 8, 128),
  // IANA has no number for it: strongSwan's, out of the range for private use (RFC 7296 3.3.2).
  'twofish-128-cbc': cbc(1027, 16, 16, 128),
  'camellia-128-cbc': cbc(23, 16, 16, 128),
  'camellia-192-cbc': cbc(23, 24, 16, 192),
  'camellia-256-cbc': cbc(23, 32, 16, 256),
  'camellia-128-ctr': stream(24, 16, false, 128),
  'camellia-192-ctr': stream(24, 24, false, 192),
  'camellia-256-ctr': stream(24, 32, false, 256),
  'aes-128-cbc': cbc(12, 16, 16, 128),
  'aes-192-cbc': cbc(12, 24, 16, 192),
  'aes-256-cbc': cbc(12, 32, 16, 256),
  'aes-128-ctr': stream(13, 16, false, 128),
  'aes-192-ctr': stream(13, 24, false, 192),
  'aes-256-ctr': stream(13, 32, false, 256),
  'aes-128-gcm': stream(20, 16, true, 128),
  'aes-192-gcm': stream(20, 24, true, 192),
  'aes-256-gcm': stream(20, 32, true, 256),
  'chacha20-poly1305': stream(28, 32, true),
};

/** Transform Type 2; the preferred key is as long as the output (RFC 7296 2.13). */
export const prfAlgorithms: Readonly<Record<PrfName, { readonly id: number; readonly bytes: number }>> = {
  'hmac-md5': { id: 1, bytes: 16 },
  'hmac-sha1': { id: 2, bytes: 20 },
  'hmac-sha256': { id: 5, bytes: 32 },
  'hmac-sha384': { id: 6, bytes: 48 },
  'hmac-sha512': { id: 7, bytes: 64 },
};

/** Transform Type 3. */
export const integrityAlgorithms: Readonly<
  Record<IntegrityName, { readonly id: number; readonly keyBytes: number; readonly icvBytes: number }>
> = {
  none: { id: 0, keyBytes: 0, icvBytes: 0 },
  'md5-96': { id: 1, keyBytes: 16, icvBytes: 12 },
  'sha1-96': { id: 2, keyBytes: 20, icvBytes: 12 },
  'sha256-128': { id: 12, keyBytes: 32, icvBytes: 16 },
  'sha384-192': { id: 13, keyBytes: 48, icvBytes: 24 },
  'sha512-256': { id: 14, keyBytes: 64, icvBytes: 32 },
};

/** Transform Type 4; `publicBytes` is the length of the KE payload's data (RFC 7296 3.4, RFC 5903 7, RFC 8031 3.1). */
export const dhGroups: Readonly<Record<DhGroupName, { readonly id: number; readonly publicBytes: number }>> = {
  none: { id: 0, publicBytes: 0 },
  modp768: { id: 1, publicBytes: 96 },
  modp1024: { id: 2, publicBytes: 128 },
  modp1536: { id: 5, publicBytes: 192 },
  modp2048: { id: 14, publicBytes: 256 },
  modp3072: { id: 15, publicBytes: 384 },
  modp4096: { id: 16, publicBytes: 512 },
  modp6144: { id: 17, publicBytes: 768 },
  modp8192: { id: 18, publicBytes: 1024 },
  ecp256: { id: 19, publicBytes: 64 },
  ecp384: { id: 20, publicBytes: 96 },
  ecp521: { id: 21, publicBytes: 132 },
  curve25519: { id: 31, publicBytes: 32 },
  curve448: { id: 32, publicBytes: 56 },
};

/** The group's name by its number in a KE or INVALID_KE_PAYLOAD payload; undefined if it is not one of ours. */
export function dhGroupName(id: number): DhGroupName | undefined {
  return groupNames.get(id);
}

/** The name of an acceptable transform; undefined for any other, also for one with unknown attributes. */
export function encryptionName(transform: Transform): EncryptionName | undefined {
  if (transform.type !== TransformType.ENCR || transform.attributes.length > 0) return undefined;
  return encryptionNames.get(`${transform.id}/${transform.keyLength ?? ''}`);
}

export function prfName(transform: Transform): PrfName | undefined {
  return plain(transform, TransformType.PRF) ? prfNames.get(transform.id) : undefined;
}

export function integrityName(transform: Transform): IntegrityName | undefined {
  return plain(transform, TransformType.INTEG) ? integrityNames.get(transform.id) : undefined;
}

export function dhTransformName(transform: Transform): DhGroupName | undefined {
  return plain(transform, TransformType.DH) ? groupNames.get(transform.id) : undefined;
}

export function esnName(transform: Transform): 'yes' | 'no' | undefined {
  if (!plain(transform, TransformType.ESN)) return undefined;
  return transform.id === 0 ? 'no' : transform.id === 1 ? 'yes' : undefined;
}

export function encryptionTransform(name: EncryptionName): Transform {
  const { id, keyLength } = encryptionAlgorithms[name];
  return { type: TransformType.ENCR, id, ...(keyLength === undefined ? {} : { keyLength }), attributes: [] };
}

export function plainTransform(type: number, id: number): Transform {
  return { type, id, attributes: [] };
}

/** RFC 7296 3.3.5: the Key Length attribute belongs to ciphers of variable key size and to nothing else. */
function plain(transform: Transform, type: number): boolean {
  return transform.type === type && transform.keyLength === undefined && transform.attributes.length === 0;
}

const byId = <Name extends string>(table: Readonly<Record<Name, { readonly id: number }>>): ReadonlyMap<number, Name> =>
  new Map((Object.entries(table) as [Name, { readonly id: number }][]).map(([name, { id }]) => [id, name]));

const encryptionNames: ReadonlyMap<string, EncryptionName> = new Map(
  (Object.entries(encryptionAlgorithms) as [EncryptionName, EncryptionAlgorithm][]).map(([name, algorithm]) => [
    `${algorithm.id}/${algorithm.keyLength ?? ''}`,
    name,
  ]),
);
const prfNames = byId(prfAlgorithms);
const integrityNames = byId(integrityAlgorithms);
const groupNames = byId(dhGroups);
