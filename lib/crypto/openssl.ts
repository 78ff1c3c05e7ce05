import {
  type CipherGCMTypes,
  createCipheriv,
  createDecipheriv,
  createHash,
  createHmac,
  randomBytes,
} from 'node:crypto';
import { UnsupportedError } from '../errors.ts';
import { cbcDecrypt, cbcEncrypt } from './cbc.ts';
import { type DhGroup, OpensslDiffieHellman, opensslGroups } from './openssl-dh.ts';

const prfs = {
  'hmac-md5': 'md5',
  'hmac-sha1': 'sha1',
  'hmac-sha256': 'sha256',
  'hmac-sha384': 'sha384',
  'hmac-sha512': 'sha512',
} as const;

const integrities = {
  'md5-96': { hash: 'md5', bytes: 12 },
  'sha1-96': { hash: 'sha1', bytes: 12 },
  'sha256-128': { hash: 'sha256', bytes: 16 },
  'sha384-192': { hash: 'sha384', bytes: 24 },
  'sha512-256': { hash: 'sha512', bytes: 32 },
} as const;

const ciphers = {
  '3des-cbc': 'des-ede3-cbc',
  'camellia-128-cbc': 'camellia-128-cbc',
  'camellia-192-cbc': 'camellia-192-cbc',
  'camellia-256-cbc': 'camellia-256-cbc',
  'camellia-128-ctr': 'camellia-128-ctr',
  'camellia-192-ctr': 'camellia-192-ctr',
  'camellia-256-ctr': 'camellia-256-ctr',
  'aes-128-cbc': 'aes-128-cbc',
  'aes-192-cbc': 'aes-192-cbc',
  'aes-256-cbc': 'aes-256-cbc',
  'aes-128-ctr': 'aes-128-ctr',
  'aes-192-ctr': 'aes-192-ctr',
  'aes-256-ctr': 'aes-256-ctr',
} as const;

/** Ciphers that OpenSSL 3 has only in its legacy provider, which Node does not load, or not at all: ours. */
const ownCiphers = {
  'des-cbc': { encryption: 'des-cbc', keyBytes: 8 },
  'blowfish-128-cbc': { encryption: 'blowfish-cbc', keyBytes: 16 },
  'twofish-128-cbc': { encryption: 'twofish-cbc', keyBytes: 16 },
} as const;

const aeads = {
  'aes-128-gcm': 'aes-128-gcm',
  'aes-192-gcm': 'aes-192-gcm',
  'aes-256-gcm': 'aes-256-gcm',
  'chacha20-poly1305': 'chacha20-poly1305',
} as const;

/** AES-GCM as RFC 4106 has it, and RFC 7634's ChaCha20-Poly1305. */
const TAG_BYTES = 16;

/**
 * The cryptography of the control plane over the OpenSSL inside Node, DES and Blowfish apart: what IKE asks of its crypto provider. Names are
 * those of the IKE configuration; one that is not known throws `TypeError`. Results are fresh memory.
 */
export class OpensslCrypto {
  readonly #groups: Readonly<Record<string, DhGroup>> = opensslGroups();

  random(length: number): Uint8Array {
    return view(randomBytes(length));
  }

  sha1(parts: readonly Uint8Array[]): Uint8Array {
    const hash = createHash('sha1');
    for (const part of parts) hash.update(part);
    return view(hash.digest());
  }

  prf(name: string, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    return hmac(find(prfs, name, 'prf'), key, parts);
  }

  integrity(name: string, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    const { hash, bytes } = find(integrities, name, 'integrity algorithm');
    return hmac(hash, key, parts).slice(0, bytes);
  }

  encrypt(name: string, key: Uint8Array, iv: Uint8Array, plaintext: Uint8Array): Uint8Array {
    const own = ownCipher(name, key);
    if (own) return cbcEncrypt(own, key, iv, plaintext);
    const cipher = createCipheriv(find(ciphers, name, 'cipher'), key, iv).setAutoPadding(false);
    const out = view(cipher.update(plaintext));
    cipher.final();
    return out;
  }

  decrypt(name: string, key: Uint8Array, iv: Uint8Array, ciphertext: Uint8Array): Uint8Array {
    const own = ownCipher(name, key);
    if (own) return cbcDecrypt(own, key, iv, ciphertext);
    const decipher = createDecipheriv(find(ciphers, name, 'cipher'), key, iv).setAutoPadding(false);
    const out = view(decipher.update(ciphertext));
    decipher.final();
    return out;
  }

  seal(
    name: string,
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array {
    const cipher = createCipheriv(find(aeads, name, 'AEAD') as CipherGCMTypes, key, nonce, {
      authTagLength: TAG_BYTES,
    });
    cipher.setAAD(associatedData, { plaintextLength: plaintext.length });
    const out = new Uint8Array(plaintext.length + TAG_BYTES);
    out.set(cipher.update(plaintext));
    cipher.final();
    out.set(cipher.getAuthTag(), plaintext.length);
    return out;
  }

  open(
    name: string,
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    sealed: Uint8Array,
  ): Uint8Array | undefined {
    const algorithm = find(aeads, name, 'AEAD') as CipherGCMTypes;
    if (sealed.length < TAG_BYTES) return undefined;
    const length = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(algorithm, key, nonce, { authTagLength: TAG_BYTES });
    decipher.setAAD(associatedData, { plaintextLength: length });
    decipher.setAuthTag(sealed.subarray(length));
    const out = view(decipher.update(sealed.subarray(0, length)));
    try {
      decipher.final();
    } catch {
      // The key and the nonce were accepted above: all that `final` can refuse is the tag.
      out.fill(0);
      return undefined;
    }
    return out;
  }

  /**
   * A fresh key, or the one whose private part is given, which the object then owns. Throws `UnsupportedError` for the
   * EC2N groups of RFC 2409 6.3 and 6.4.
   */
  diffieHellman<Name extends string>(group: Name, privateKey?: Uint8Array): OpensslDiffieHellman<Name> {
    if (group === 'ec2n155' || group === 'ec2n185') {
      throw new UnsupportedError(`Diffie-Hellman group ${group} (an EC2N group, too weak for RFC 8247 2.4)`);
    }
    return new OpensslDiffieHellman(group, find(this.#groups, group, 'group')(privateKey));
  }
}

function hmac(hash: string, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
  const mac = createHmac(hash, key);
  for (const part of parts) mac.update(part);
  return view(mac.digest());
}

function ownCipher(name: string, key: Uint8Array): 'des-cbc' | 'blowfish-cbc' | 'twofish-cbc' | undefined {
  if (!Object.hasOwn(ownCiphers, name)) return undefined;
  const { encryption, keyBytes } = ownCiphers[name as keyof typeof ownCiphers];
  if (key.length !== keyBytes) throw new TypeError(`key: ${name} wants ${keyBytes} bytes, got ${key.length}`);
  return encryption;
}

function find<T>(table: Readonly<Record<string, T>>, name: string, what: string): T {
  if (!Object.hasOwn(table, name)) throw new TypeError(`${JSON.stringify(name)} is no ${what} of this provider`);
  return table[name]!;
}

function view(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
