/** What the IKE engine is told about the world: plain data, checked by the engine. */

/** IKEv2 transform type 1, by name. AEADs are combined-mode (RFC 5282). */
export type EncryptionName =
  | 'null'
  | 'des-cbc'
  | '3des-cbc'
  | 'blowfish-128-cbc'
  | 'twofish-128-cbc'
  | 'camellia-128-cbc'
  | 'camellia-192-cbc'
  | 'camellia-256-cbc'
  | 'camellia-128-ctr'
  | 'camellia-192-ctr'
  | 'camellia-256-ctr'
  | 'aes-128-cbc'
  | 'aes-192-cbc'
  | 'aes-256-cbc'
  | 'aes-128-ctr'
  | 'aes-192-ctr'
  | 'aes-256-ctr'
  | 'aes-128-gcm'
  | 'aes-192-gcm'
  | 'aes-256-gcm'
  | 'chacha20-poly1305';
/** Transform type 2. */
export type PrfName = 'hmac-md5' | 'hmac-sha1' | 'hmac-sha256' | 'hmac-sha384' | 'hmac-sha512';
/** Transform type 3. */
export type IntegrityName = 'none' | 'md5-96' | 'sha1-96' | 'sha256-128' | 'sha384-192' | 'sha512-256';
/** Transform type 4. */
export type DhGroupName =
  | 'none'
  | 'modp768'
  | 'modp1024'
  | 'modp1536'
  | 'modp2048'
  | 'modp3072'
  | 'modp4096'
  | 'modp6144'
  | 'modp8192'
  | 'ecp256'
  | 'ecp384'
  | 'ecp521'
  | 'curve25519'
  | 'curve448';

/** One proposal for the IKE_SA, in order of preference. RFC 7296 3.3. */
export interface IkeProposalConfig {
  readonly encryption: readonly EncryptionName[];
  /** Empty or `['none']` with AEADs. A list may mix AEAD and other ciphers; the engine splits it into proposals. */
  readonly integrity: readonly IntegrityName[];
  readonly prf: readonly PrfName[];
  readonly dhGroups: readonly DhGroupName[];
}

/** One proposal for CHILD_SAs. */
export interface ChildProposalConfig {
  readonly protocol: 'esp' | 'ah';
  readonly encryption: readonly EncryptionName[];
  readonly integrity: readonly IntegrityName[];
  /** PFS group for CREATE_CHILD_SA; `['none']` for none. */
  readonly dhGroups: readonly DhGroupName[];
  readonly esn: readonly ('yes' | 'no')[];
}

/** RFC 7296 3.13.1. */
export interface TrafficSelector {
  /** IP protocol; 0 is any. */
  readonly protocol: number;
  readonly startPort: number;
  readonly endPort: number;
  /** Both ends inclusive, textual, of one family. */
  readonly startAddress: string;
  readonly endAddress: string;
}

export type IdentificationConfig =
  | { readonly type: 'address'; readonly value: string }
  | { readonly type: 'fqdn'; readonly value: string }
  | { readonly type: 'user-fqdn'; readonly value: string }
  | { readonly type: 'key-id'; readonly value: Uint8Array }
  | { readonly type: 'dn'; readonly value: Uint8Array };

export interface ChildConfig {
  /** Unique within the peer; handed back in actions and events. */
  readonly name: string;
  readonly mode: 'tunnel' | 'transport';
  readonly local: readonly TrafficSelector[];
  readonly remote: readonly TrafficSelector[];
  readonly proposals: readonly ChildProposalConfig[];
  /** Hard lifetime; the engine rekeys at a jittered point before it (RFC 7296 2.8). 0 is none. */
  readonly lifetimeSeconds: number;
  readonly lifetimeBytes: number;
  /** Ties the SAs to the data plane's policy. */
  readonly reqid: number;
  /** Initiated as soon as the peer is, rather than on acquire. */
  readonly autoStart: boolean;
  /** A template (`generate-policy`): a responder accepts any selectors inside these and reports what it narrowed to. */
  readonly template: boolean;
}

