import { UnsupportedError } from '../errors.ts';
import type { Sa, Lifetime as XfrmLifetime, SaKey as XfrmSaKey, SaSpec as XfrmSaSpec } from '../xfrm/index.ts';
import type { Lifetime, SaKey, SaSpec, SaState, SecurityProtocol } from './dataplane.ts';
import { kernelAlgorithms } from './kernel-algorithm.ts';
import { kernelSelectors } from './kernel-selector.ts';

/**
 * Our mark on SAs: `seq`, which means something only while an acquire is being answered. By it the SAs of a daemon that was
 * killed are found again, and which way they go: the kernel does not know that before Linux 6.10.
 */
const OWNER = { in: 0x52500001, out: 0x52500002 } as const;

/** Undefined for an SA that is not ours. */
export function ownDirection({ seq }: { readonly seq: number }): 'in' | 'out' | undefined {
  return seq === OWNER.in ? 'in' : seq === OWNER.out ? 'out' : undefined;
}

/** Of an outbound SA: the kernel wants a window with 64-bit sequence numbers, and does not use it. */
const OUTBOUND_ESN_WINDOW = 32;
const DEFAULT_WINDOW = 128;

export function xfrmProtocol(protocol: SecurityProtocol): 'esp' | 'ah' | 'comp' {
  return protocol === 'ipcomp' ? 'comp' : protocol;
}

export function kernelKey(key: SaKey): XfrmSaKey {
  return { dst: key.dst, spi: key.spi, protocol: xfrmProtocol(key.protocol) };
}

/** One text per SA. */
export function keyText(key: { readonly spi: number; readonly dst: string; readonly protocol: string }): string {
  return `${key.protocol} ${key.spi} ${key.dst}`;
}

export function kernelLifetime(lifetime: Lifetime = {}): XfrmLifetime {
  const { softBytes = 0, hardBytes = 0, softPackets = 0, hardPackets = 0 } = lifetime;
  const { softSeconds = 0, hardSeconds = 0 } = lifetime;
  return { softBytes, hardBytes, softPackets, hardPackets, softAddSeconds: softSeconds, hardAddSeconds: hardSeconds };
}

/** What only our own packet thread can do to a header. */
function header(spec: SaSpec): Partial<XfrmSaSpec> {
  const { df = 'clear', dscp = 'copy', ecn = 'copy', ttl = 64, innerDscp = 'keep' } = spec.header ?? {};
  const lacks = (what: string): never => {
    throw new UnsupportedError(`${what} in the kernel data plane`);
  };
  if (df === 'set') lacks('header.df=set');
  if (dscp !== 'copy' && dscp !== 0) lacks(`header.dscp=${dscp}`);
  if (ttl !== 64) lacks(`header.ttl=${ttl}`);
  if ((spec.tfc?.dummiesPerSecond ?? 0) > 0) lacks('tfc.dummiesPerSecond');
  const padTo = spec.tfc?.padTo;
  return {
    nopmtudisc: df === 'clear',
    dontEncapDscp: dscp === 0,
    noecn: ecn === 'zero',
    decapDscp: innerDscp === 'copy',
    ...(padTo !== undefined && { tfcPadBytes: padTo === 'mtu' ? 0xffff : padTo }),
  };
}

/**
 * Several selectors are one for the policies to check: an SA of the kernel has at most one. With none a tunnel takes packets of
 * either IP version.
 */
function selector(spec: SaSpec): Pick<XfrmSaSpec, 'selector' | 'afUnspec'> {
  const selectors = spec.selectors.length === 1 ? kernelSelectors(spec.selectors[0]!, spec.direction) : [];
  if (selectors.length === 1) return { selector: selectors[0]! };
  return spec.mode === 'tunnel' ? { afUnspec: true } : {};
}

/** Throws TypeError naming the property, UnsupportedError for what no kernel does. */
export function toKernelSa(spec: SaSpec): XfrmSaSpec {
  const inbound = spec.direction === 'in';
  const comp = spec.protocol === 'ipcomp';
  const window = inbound ? (spec.replayWindow ?? DEFAULT_WINDOW) : spec.esn ? OUTBOUND_ESN_WINDOW : 0;
  return {
    src: spec.src,
    dst: spec.dst,
    spi: spec.spi,
    protocol: xfrmProtocol(spec.protocol),
    mode: spec.mode,
    reqid: spec.reqid,
    seq: OWNER[spec.direction],
    ...kernelAlgorithms(spec),
    ...header(spec),
    ...selector(spec),
    ...(spec.udp && { encapsulation: spec.udp }),
    // Linux pads AH to 8 octets over IPv4 too, unless told that RFC 4302 3.3.3.2.1 wants 4.
    ...(spec.protocol === 'ah' && !spec.dst.includes(':') && { align4: true }),
    esn: spec.esn,
    ...(!comp && { replay: { window, [inbound ? 'inbound' : 'outbound']: spec.sequence ?? 0n } }),
    lifetime: kernelLifetime(spec.lifetime),
  };
}

/** Whether the kernel has told of a soft limit of this SA, or is about to. */
export function isPastSoftLimit({ lifetime, usage }: Pick<Sa, 'lifetime' | 'usage'>, nowSeconds: number): boolean {
  const past = (limit: bigint, used: bigint): boolean => limit !== 0n && used >= limit;
  return (
    past(lifetime.softBytes, usage.bytes) ||
    past(lifetime.softPackets, usage.packets) ||
    past(lifetime.softAddSeconds, BigInt(nowSeconds) - usage.addTime)
  );
}

/** `dying` is what the kernel has told by a soft expiry; an SA beyond a hard limit is gone. */
export function toSaState(sa: Sa, direction: 'in' | 'out', dying: boolean): SaState {
  const milliseconds = (seconds: bigint): number => Number(seconds) * 1000;
  // Older kernels know only the first use.
  const lastUsed = sa.lastUsed === 0n ? sa.usage.useTime : sa.lastUsed;
  return {
    bytes: sa.usage.bytes,
    packets: sa.usage.packets,
    addedAt: milliseconds(sa.usage.addTime),
    lastUsedAt: lastUsed === 0n ? undefined : milliseconds(lastUsed),
    sequence: direction === 'in' ? sa.replay.inbound : sa.replay.outbound,
    state: dying ? 'dying' : 'mature',
    replayErrors: BigInt(sa.errors.replay) + BigInt(sa.errors.replayWindow),
    integrityErrors: BigInt(sa.errors.integrity),
  };
}
