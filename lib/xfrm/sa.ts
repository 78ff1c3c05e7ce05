import type { Lifetime, Mark, Mode, Offload, Protocol, Selector, Usage } from './selector.ts';

/** An algorithm under its name in the kernel's crypto API. */
export interface Algorithm {
  /** `rfc4106(gcm(aes))`, `cbc(aes)`, `hmac(sha256)`, `deflate`; /proc/crypto lists those that are loaded. */
  readonly name: string;
  /** With the salt at its end where the algorithm has one. Copied; wipe yours. Absent in dumps that did not ask for keys. */
  readonly key?: Uint8Array;
  /** Length of the ICV. Of an AEAD it is needed; an integrity algorithm without it is truncated as the kernel likes (RFC 4868 is 128 for SHA-256, the kernel's own choice 96). */
  readonly icvBits?: number;
}

/** ESP in UDP (RFC 3948) or TCP (RFC 8229); ports in the direction of travel. */
export interface Encapsulation {
  /** Default `espinudp`. */
  readonly type?: 'espinudp' | 'espinudp-nonike' | 'espintcp';
  readonly srcPort: number;
  readonly dstPort: number;
  readonly originalAddress?: string;
}

/** What names an SA to the kernel. */
export interface SaKey {
  readonly dst: string;
  readonly spi: number;
  readonly protocol: Protocol;
  readonly mark?: Mark;
}

/** Sequence numbers: the last one sent, the highest received. */
export interface Replay {
  readonly outbound?: number | bigint;
  readonly inbound?: number | bigint;
  /** Packets; 0 is no anti-replay. Above 32 and with ESN it goes as XFRMA_REPLAY_ESN_VAL, 4096 at most. */
  readonly window?: number;
}

/** An SA to add or update. */
export interface SaSpec {
  readonly src: string;
  readonly dst: string;
  /** 256..0xffffffff; of IPComp the CPI, 256..61439 (RFC 3173 3.3). */
  readonly spi: number;
  /** Default `esp`. */
  readonly protocol?: Protocol;
  /** Default `tunnel`. */
  readonly mode?: Mode;
  readonly reqid?: number;
  /** Of the acquire that it answers; else a number that is kept for whoever set it. */
  readonly seq?: number;
  readonly noecn?: boolean;
  readonly decapDscp?: boolean;
  readonly nopmtudisc?: boolean;
  readonly wildrecv?: boolean;
  readonly icmp?: boolean;
  /** Tunnel mode takes packets of either IP version. */
  readonly afUnspec?: boolean;
  readonly align4?: boolean;
  /** 64-bit sequence numbers (RFC 4304); needs a replay window. */
  readonly esn?: boolean;
  readonly dontEncapDscp?: boolean;
  readonly oseqMayWrap?: boolean;
  readonly selector?: Selector;
  readonly lifetime?: Lifetime;
  readonly aead?: Algorithm;
  readonly encryption?: Algorithm;
  readonly integrity?: Algorithm;
  /** IPComp. */
  readonly compression?: Algorithm;
  readonly encapsulation?: Encapsulation;
  readonly replay?: Replay;
  readonly mark?: Mark;
  /** Set on packets that have gone through the SA (Linux 4.19). */
  readonly outputMark?: Mark;
  /** Of the xfrm interface that it belongs to (Linux 4.19). */
  readonly ifId?: number;
  readonly offload?: Offload;
  /** Linux 6.10. */
  readonly direction?: 'in' | 'out';
  /** Linux 6.13. */
  readonly cpu?: number;
  /** Linux 6.11: the kernel sends the keepalives of RFC 3948 2.3. */
  readonly natKeepaliveSeconds?: number;
  readonly tfcPadBytes?: number;
  readonly coaddr?: string;
}

/** An SA as the kernel describes it. */
export interface Sa extends SaSpec {
  readonly protocol: Protocol;
  readonly mode: Mode;
  readonly reqid: number;
  readonly seq: number;
  readonly esn: boolean;
  readonly ifId: number;
  readonly lifetime: { readonly [limit in keyof Required<Lifetime>]: bigint };
  readonly usage: Usage;
  readonly errors: { readonly replayWindow: number; readonly replay: number; readonly integrity: number };
  /** Seconds of CLOCK_REALTIME; 0n is never. */
  readonly lastUsed: bigint;
  readonly replay: { readonly outbound: bigint; readonly inbound: bigint; readonly window: number };
}

/** Narrows a dump. */
export interface SaFilter {
  readonly protocol?: Protocol;
  /** CIDR. */
  readonly src?: string;
  readonly dst?: string;
  readonly reqid?: number;
  readonly seq?: number;
  /** Give the keys too. They are then yours to wipe. Default false. */
  readonly keys?: boolean;
}

/** What of an SA changes; all else, keys and sequence numbers too, stays. */
export interface SaChange {
  readonly src?: string;
  readonly dst?: string;
  readonly encapsulation?: Encapsulation;
  /** No encapsulation any more. */
  readonly plain?: boolean;
  readonly lifetime?: Lifetime;
  readonly seq?: number;
}

/** An inbound SPI to be reserved: until the SA is updated, or net.core.xfrm_acq_expires seconds (30) have passed. */
export interface SpiRequest {
  readonly dst: string;
  readonly src?: string;
  readonly protocol: Protocol;
  readonly mode?: Mode;
  readonly reqid?: number;
  readonly seq?: number;
  /** Default 0x100. */
  readonly minimum?: number;
  /** Default 0xffffffff. */
  readonly maximum?: number;
  readonly mark?: Mark;
  readonly ifId?: number;
  /** Linux 6.10. */
  readonly direction?: 'in';
  /** Linux 6.13. */
  readonly cpu?: number;
}
