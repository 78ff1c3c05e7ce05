import { existsSync, readFileSync } from 'node:fs';
import { NetlinkError, SystemError, UnsupportedError } from '../errors.ts';
import type { SaSpec, SpiRequest } from './sa.ts';
import { Xfrm } from './xfrm.ts';

/** What a kernel may have of IPsec, and the Linux that brought it. */
interface Probe {
  readonly minimumKernel: string;
  readonly what: string;
  /** Throws the kernel's refusal, or gives false. */
  readonly run: (xfrm: Xfrm) => boolean;
}

/** Addresses for documentation (RFC 5737, RFC 3849): no real SA has them. */
const ends = { 4: { src: '192.0.2.1', dst: '192.0.2.2' }, 6: { src: '2001:db8::1', dst: '2001:db8::2' } } as const;
const SPI = 0x52500200;
const cbc = {
  encryption: { name: 'cbc(aes)', key: new Uint8Array(16) },
  integrity: { name: 'hmac(sha256)', key: new Uint8Array(32), icvBits: 128 },
} as const;

/** Adds the SA, looks at it as the kernel then has it, and takes it away. */
function sa(version: 4 | 6, more: Partial<SaSpec>, look: (there: SaSpec) => boolean = () => true) {
  return (xfrm: Xfrm): boolean => {
    const spec: SaSpec = { ...ends[version], spi: more.protocol === 'comp' ? 0x7ff0 : SPI, ...cbc, ...more };
    const key = { dst: spec.dst, spi: spec.spi, protocol: spec.protocol ?? 'esp' };
    xfrm.sas.delete(key); // what a probe that was killed may have left
    xfrm.sas.add(spec);
    try {
      const there = xfrm.sas.get(key);
      return there !== undefined && look(there);
    } finally {
      xfrm.sas.delete(key);
    }
  };
}

/** Reserves an SPI, which every kernel can, and looks whether the kernel understood the rest of the request. */
function spi(more: Partial<SpiRequest>, look: (there: SaSpec) => boolean) {
  return (xfrm: Xfrm): boolean => {
    const there = xfrm.sas.allocateSpi({ ...ends[4], protocol: 'esp', ...more });
    xfrm.sas.delete(there);
    return look(there);
  };
}

const only = (algorithms: Partial<SaSpec>): Partial<SaSpec> =>
  ({
    encryption: undefined,
    integrity: undefined,
    ...algorithms,
  }) as Partial<SaSpec>;
const aead = (name: string, bytes: number) => only({ aead: { name, key: new Uint8Array(bytes), icvBits: 128 } });
const cipher = (name: string, bytes: number) => ({
  encryption: { name, key: new Uint8Array(bytes).map((_, i) => i * 37) },
});
const hash = (name: string, bytes: number, icvBits: number) => ({
  integrity: { name, key: new Uint8Array(bytes), icvBits },
});

