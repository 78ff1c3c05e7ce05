import type { TrafficSelector } from '../config.ts';

/**
 * The payloads of IKEv2 (RFC 7296 3) as records. Byte strings are views of the decoded message: whoever keeps one
 * longer than the message copies it.
 */
export type Payload =
  | SaPayload
  | KePayload
  | IdPayload
  | CertPayload
  | CertReqPayload
  | AuthPayload
  | NoncePayload
  | NotifyPayload
  | DeletePayload
  | VendorIdPayload
  | TrafficSelectorPayload
  | EncryptedPayload
  | ConfigurationPayload
  | EapPayload
  | UnknownPayload;

/** RFC 7296 3.3.5. `value` is two bytes for the short form (AF = 1). */
export interface TransformAttribute {
  readonly type: number;
  readonly short: boolean;
  readonly value: Uint8Array;
}

/** RFC 7296 3.3.2. */
export interface Transform {
  /** 1 ENCR, 2 PRF, 3 INTEG, 4 D-H, 5 ESN: `TransformType`. */
  readonly type: number;
  readonly id: number;
  /** Bits, where the attribute is present. */
  readonly keyLength?: number;
  /** Attributes other than one Key Length: a transform that has any is unacceptable (RFC 7296 3.3.6). */
  readonly attributes: readonly TransformAttribute[];
}

/** RFC 7296 3.3.1. */
export interface Proposal {
  readonly number: number;
  /** `ProtocolId`. */
  readonly protocol: number;
  readonly spi: Uint8Array;
  readonly transforms: readonly Transform[];
}

export interface SaPayload {
  readonly type: 'SA';
  readonly proposals: readonly Proposal[];
}

/** RFC 7296 3.4. */
export interface KePayload {
  readonly type: 'KE';
  readonly group: number;
  readonly data: Uint8Array;
}

/** RFC 7296 3.5. */
export interface IdPayload {
  readonly type: 'IDi' | 'IDr';
  /** `IdType`. */
  readonly idType: number;
  readonly data: Uint8Array;
}

/** RFC 7296 3.6. */
export interface CertPayload {
  readonly type: 'CERT';
  readonly encoding: number;
  readonly data: Uint8Array;
}

/** RFC 7296 3.7. */
export interface CertReqPayload {
  readonly type: 'CERTREQ';
  readonly encoding: number;
  readonly authority: Uint8Array;
}

/** RFC 7296 3.8. */
export interface AuthPayload {
  readonly type: 'AUTH';
  /** `AuthMethod`. */
  readonly method: number;
  readonly data: Uint8Array;
}

/** Ni and Nr, RFC 7296 3.9: 16 to 256 bytes. */
export interface NoncePayload {
  readonly type: 'Nonce';
  readonly data: Uint8Array;
}

/** RFC 7296 3.10. */
export interface NotifyPayload {
  readonly type: 'N';
  /** `ProtocolId`; 0 where there is no SPI. */
  readonly protocol: number;
  readonly spi: Uint8Array;
  /** `NotifyType`. */
  readonly notify: number;
  readonly data: Uint8Array;
}

/** RFC 7296 3.11. The IKE_SA has no SPIs here, AH and ESP four-byte ones. */
export interface DeletePayload {
  readonly type: 'D';
  readonly protocol: number;
  readonly spis: readonly Uint8Array[];
}

/** RFC 7296 3.12. */
export interface VendorIdPayload {
  readonly type: 'V';
  readonly data: Uint8Array;
}

/** RFC 7296 3.13. */
export interface TrafficSelectorPayload {
  readonly type: 'TSi' | 'TSr';
  readonly selectors: readonly TrafficSelector[];
  /** Selectors of a TS Type other than the two of RFC 7296, from the byte after the length on. */
  readonly unknown: readonly UnknownTrafficSelector[];
}

export interface UnknownTrafficSelector {
  readonly tsType: number;
  readonly protocol: number;
  readonly data: Uint8Array;
}

/** RFC 7296 3.14: what is inside stays encrypted until `unprotectMessage`. */
export interface EncryptedPayload {
  readonly type: 'SK';
  /** Type of the first payload inside. */
  readonly firstPayload: number;
  /** Initialization Vector, ciphertext and Integrity Checksum Data. */
  readonly data: Uint8Array;
}

/** RFC 7296 3.15.1; bit 15 of the type is reserved and ignored. */
export interface ConfigurationAttribute {
  readonly type: number;
  readonly value: Uint8Array;
}

/** RFC 7296 3.15. */
export interface ConfigurationPayload {
  readonly type: 'CP';
  /** `ConfigurationType`. */
  readonly configurationType: number;
  readonly attributes: readonly ConfigurationAttribute[];
}

/** RFC 7296 3.16. */
export interface EapPayload {
  readonly type: 'EAP';
  readonly message: Uint8Array;
}

/** A payload this codec does not know; with the critical bit the whole message is refused (RFC 7296 2.5). */
export interface UnknownPayload {
  readonly type: 'unknown';
  readonly payloadType: number;
  readonly critical: boolean;
  readonly data: Uint8Array;
}
