import {
  createDiffieHellman,
  createECDH,
  createPrivateKey,
  createPublicKey,
  type DiffieHellman,
  diffieHellman,
  generateKeyPairSync,
  getDiffieHellman,
  type KeyObject,
  randomBytes,
} from 'node:crypto';
import { ClosedError } from '../errors.ts';

/** One private key in one group. */
interface DhKey {
  readonly publicValue: Uint8Array;
  /** Undefined for a public value that must be refused. */
  secret(peer: Uint8Array): Uint8Array | undefined;
  wipe(): void;
}

/** A fresh key, or the one given, which it then owns. */
export type DhGroup = (privateKey?: Uint8Array) => DhKey;

/** A private key of one Diffie-Hellman group, and the operations of RFC 7296 2.12 with it. */
export class OpensslDiffieHellman<Name extends string> {
  readonly group: Name;
  readonly publicValue: Uint8Array;
  #key: DhKey | undefined;

  constructor(name: Name, key: DhKey) {
    this.group = name;
    this.publicValue = key.publicValue;
    this.#key = key;
  }

  computeSecret(peerPublicValue: Uint8Array): Uint8Array | undefined {
    if (this.#key === undefined) throw new ClosedError('Diffie-Hellman key');
    if (peerPublicValue.length !== this.publicValue.length) return undefined;
    return this.#key.secret(peerPublicValue);
  }

  dispose(): void {
    this.#key?.wipe();
    this.#key = undefined;
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

/**
 * MODP groups of RFC 2409 6 and RFC 3526. OpenSSL's object is kept, as checking a prime takes long; a private key is in
 * it for one operation only.
 */
function modp(node: string, privateBytes: number): DhGroup {
  let cached: { readonly dh: DiffieHellman; readonly length: number; readonly primeMinusOne: Uint8Array } | undefined;
  const load = () => {
    if (cached === undefined) {
      const prime = getDiffieHellman(node).getPrime();
      const primeMinusOne = Uint8Array.from(prime);
      primeMinusOne[prime.length - 1]! ^= 1; // The prime is odd.
      cached = { dh: createDiffieHellman(prime, 2), length: prime.length, primeMinusOne };
    }
    return cached;
  };
  const withKey = (privateKey: Uint8Array, body: (dh: DiffieHellman) => Uint8Array): Uint8Array => {
    const { dh, length } = load();
    dh.setPrivateKey(privateKey);
    try {
      const value = body(dh);
      // RFC 7296 3.4 and 2.14: both are padded on the left to the length of the prime.
      const padded = new Uint8Array(length);
      padded.set(value, length - value.length);
      value.fill(0);
      return padded;
    } finally {
      dh.setPrivateKey(Uint8Array.of(2));
    }
  };
  return (privateKey = exponent(privateBytes)) => ({
    publicValue: withKey(privateKey, (dh) => dh.generateKeys()),
    secret(peer) {
      // RFC 6989 2.1: 1 < r < p - 1. All these primes are safe primes, so this is the whole test.
      const { primeMinusOne } = load();
      if (Buffer.compare(peer, primeMinusOne) >= 0) return undefined;
      if (peer.subarray(0, -1).every((byte) => byte === 0) && peer[peer.length - 1]! < 2) return undefined;
      return withKey(privateKey, (dh) => dh.computeSecret(peer));
    },
    wipe: () => privateKey.fill(0),
  });
}

/** Random, of full length: the top bit is set. */
function exponent(bytes: number): Uint8Array {
  const key = view(randomBytes(bytes));
  key[0]! |= 0x80;
  return key;
}

/** Random ECP groups, RFC 5903: public value x | y, shared secret x alone. */
function ecp(curve: string): DhGroup {
  return (privateKey) => {
    const ecdh = createECDH(curve);
    if (privateKey === undefined) ecdh.generateKeys();
    else ecdh.setPrivateKey(privateKey);
    return {
      publicValue: view(ecdh.getPublicKey()).slice(1),
      secret(peer) {
        const point = new Uint8Array(peer.length + 1);
        point[0] = 4; // uncompressed
        point.set(peer, 1);
        try {
          return view(ecdh.computeSecret(point));
        } catch (error) {
          // RFC 6989 2.3: the point is checked to be on the curve.
          if ((error as NodeJS.ErrnoException).code === 'ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY') return undefined;
          throw error;
        }
      },
      wipe() {
        privateKey?.fill(0);
        // OpenSSL clears a private key when another takes its place.
        ecdh.setPrivateKey(Uint8Array.of(1));
      },
    };
  };
}

/**
 * RFC 8031's groups. The private key is a key object of Node: OpenSSL clears it when the garbage collector takes that.
 * The DER prefixes are those of RFC 8410: PKCS #8 without attributes, and SubjectPublicKeyInfo.
 */
function montgomery(curve: 'x25519' | 'x448', pkcs8: string, spki: string): DhGroup {
  const [privatePrefix, publicPrefix] = [Buffer.from(pkcs8, 'hex'), Buffer.from(spki, 'hex')];
  const imported = (privateKey: Uint8Array): KeyObject => {
    const key = Buffer.concat([privatePrefix, privateKey]);
    try {
      return createPrivateKey({ key, format: 'der', type: 'pkcs8' });
    } finally {
      key.fill(0);
    }
  };
  const generated = (): KeyObject =>
    curve === 'x25519' ? generateKeyPairSync('x25519').privateKey : generateKeyPairSync('x448').privateKey;
  return (given) => {
    let privateKey: KeyObject | undefined = given === undefined ? generated() : imported(given);
    const own = createPublicKey(privateKey).export({ type: 'spki', format: 'der' });
    return {
      publicValue: view(own).slice(publicPrefix.length),
      secret(peer) {
        if (privateKey === undefined) return undefined;
        const publicKey = createPublicKey({ key: Buffer.concat([publicPrefix, peer]), format: 'der', type: 'spki' });
        try {
          const secret = view(diffieHellman({ privateKey, publicKey }));
          return secret.every((byte) => byte === 0) ? undefined : secret;
        } catch (error) {
          // RFC 8031 2: OpenSSL itself refuses to derive an all-zero secret.
          if ((error as NodeJS.ErrnoException).code === 'ERR_OSSL_FAILED_DURING_DERIVATION') return undefined;
          throw error;
        }
      },
      wipe() {
        given?.fill(0);
        privateKey = undefined;
      },
    };
  };
}

/** A table of its own for every caller, as the MODP groups hold OpenSSL objects. Exponent sizes: RFC 3526 8. */
export function opensslGroups() {
  return {
    modp768: modp('modp1', 32),
    modp1024: modp('modp2', 32),
    modp1536: modp('modp5', 32),
    modp2048: modp('modp14', 40),
    modp3072: modp('modp15', 53),
    modp4096: modp('modp16', 60),
    modp6144: modp('modp17', 68),
    modp8192: modp('modp18', 78),
    ecp256: ecp('prime256v1'),
    ecp384: ecp('secp384r1'),
    ecp521: ecp('secp521r1'),
    curve25519: montgomery('x25519', '302e020100300506032b656e04220420', '302a300506032b656e032100'),
    curve448: montgomery('x448', '3046020100300506032b656f043a0438', '3042300506032b656f033900'),
  } satisfies Record<string, DhGroup>;
}

function view(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.length);
}
