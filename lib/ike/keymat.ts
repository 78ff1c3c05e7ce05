import { concatBytes, u64Bytes, utf8 } from '../wire/index.ts';
import type { DhGroupName, EncryptionName, IntegrityName, PrfName } from './config.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import { encryptionAlgorithms, integrityAlgorithms, prfAlgorithms } from './transform.ts';

/** What was negotiated for an IKE_SA. */
export interface IkeSuite {
  readonly encryption: EncryptionName;
  /** `none` with an AEAD. */
  readonly integrity: IntegrityName;
  readonly prf: PrfName;
  readonly dhGroup: DhGroupName;
}

/** What was negotiated for a CHILD_SA; `dhGroup` is `none` without PFS, `encryption` is `null` for AH. */
export interface ChildSuite {
  readonly protocol: 'esp' | 'ah';
  readonly encryption: EncryptionName;
  readonly integrity: IntegrityName;
  readonly dhGroup: DhGroupName;
  readonly esn: boolean;
}

/** RFC 7296 2.14. SK_ei and SK_er carry their salt or nonce at the end. Wipe with `wipeKeys`. */
export interface IkeSaKeys {
  readonly skD: Uint8Array;
  readonly skAi: Uint8Array;
  readonly skAr: Uint8Array;
  readonly skEi: Uint8Array;
  readonly skEr: Uint8Array;
  readonly skPi: Uint8Array;
  readonly skPr: Uint8Array;
}

/** KEYMAT of RFC 7296 2.17 taken apart: `initiator` protects what the initiator of the exchange sends. */
export interface ChildSaKeymat {
  readonly initiator: { readonly encryption: Uint8Array; readonly integrity: Uint8Array };
  readonly responder: { readonly encryption: Uint8Array; readonly integrity: Uint8Array };
}

/** What the exchange that makes an IKE_SA says: nonces, SPIs (of the new SA) and g^ir. */
export interface IkeExchange {
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
  readonly initiatorSpi: bigint;
  readonly responderSpi: bigint;
  readonly sharedSecret: Uint8Array;
}

/** RFC 7296 2.13: T1 | T2 | ..., cut to `length` bytes. Throws `RangeError` past 255 blocks. */
export function prfPlus(
  crypto: IkeCrypto,
  prf: PrfName,
  key: Uint8Array,
  seed: readonly Uint8Array[],
  length: number,
): Uint8Array {
  const blockBytes = prfAlgorithms[prf].bytes;
  if (length > 255 * blockBytes) throw new RangeError(`prf+ of ${prf} ends at ${255 * blockBytes} octets`);
  const out = new Uint8Array(length);
  let previous: Uint8Array = new Uint8Array(0);
  for (let i = 1, at = 0; at < length; i++) {
    const block = crypto.prf(prf, key, [previous, ...seed, Uint8Array.of(i)]);
    out.set(block.subarray(0, Math.min(blockBytes, length - at)), at);
    at += blockBytes;
    previous.fill(0);
    previous = block;
  }
  previous.fill(0);
  return out;
}

/** SKEYSEED = prf(Ni | Nr, g^ir), then {SK_d | SK_ai | ...} = prf+ (SKEYSEED, Ni | Nr | SPIi | SPIr); RFC 7296 2.14. */
export function deriveIkeSaKeys(crypto: IkeCrypto, suite: IkeSuite, exchange: IkeExchange): IkeSaKeys {
  const skeyseed = crypto.prf(suite.prf, concatBytes(exchange.ni, exchange.nr), [exchange.sharedSecret]);
  return expandSkeyseed(crypto, suite, skeyseed, exchange);
}

/** RFC 7296 2.18: SKEYSEED = prf(SK_d (old), g^ir (new) | Ni | Nr) with the old prf, the rest with the new suite. */
export function deriveRekeyedIkeSaKeys(
  crypto: IkeCrypto,
  oldPrf: PrfName,
  oldSkD: Uint8Array,
  suite: IkeSuite,
  exchange: IkeExchange,
): IkeSaKeys {
  const skeyseed = crypto.prf(oldPrf, oldSkD, [exchange.sharedSecret, exchange.ni, exchange.nr]);
  return expandSkeyseed(crypto, suite, skeyseed, exchange);
}

