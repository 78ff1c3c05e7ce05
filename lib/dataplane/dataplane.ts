/**
 * The one interface that the userspace and the kernel data plane share. Plain data in, counters and events out; no
 * packet crosses it but IKE's own.
 */

/** An address and a port. IPv6 addresses are written as RFC 5952 says, without brackets or zone. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

/** Inclusive range; `{ first: 0, last: 65535 }` is any port (RFC 4301 4.4.1.1). */
export interface PortRange {
  readonly first: number;
  readonly last: number;
}

/** Which packets, seen in the outbound direction: local is the source. RFC 4301 4.4.1.1. */
export interface Selector {
  /** CIDR prefix, `10.1.202.0/24` or `2001:db8::/32`. */
  readonly local: string;
  readonly remote: string;
  /** IP protocol number; 0 is any. */
  readonly protocol: number;
  /** For ICMP the type and code stand in the ports, as RFC 7296 3.13.1 has them. */
  readonly localPorts: PortRange;
  readonly remotePorts: PortRange;
}

/** ESP (RFC 4303), AH (RFC 4302), IPComp (RFC 3173), whose CPI stands where the others have their SPI. */
export type SecurityProtocol = 'esp' | 'ah' | 'ipcomp';
export type Mode = 'tunnel' | 'transport';

/** ESP encryption algorithms by the names of `installed-sa`; the key size comes from the key. */
export type EncryptionAlgorithm =
  | 'null'
  | 'des-cbc'
  | '3des-cbc'
  | 'aes-cbc'
  | 'aes-ctr'
  | 'aes-gcm'
  | 'aes-ccm'
  | 'chacha20-poly1305'
  | 'blowfish-cbc'
  | 'twofish-cbc'
  | 'camellia-cbc'
  | 'camellia-ctr'
  | 'null-aes-gmac';

export type IntegrityAlgorithm =
  | 'none'
  | 'md5-96'
  | 'sha1-96'
  | 'sha256-128'
  | 'sha384-192'
  | 'sha512-256'
  | 'aes-xcbc-96'
  | 'aes-cmac-96';

/** Soft and hard limits; 0 is none. RFC 4301 4.4.2.1. */
export interface Lifetime {
  readonly softBytes?: number;
  readonly hardBytes?: number;
  readonly softPackets?: number;
  readonly hardPackets?: number;
  readonly softSeconds?: number;
  readonly hardSeconds?: number;
}

/** How the outer header of tunnel mode comes from the inner one, and the other way about (RFC 4301 5.1.2, RFC 6040). */
export interface TunnelHeader {
  /** Outbound, IPv4 outside: the DF bit, the inner packet's (set over IPv6), or one way always; `clear` if not given. */
  readonly df?: 'copy' | 'set' | 'clear';
  /** Outbound: the inner packet's DSCP, or this one, 0..63; `copy` if not given. */
  readonly dscp?: 'copy' | number;
  /** Outbound: normal mode, or compatibility mode with Not-ECT outside (RFC 6040 4.1); `copy` if not given. */
  readonly ecn?: 'copy' | 'zero';
  /** Outbound: TTL or hop limit, 1..255; 64 if not given. */
  readonly ttl?: number;
  /** Inbound: whether the outer DSCP replaces the inner one; `keep` if not given. */
  readonly innerDscp?: 'keep' | 'copy';
}

/** Traffic flow confidentiality, outbound ESP only (RFC 4303 2.6, 2.7). */
export interface TrafficFlowConfidentiality {
  /** Tunnel mode: inner packets shorter than so many bytes are padded to them; `mtu` is as many as the path carries. */
  readonly padTo?: number | 'mtu';
  /** Packets of next header 59 a second, whether or not there is traffic; 0..1000, in steps of four. */
  readonly dummiesPerSecond?: number;
}

