import type { SaSpec } from '../dataplane/dataplane.ts';
import { callNative } from '../native.ts';
import { addon, type NativeInboundSa, type NativeOutboundSa, type Run } from './addon.ts';
import type { PacketBatch } from './packet-batch.ts';

/** One SA of ESP or AH as both ends know it. Keys are copied, wipe yours. */
export interface EspSaSpec
  extends Pick<
    SaSpec,
    | 'spi'
    | 'mode'
    | 'src'
    | 'dst'
    | 'udp'
    | 'encryption'
    | 'encryptionKey'
    | 'icvBytes'
    | 'integrity'
    | 'integrityKey'
    | 'esn'
    | 'replayWindow'
  > {
  /**
   * `esp` if not given. AH (RFC 4302) has `encryption: 'null'` and no `udp`; it is about the outer IP header too, so its packets have that
   * whatever `outerHeader` says.
   */
  readonly protocol?: 'esp' | 'ah';
  /** Where an SA that was begun elsewhere stands: the last number sent, or the highest received. */
  readonly sequence?: bigint;
  /** Outbound, tunnel mode: the outer DF bit (RFC 4301 8.1); `copy` if not given. */
  readonly df?: 'copy' | 'set' | 'clear';
  /** Outbound, tunnel mode: the outer TTL or hop limit; 64 if not given. */
  readonly ttl?: number;
  /** Outbound, tunnel mode: a DSCP for the outer header instead of the inner one's (RFC 4301 5.1.2.1). */
  readonly dscp?: number;
  /** One of `implementations()` of `routeplane/crypto`; the fastest if not given. */
  readonly implementation?: string;
}

export interface HeaderOptions {
  /** Whether the packet outside has its IP header (and UDP header, if the SA has `udp`), or begins with the SPI. */
  readonly outerHeader?: boolean;
}

// What `encapsulate` and `decapsulate` reach without making it public.
const outbound = new WeakMap<OutboundSa, NativeOutboundSa>();
const inbound = new WeakMap<InboundSa, NativeInboundSa>();

function nativeOf<Sa extends object, Native>(natives: WeakMap<Sa, Native>, sa: Sa): Native {
  const native = natives.get(sa);
  if (!native) throw new TypeError('sa: not an SA of this direction');
  return native;
}

/** The sending end of an SA. One thread at a time. */
export class OutboundSa {
  /** Room that a packet needs in front of it in its slot. */
  readonly headBytes: number;
  /** Room that it needs behind, at most. */
  readonly tailBytes: number;
  readonly #native: NativeOutboundSa;

  /** Throws `TypeError` naming the property for what cannot be, `UnsupportedError` for an algorithm that is not here. */
  constructor(spec: EspSaSpec) {
    this.#native = callNative(() => new addon.OutboundSa(spec));
    outbound.set(this, this.#native);
    const { headBytes, tailBytes, outerBytes } = this.#native.sizes();
    this.headBytes = headBytes + outerBytes;
    this.tailBytes = tailBytes;
  }

  /** The sequence number of the last packet; 0 before the first. */
  get sequence(): bigint {
    return callNative(() => this.#native.sequence());
  }

  /**
   * The longest payload whose packet fits `mtu`, outer headers included: an IP packet in tunnel mode, what follows the
   * IP header in transport mode. 0 if none does.
   */
  maximumPayload(mtu: number): number {
    return callNative(() => this.#native.maximumPayload(mtu));
  }

  /** Wipes the keys; every later call throws `ClosedError`. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** The receiving end of an SA, with its replay window. One thread at a time. */
export class InboundSa {
  readonly #native: NativeInboundSa;

  /** Throws as `OutboundSa` does. */
  constructor(spec: EspSaSpec) {
    this.#native = callNative(() => new addon.InboundSa(spec));
    inbound.set(this, this.#native);
  }

  /** The highest sequence number that was received. */
  get highest(): bigint {
    return callNative(() => this.#native.highest());
  }

  /** Wipes the keys; every later call throws `ClosedError`. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/**
 * Protects the IP packets of a batch in place (RFC 4303 3.3, RFC 4302 3.3), all with one SA or each with its own, and returns how many
 * are ok. `outerHeader` is true unless said otherwise. A packet that is not ok stays as it was.
 */
export function encapsulate(
  batch: PacketBatch,
  sa: OutboundSa | readonly OutboundSa[],
  options: HeaderOptions = {},
): number {
  return run(addon.encapsulate, batch, nativesOf(outbound, sa), options);
}

/**
 * Verifies and opens the packets of a batch in place (RFC 4303 3.4, RFC 4302 3.4); the same shape as `encapsulate`. The SA of a packet
 * is the caller's to find by SPI. Of a packet whose status is `integrity` no plaintext is left.
 */
export function decapsulate(
  batch: PacketBatch,
  sa: InboundSa | readonly InboundSa[],
  options: HeaderOptions = {},
): number {
  return run(addon.decapsulate, batch, nativesOf(inbound, sa), options);
}

function nativesOf<Sa extends object, Native>(natives: WeakMap<Sa, Native>, sa: Sa | readonly Sa[]) {
  return Array.isArray(sa) ? sa.map((one: Sa) => nativeOf(natives, one)) : nativeOf(natives, sa as Sa);
}

function run<Native>(
  what: Run<Native>,
  batch: PacketBatch,
  native: Native | readonly Native[],
  { outerHeader = true }: HeaderOptions,
): number {
  const { arena, stride, count, offsets, lengths, status, sequences } = batch;
  return callNative(() => what(native, arena, stride, count, offsets, lengths, status, sequences, outerHeader));
}