function expandSkeyseed(crypto: IkeCrypto, suite: IkeSuite, skeyseed: Uint8Array, exchange: IkeExchange): IkeSaKeys {
  const prfBytes = prfAlgorithms[suite.prf].bytes;
  const integrityBytes = integrityKeyBytes(suite.encryption, suite.integrity);
  const encryptionBytes = encryptionKeyBytes(suite.encryption);
  const seed = [exchange.ni, exchange.nr, u64Bytes(exchange.initiatorSpi), u64Bytes(exchange.responderSpi)];
  const block = prfPlus(crypto, suite.prf, skeyseed, seed, 3 * prfBytes + 2 * integrityBytes + 2 * encryptionBytes);
  skeyseed.fill(0);
  const take = cutter(block);
  const keys = {
    skD: take(prfBytes),
    skAi: take(integrityBytes),
    skAr: take(integrityBytes),
    skEi: take(encryptionBytes),
    skEr: take(encryptionBytes),
    skPi: take(prfBytes),
    skPr: take(prfBytes),
  };
  block.fill(0);
  return keys;
}

/**
 * KEYMAT = prf+(SK_d, [g^ir (new) |] Ni | Nr), RFC 7296 2.17: the initiator's SA before the responder's, encryption
 * before integrity. `sharedSecret` only with PFS.
 */
export function deriveChildSaKeys(
  crypto: IkeCrypto,
  prf: PrfName,
  skD: Uint8Array,
  suite: Pick<ChildSuite, 'protocol' | 'encryption' | 'integrity'>,
  exchange: { readonly ni: Uint8Array; readonly nr: Uint8Array; readonly sharedSecret?: Uint8Array | undefined },
): ChildSaKeymat {
  const encryptionBytes = suite.protocol === 'ah' ? 0 : encryptionKeyBytes(suite.encryption);
  const integrityBytes =
    suite.protocol === 'ah'
      ? integrityAlgorithms[suite.integrity].keyBytes
      : integrityKeyBytes(suite.encryption, suite.integrity);
  const { ni, nr, sharedSecret } = exchange;
  const seed = sharedSecret === undefined ? [ni, nr] : [sharedSecret, ni, nr];
  const block = prfPlus(crypto, prf, skD, seed, 2 * (encryptionBytes + integrityBytes));
  const take = cutter(block);
  const keys = {
    initiator: { encryption: take(encryptionBytes), integrity: take(integrityBytes) },
    responder: { encryption: take(encryptionBytes), integrity: take(integrityBytes) },
  };
  block.fill(0);
  return keys;
}

/** Key and salt, in bytes of KEYMAT. */
export function encryptionKeyBytes(encryption: EncryptionName): number {
  const { keyBytes, saltBytes } = encryptionAlgorithms[encryption];
  return keyBytes + saltBytes;
}

/** 0 for an AEAD (RFC 5282 7.1: SK_ai and SK_ar are of length 0). */
export function integrityKeyBytes(encryption: EncryptionName, integrity: IntegrityName): number {
  return encryptionAlgorithms[encryption].aead ? 0 : integrityAlgorithms[integrity].keyBytes;
}

/** RestOfIDPayload of RFC 7296 2.15: ID type, three zero bytes, data. */
export function idPayloadBody(id: { readonly idType: number; readonly data: Uint8Array }): Uint8Array {
  return concatBytes(Uint8Array.of(id.idType, 0, 0, 0), id.data);
}

/** RealMessage | NonceData of the peer | prf(SK_px, RestOfIDPayload); RFC 7296 2.15. */
export function signedOctets(
  crypto: IkeCrypto,
  prf: PrfName,
  input: {
    /** First message of the side that signs, from its IKE header on, without non-ESP marker. */
    readonly realMessage: Uint8Array;
    readonly peerNonce: Uint8Array;
    /** SK_pi for the initiator, SK_pr for the responder. */
    readonly skP: Uint8Array;
    readonly id: { readonly idType: number; readonly data: Uint8Array };
  },
): Uint8Array {
  return concatBytes(input.realMessage, input.peerNonce, crypto.prf(prf, input.skP, [idPayloadBody(input.id)]));
}

const KEY_PAD = utf8('Key Pad for IKEv2');

/** AUTH = prf(prf(Shared Secret, "Key Pad for IKEv2"), signed octets); RFC 7296 2.15. */
export function pskAuth(crypto: IkeCrypto, prf: PrfName, secret: Uint8Array, octets: Uint8Array): Uint8Array {
  const key = crypto.prf(prf, secret, [KEY_PAD]);
  const auth = crypto.prf(prf, key, [octets]);
  key.fill(0);
  return auth;
}

/** Fills every byte string of the record with zeros. */
export function wipeKeys(keys: IkeSaKeys | ChildSaKeymat): void {
  for (const value of Object.values(keys) as (Uint8Array | ChildSaKeymat['initiator'])[]) {
    if (value instanceof Uint8Array) {
      value.fill(0);
    } else {
      value.encryption.fill(0);
      value.integrity.fill(0);
    }
  }
}

/** Copies pieces off the front, each in memory of its own. */
function cutter(block: Uint8Array): (length: number) => Uint8Array {
  let at = 0;
  return (length) => {
    at += length;
    return block.slice(at - length, at);
  };
}