/** One SA of the SAD. An inbound SA is known by (spi, dst, protocol), an outbound one the same way. */
export interface SaSpec {
  readonly direction: 'in' | 'out';
  /** 256..0xffffffff; the CPI of IPComp is 2 (DEFLATE) or 256..61439 (RFC 3173 3.3). */
  readonly spi: number;
  readonly protocol: SecurityProtocol;
  readonly mode: Mode;
  /** Outer addresses in the direction of travel. */
  readonly src: string;
  readonly dst: string;
  /** RFC 3948 encapsulation; ports in the direction of travel. */
  readonly udp?: { readonly srcPort: number; readonly dstPort: number };
  /** `null` without a key for AH and IPComp. IPComp compresses with DEFLATE (RFC 2394). */
  readonly encryption: EncryptionAlgorithm;
  /** As it leaves KEYMAT: for AEAD, GMAC and CTR with the salt or nonce at its end (RFC 4106 8.1, 4309 7.1,
   * 7634 2, 3686 5.1, 5529 3.1). Copied; wipe yours. */
  readonly encryptionKey: Uint8Array;
  /** AEAD tag length where the algorithm offers several; 16 if not given. */
  readonly icvBytes?: 8 | 12 | 16;
  /** AH wants one; IPComp has `none`. */
  readonly integrity: IntegrityAlgorithm;
  readonly integrityKey: Uint8Array;
  readonly esn: boolean;
  /** Packets, 32..4096; inbound only; default 128. 0 switches anti-replay off. */
  readonly replayWindow?: number;
  /** The last number that was sent or the highest received, where another gateway has begun the SA; default 0n. */
  readonly sequence?: bigint;
  /** Ties SAs to policies: a policy uses the newest outbound SA with its own `reqid`. */
  readonly reqid: number;
  /** What the negotiation allowed through this SA; inbound packets are checked against it (RFC 4301 5.2 step 4). */
  readonly selectors: readonly Selector[];
  readonly lifetime?: Lifetime;
  readonly header?: TunnelHeader;
  readonly tfc?: TrafficFlowConfidentiality;
}

export interface SaKey {
  readonly spi: number;
  readonly dst: string;
  readonly protocol: SecurityProtocol;
}

export interface SaState {
  readonly bytes: bigint;
  readonly packets: bigint;
  /** Milliseconds of CLOCK_REALTIME. */
  readonly addedAt: number;
  readonly lastUsedAt: number | undefined;
  readonly sequence: bigint;
  readonly state: 'mature' | 'dying' | 'dead';
  /** Inbound: packets dropped because replayed or failing the ICV. */
  readonly replayErrors: bigint;
  readonly integrityErrors: bigint;
}

export type PolicyAction = 'none' | 'discard' | 'encrypt';
export type PolicyLevel = 'use' | 'require' | 'unique';

/** One SA of a bundle, as a policy asks for it. */
export interface Template {
  readonly protocol: SecurityProtocol;
  readonly mode: Mode;
  /** Outer addresses in the outbound direction; any if not given. */
  readonly src?: string;
  readonly dst?: string;
  readonly reqid: number;
  /** `use`: without such an SA the packet goes on without it (IPComp: what does not shrink goes as it is). */
  readonly level?: 'use' | 'require';
}

/** One entry of the SPD, in both directions: the inbound check mirrors it. */
export interface PolicySpec {
  /** The caller's number for it, unique among policies. */
  readonly id: number;
  readonly selector: Selector;
  readonly action: PolicyAction;
  readonly level: PolicyLevel;
  /**
   * Innermost first: `['esp']`, `['ah']`, `['esp', 'ah']`. The first has `mode`, those around it are in transport mode
   * between the same two ends; all have `saSrc`, `saDst` and `reqid`. `templates`, if given, stands in the place of all
   * five.
   */
  readonly protocols: readonly SecurityProtocol[];
  readonly mode: Mode;
  readonly saSrc?: string;
  readonly saDst?: string;
  /** That of acquires, too. */
  readonly reqid: number;
  /** Innermost first, one to four: nested SAs that may end at different gateways (RFC 4301 appendix E). */
  readonly templates?: readonly Template[];
}

/** The 26 counters of `/ip ipsec statistics`, by their RouterOS names in camelCase. */
export interface IpsecStatistics {
  readonly inErrors: bigint;
  readonly inBufferErrors: bigint;
  readonly inHeaderErrors: bigint;
  readonly inNoStates: bigint;
  readonly inStateProtocolErrors: bigint;
  readonly inStateModeErrors: bigint;
  readonly inStateSequenceErrors: bigint;
  readonly inStateExpired: bigint;
  readonly inStateMismatches: bigint;
  readonly inStateInvalid: bigint;
  readonly inTemplateMismatches: bigint;
  readonly inNoPolicies: bigint;
  readonly inPolicyBlocked: bigint;
  readonly inPolicyErrors: bigint;
  readonly outErrors: bigint;
  readonly outBundleErrors: bigint;
  readonly outBundleCheckErrors: bigint;
  readonly outNoStates: bigint;
  readonly outStateProtocolErrors: bigint;
  readonly outStateModeErrors: bigint;
  readonly outStateSequenceErrors: bigint;
  readonly outStateExpired: bigint;
  readonly outPolicyBlocked: bigint;
  readonly outPolicyDead: bigint;
  readonly outPolicyErrors: bigint;
  readonly outStateInvalid: bigint;
}