/** How one side proves who it is. EAP and certificates join this union. */
export type AuthConfig = { readonly method: 'psk'; readonly secret: Uint8Array };

export interface PeerConfig {
  readonly name: string;
  /** Undefined: any local address. */
  readonly localAddress?: string;
  /** CIDR prefix; a host prefix is needed to initiate. */
  readonly remote: string;
  /** UDP port to initiate to; default 500. */
  readonly port: number;
  readonly passive: boolean;
  readonly sendInitialContact: boolean;
  readonly proposals: readonly IkeProposalConfig[];
  readonly lifetimeSeconds: number;
  /** 0 switches DPD off. */
  readonly dpdIntervalSeconds: number;
  /** How often a liveness check is sent before the peer counts as dead; default `retransmitTries` + 1. */
  readonly dpdMaximumFailures?: number;
  /** Undefined `myId` is the local address; undefined `remoteId` accepts any. */
  readonly myId?: IdentificationConfig;
  readonly remoteId?: IdentificationConfig;
  readonly auth: AuthConfig;
  readonly children: readonly ChildConfig[];
  /** Send NAT-D payloads that force UDP encapsulation (RFC 7296 2.23). */
  readonly forceEncapsulation: boolean;
  /** Whether the setting of that name counts with this peer. Default: true. */
  readonly prefersEncapsulation?: boolean;
  /** False: NAT_DETECTION notifies are neither sent nor looked at, so ESP never goes into UDP. Default: true. */
  readonly natTraversal?: boolean;
}

export interface IkeSettings {
  /** Half-open IKE_SAs above which a responder answers with COOKIE (RFC 7296 2.6). */
  readonly cookieThreshold: number;
  /**
   * The same for one source address, well below `halfOpenPerSource`: who only pretends to have that address does not
   * use up what its owner needs.
   */
  readonly cookieThresholdPerSource: number;
  /** Half-open IKE_SAs above which new ones are dropped. */
  readonly halfOpenLimit: number;
  /** The same for one source address, which a cookie has proved by then. */
  readonly halfOpenPerSource: number;
  /** How long a responder waits for IKE_AUTH. */
  readonly halfOpenSeconds: number;
  /** IKE_SAs of one authenticated identity; a new one closes the oldest. */
  readonly ikeSasPerIdentity: number;
  /** IKE_SAs of one peer, whatever their identities; above it new ones are refused. */
  readonly ikeSasPerPeer: number;
  /**
   * CHILD_SAs of one IKE_SA, beside four for each policy (both ends may rekey at once): an end that only makes them must not fill the
   * memory, nor the SPD where a template makes each one a policy.
   */
  readonly spareChildSas: number;
  /** Requests are sent again after this, times the factor each time, at most so often (RFC 7296 2.4). */
  readonly retransmitSeconds: number;
  readonly retransmitFactor: number;
  readonly retransmitTries: number;
  /** Pause before a peer that failed or went away is tried again; doubles up to the maximum. */
  readonly retrySeconds: number;
  readonly retryMaximumSeconds: number;
  /**
   * Says in a Vendor ID that ESP in UDP is preferred, NAT or not, and agrees with a peer that says so: where the data
   * plane is faster with it. With peers that do not know the Vendor ID nothing changes.
   */
  readonly prefersEncapsulation: boolean;
}

export const defaultIkeSettings: IkeSettings = {
  cookieThreshold: 30,
  cookieThresholdPerSource: 5,
  halfOpenLimit: 1000,
  halfOpenPerSource: 20,
  halfOpenSeconds: 30,
  ikeSasPerIdentity: 16,
  ikeSasPerPeer: 4096,
  spareChildSas: 64,
  retransmitSeconds: 2,
  retransmitFactor: 1.6,
  retransmitTries: 5,
  retrySeconds: 2,
  retryMaximumSeconds: 60,
  prefersEncapsulation: false,
};