const probes = {
  esp4: { minimumKernel: '2.6', what: 'ESP over IPv4 (module esp4)', run: sa(4, {}) },
  esp6: { minimumKernel: '2.6', what: 'ESP over IPv6 (module esp6)', run: sa(6, {}) },
  ah4: {
    minimumKernel: '2.6',
    what: 'AH over IPv4 (module ah4)',
    run: sa(4, only({ protocol: 'ah', ...hash('hmac(sha256)', 32, 128) })),
  },
  ah6: {
    minimumKernel: '2.6',
    what: 'AH over IPv6 (module ah6)',
    run: sa(6, only({ protocol: 'ah', ...hash('hmac(sha256)', 32, 128) })),
  },
  ipcomp4: {
    minimumKernel: '2.6',
    what: 'IPComp over IPv4 (module ipcomp)',
    run: sa(4, only({ protocol: 'comp', compression: { name: 'deflate' } })),
  },
  ipcomp6: {
    minimumKernel: '2.6',
    what: 'IPComp over IPv6 (module ipcomp6)',
    run: sa(6, only({ protocol: 'comp', compression: { name: 'deflate' } })),
  },
  'aes-gcm': { minimumKernel: '2.6.25', what: 'rfc4106(gcm(aes))', run: sa(4, aead('rfc4106(gcm(aes))', 20)) },
  'aes-ccm': { minimumKernel: '2.6.25', what: 'rfc4309(ccm(aes))', run: sa(4, aead('rfc4309(ccm(aes))', 19)) },
  'null-aes-gmac': { minimumKernel: '2.6.35', what: 'rfc4543(gcm(aes))', run: sa(4, aead('rfc4543(gcm(aes))', 20)) },
  'chacha20-poly1305': {
    minimumKernel: '4.2',
    what: 'rfc7539esp(chacha20,poly1305)',
    run: sa(4, aead('rfc7539esp(chacha20,poly1305)', 36)),
  },
  'aes-ctr': { minimumKernel: '2.6.25', what: 'rfc3686(ctr(aes))', run: sa(4, cipher('rfc3686(ctr(aes))', 20)) },
  'des-cbc': { minimumKernel: '2.6', what: 'cbc(des)', run: sa(4, cipher('cbc(des)', 8)) },
  '3des-cbc': { minimumKernel: '2.6', what: 'cbc(des3_ede)', run: sa(4, cipher('cbc(des3_ede)', 24)) },
  'blowfish-cbc': { minimumKernel: '2.6', what: 'cbc(blowfish)', run: sa(4, cipher('cbc(blowfish)', 16)) },
  'twofish-cbc': { minimumKernel: '2.6', what: 'cbc(twofish)', run: sa(4, cipher('cbc(twofish)', 16)) },
  'camellia-cbc': { minimumKernel: '2.6.21', what: 'cbc(camellia)', run: sa(4, cipher('cbc(camellia)', 16)) },
  'hmac-md5': { minimumKernel: '2.6', what: 'hmac(md5)', run: sa(4, hash('hmac(md5)', 16, 96)) },
  'hmac-sha512': { minimumKernel: '2.6.33', what: 'hmac(sha512)', run: sa(4, hash('hmac(sha512)', 64, 256)) },
  'aes-xcbc': { minimumKernel: '2.6.20', what: 'xcbc(aes)', run: sa(4, hash('xcbc(aes)', 16, 96)) },
  'aes-cmac': { minimumKernel: '3.10', what: 'cmac(aes)', run: sa(4, hash('cmac(aes)', 16, 96)) },
  'udp-encapsulation4': {
    minimumKernel: '2.6',
    what: 'ESP in UDP over IPv4 (RFC 3948)',
    run: sa(4, { encapsulation: { srcPort: 4500, dstPort: 4500 } }),
  },
  'udp-encapsulation6': {
    minimumKernel: '5.8',
    what: 'ESP in UDP over IPv6',
    run: sa(6, { encapsulation: { srcPort: 4500, dstPort: 4500 } }),
  },
  'tcp-encapsulation': {
    minimumKernel: '5.6',
    what: 'ESP in TCP (RFC 8229)',
    run: sa(4, { encapsulation: { type: 'espintcp', srcPort: 4500, dstPort: 4500 } }),
  },
  esn: {
    minimumKernel: '2.6.39',
    what: '64-bit sequence numbers (RFC 4304)',
    run: sa(4, { esn: true, replay: { window: 64 } }, ({ esn }) => esn === true),
  },
  'wide-replay-window': {
    minimumKernel: '2.6.39',
    what: 'a replay window above 32 packets',
    run: sa(4, { replay: { window: 4096 } }, ({ replay }) => replay?.window === 4096),
  },
  beet: { minimumKernel: '2.6.20', what: 'BEET mode', run: sa(4, { mode: 'beet', selector: { ...ends[4] } }) },
  iptfs: { minimumKernel: '6.14', what: 'IP-TFS mode (RFC 9347)', run: sa(4, { mode: 'iptfs', direction: 'out' }) },
  'output-mark': {
    minimumKernel: '4.19',
    what: 'a mark set on packets of an SA, with a mask',
    run: sa(4, { outputMark: { value: 1, mask: 3 } }, ({ outputMark }) => outputMark?.mask === 3),
  },
  'nat-keepalive': {
    minimumKernel: '6.11',
    what: 'NAT-keepalives by the kernel',
    run: sa(
      4,
      { direction: 'out', encapsulation: { srcPort: 4500, dstPort: 4500 }, natKeepaliveSeconds: 20 },
      ({ natKeepaliveSeconds }) => natKeepaliveSeconds === 20,
    ),
  },
  mark: {
    minimumKernel: '2.6.34',
    what: 'SAs by the mark of a packet',
    run: spi({ mark: { value: 7, mask: 7 } }, ({ mark }) => mark?.value === 7),
  },
  'if-id': { minimumKernel: '4.19', what: 'xfrm interfaces', run: spi({ ifId: 7 }, ({ ifId }) => ifId === 7) },
  'sa-direction': {
    minimumKernel: '6.10',
    what: 'the direction of an SA',
    run: spi({ direction: 'in' }, ({ direction }) => direction === 'in'),
  },
  'sa-cpu': {
    minimumKernel: '6.13',
    what: 'SAs of one CPU (RFC 9611)',
    run: spi({ direction: 'in', cpu: 0 }, ({ cpu }) => cpu === 0),
  },
  'hash-thresholds': {
    minimumKernel: '3.18',
    what: 'hash thresholds of policies',
    run: (xfrm: Xfrm) => xfrm.spdInfo().inet !== undefined,
  },
  'default-policy': {
    minimumKernel: '5.15',
    what: 'what happens to a packet without policy',
    run: (xfrm: Xfrm) => xfrm.defaultPolicy().in !== undefined,
  },
  migrate: { minimumKernel: '2.6.21', what: 'XFRM_MSG_MIGRATE (CONFIG_XFRM_MIGRATE)', run: migrates },
  statistics: {
    minimumKernel: '2.6.25',
    what: '/proc/net/xfrm_stat (CONFIG_XFRM_STATISTICS)',
    run: () => existsSync('/proc/thread-self/net/xfrm_stat'),
  },
} satisfies Record<string, Probe>;