/** An IKE message as it arrived on UDP 500 or 4500, non-ESP marker removed (RFC 3948 2.2). */
export interface IkeDatagram {
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly data: Uint8Array;
}

/** A packet matched an `encrypt` policy that has no SA. At most one per policy until the SA comes or a second passes. */
export interface AcquireEvent {
  readonly policy: number;
  readonly reqid: number;
  /** The packet that asked for it, for TSi/TSr's first selector (RFC 7296 2.9). */
  readonly packet: Selector;
}

export interface ExpireEvent {
  readonly sa: SaKey;
  readonly direction: 'in' | 'out';
  readonly reqid: number;
  readonly hard: boolean;
}

/** The peer's outer address or port changed behind a NAT, seen on an authenticated packet. */
export interface MappingEvent {
  readonly sa: SaKey;
  readonly reqid: number;
  readonly remote: Endpoint;
}

/** A packet was refused; reported at most once per counter and second, counted always. */
export interface DropEvent {
  readonly counter: keyof IpsecStatistics;
  /** How many `counter` has counted so far. */
  readonly total: bigint;
  /** Outer source for inbound packets, inner destination for outbound ones; undefined when the packet does not say. */
  readonly address: string | undefined;
  /** 0 when the packet does not say. */
  readonly spi: number;
}

/** Called from the event loop, never from inside a method of `DataPlane`. What they throw is an uncaught exception. */
export interface DataPlaneEvents {
  ike(datagrams: readonly IkeDatagram[]): void;
  acquire(event: AcquireEvent): void;
  expire(event: ExpireEvent): void;
  mapping(event: MappingEvent): void;
  drop?(event: DropEvent): void;
  /** It is not what it should be (its device was deleted, the kernel refuses a policy), until it says `recovered`. */
  failed?(error: Error): void;
  /** It is again; SAs and policies are as they were. */
  recovered?(): void;
}

/** A policy as the kernel has it, one direction of ours. */
export interface KernelPolicy {
  readonly direction: 'in' | 'out' | 'fwd';
  /** CIDR. */
  readonly src: string;
  readonly dst: string;
  /** 0 is any; with a mask `port/mask`. */
  readonly srcPort: string;
  readonly dstPort: string;
  readonly protocol: number;
  readonly priority: number;
  readonly action: 'allow' | 'block';
  /** `esp tunnel 192.0.2.1-192.0.2.2 reqid 1`, innermost first. */
  readonly templates: readonly string[];
}

/** Every method throws `ClosedError` after `close()`, `TypeError` naming the property for what cannot be. */
export interface DataPlane {
  readonly kind: 'userspace' | 'kernel';
  /** An inbound SPI that no SA of this data plane has. */
  allocateSpi(dst: string, protocol: SecurityProtocol): number;
  /** Adds an SA; a spec that is refused leaves nothing behind. */
  addSa(spec: SaSpec): void;
  /** Changes the outer addresses or ports (NAT mapping, RFC 7296 2.23) or the lifetime of an SA. */
  updateSa(key: SaKey, change: Pick<SaSpec, 'src' | 'dst' | 'udp'> | Pick<SaSpec, 'lifetime'>): void;
  /** True if it was there. */
  deleteSa(key: SaKey): boolean;
  sa(key: SaKey): SaState | undefined;
  flushSas(): void;
  /** Replaces the whole SPD, in order, first match wins; unchanged entries keep their state. */
  setPolicies(policies: readonly PolicySpec[]): void;
  statistics(): IpsecStatistics;
  /** The kernel's policies of this data plane, in its order of lookup. Only the kernel's data plane has some. */
  kernelPolicies?(): readonly KernelPolicy[];
  /**
   * True if it went to the socket; a full socket buffer is false, and IKE's retransmission covers it. `data` of one
   * octet 0xff is a NAT-keepalive, which has no non-ESP marker (RFC 3948 2.3). Throws `SystemError` naming the peer when
   * the network refuses now (`ENETUNREACH`: no route, `EACCES`: prohibited, `EINVAL`: `local` is no address of this
   * host): nothing is broken, the next attempt may succeed.
   */
  sendIke(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean;
  close(): void;
  /** True while SAs with `remote` are at work that an earlier daemon left. Only where they outlive the process. */
  hasAdopted?(remote: string): boolean;
  /** Closes, but leaves SAs and policies at work for a next daemon. Only where they outlive the process: the kernel's. */
  detach?(): void;
  [Symbol.dispose](): void;
}