export type XfrmFeatureName = keyof typeof probes;
export const xfrmFeatureNames = Object.keys(probes) as readonly XfrmFeatureName[];

export interface XfrmFeature {
  readonly name: XfrmFeatureName;
  /** In a few words, with the module or option that brings it. */
  readonly what: string;
  readonly available: boolean;
  /** The first Linux that has it. */
  readonly minimumKernel: string;
  /** The kernel's own words when it refused; '' if it did not understand the question. */
  readonly reason: string;
}

/** A policy that is not there can be migrated nowhere: ENOENT is a yes. */
function migrates(xfrm: Xfrm): boolean {
  const step = { oldSrc: ends[4].src, oldDst: ends[4].dst, newSrc: ends[4].dst, newDst: ends[4].src } as const;
  const selector = { src: `${ends[4].src}/32`, dst: `${ends[4].dst}/32` };
  try {
    xfrm.migrate({ policy: { selector, direction: 'out' }, steps: [step] });
    return true;
  } catch (error) {
    if (error instanceof NetlinkError && error.code === 'ENOENT') return true;
    throw error;
  }
}

/** By name: what a kernel can does not change while it runs, but for modules that are installed meanwhile. */
const cache = new Map<string, XfrmFeature>();

/**
 * Asks the kernel once and remembers what it said. The question is an SA or SPI between addresses for documentation that is there for
 * less than a millisecond. Throws SystemError without CAP_NET_ADMIN: that is no answer.
 */
export function xfrmFeature(name: XfrmFeatureName): XfrmFeature {
  const known = cache.get(name);
  if (known !== undefined) return known;
  const { minimumKernel, what, run } = probes[name] as Probe;
  let available = false;
  let reason = '';
  try {
    using xfrm = new Xfrm();
    available = run(xfrm);
  } catch (error) {
    if (!(error instanceof SystemError) || error.code === 'EPERM') throw error;
    reason = error instanceof NetlinkError && error.extack !== '' ? `${error.code}: ${error.extack}` : error.code;
  }
  const feature = { name, what, available, minimumKernel, reason };
  cache.set(name, feature);
  return feature;
}

/** Throws UnsupportedError naming the feature and the Linux that has it. */
export function requireXfrmFeature(name: XfrmFeatureName): void {
  const { available, what, minimumKernel, reason } = xfrmFeature(name);
  if (available) return;
  const said = reason === '' ? '' : ` (${reason})`;
  const message = `${what} is not available here${said}; needs Linux ${minimumKernel}, this is ${kernelRelease()}`;
  throw new UnsupportedError(what, minimumKernel, message);
}

function kernelRelease(): string {
  return readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim();
}
