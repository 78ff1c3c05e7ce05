import { NetlinkError } from '../errors.ts';
import type { Sa, Xfrm, SaSpec as XfrmSaSpec } from '../xfrm/index.ts';
import type { SaKey, SaSpec, SecurityProtocol } from './dataplane.ts';
import type { SaEnds, SaEndsOf } from './kernel-policies.ts';
import { kernelKey, keyText, ownDirection, xfrmProtocol } from './kernel-sa.ts';

/** An adopted SA that a new one replaced goes when it has heard nothing for so long: its peer may go on using it. */
const LINGER_MS = 30_000;

/** CPIs are 16 bits, and those below 256 and above 61439 are taken (RFC 3173 3.3). */
const CPI = { minimum: 256, maximum: 61439 };

interface Entry {
  key: SaKey;
  readonly direction: 'in' | 'out';
  readonly reqid: number;
  ends: SaEnds;
  dying: boolean;
  /** Of a daemon that was killed. */
  readonly adopted: boolean;
}

/** Which of the kernel's SAs are ours. */
export class KernelSad {
  readonly #xfrm: Xfrm;
  /** In the order of their coming. */
  readonly #entries = new Map<string, Entry>();
  /** SPIs that are reserved, by key. */
  readonly #larval = new Map<string, SaKey>();
  readonly #timers = new Set<NodeJS.Timeout>();
  #adopted: Set<number>;

  constructor(xfrm: Xfrm, stale: 'clean' | 'adopt') {
    this.#xfrm = xfrm;
    const left = xfrm.sas.dump().filter((sa) => ownDirection(sa) !== undefined);
    if (stale === 'clean') {
      xfrm.sas.deleteAll(left.map(({ dst, spi, protocol }) => ({ dst, spi, protocol })));
      this.#adopted = new Set();
      return;
    }
    // The kernel dumps the newest first; ours is the order of their coming.
    for (const sa of left.reverse()) this.#adopt(sa, ownDirection(sa)!);
    this.#adopted = new Set(left.map(({ reqid }) => reqid));
  }

  #adopt(sa: Sa, direction: 'in' | 'out'): void {
    const protocol = sa.protocol === 'comp' ? 'ipcomp' : (sa.protocol as SecurityProtocol);
    const key = { spi: sa.spi, dst: sa.dst, protocol };
    const ends = { src: sa.src, dst: sa.dst };
    this.#entries.set(keyText(key), { key, direction, reqid: sa.reqid, ends, dying: false, adopted: true });
  }

  /** True while there are adopted SAs with that end. */
  hasAdopted(remote: string): boolean {
    return this.entries().some(({ adopted, direction, ends }) => {
      return adopted && (direction === 'out' ? ends.dst : ends.src) === remote;
    });
  }

  /** The reqids of adopted SAs, once. */
  takeAdopted(): readonly number[] {
    const reqids = [...this.#adopted];
    this.#adopted = new Set();
    return reqids;
  }

  entries(): readonly Entry[] {
    return [...this.#entries.values()];
  }

  find(key: SaKey): Entry | undefined {
    return this.#entries.get(keyText(key));
  }

  /** By the kernel's words for it. */
  findKernel(sa: { readonly spi: number; readonly dst: string; readonly protocol: string }): Entry | undefined {
    return this.#entries.get(keyText({ ...sa, protocol: sa.protocol === 'comp' ? 'ipcomp' : sa.protocol }));
  }

  /** The newest outbound SA's. */
  readonly endsOf: SaEndsOf = (reqid, protocol) => {
    let newest: Entry | undefined;
    for (const entry of this.#entries.values())
      if (entry.direction === 'out' && entry.reqid === reqid && entry.key.protocol === protocol) newest = entry;
    return newest?.ends;
  };

  allocateSpi(dst: string, protocol: SecurityProtocol): number {
    const range = protocol === 'ipcomp' ? CPI : {};
    const { spi } = this.#xfrm.sas.allocateSpi({ dst, protocol: xfrmProtocol(protocol), ...range });
    const key = { spi, dst, protocol };
    this.#larval.set(keyText(key), key);
    return spi;
  }

  /** Throws what the kernel says; then nothing of it is there. */
  add(spec: SaSpec, sa: XfrmSaSpec): void {
    const { spi, dst, protocol, direction, reqid, src } = spec;
    const key = { spi, dst, protocol };
    const text = keyText(key);
    if (this.#larval.delete(text)) this.#fulfil(sa);
    else this.#xfrm.sas.add(sa);
    this.#entries.set(text, { key, direction, reqid, ends: { src, dst }, dying: false, adopted: false });
  }

  /** The SPI is reserved by a larval SA that lives 30 s; negotiation may have taken longer. */
  #fulfil(sa: XfrmSaSpec): void {
    try {
      this.#xfrm.sas.update(sa);
    } catch (error) {
      if (error instanceof NetlinkError && error.code === 'ESRCH') {
        this.#xfrm.sas.add(sa);
        return;
      }
      this.#xfrm.sas.delete({ dst: sa.dst, spi: sa.spi, protocol: sa.protocol ?? 'esp' });
      throw error;
    }
  }

  delete(key: SaKey): boolean {
    this.forget(key);
    return this.#xfrm.sas.delete(kernelKey(key));
  }

  /** It is not there any more. */
  forget(key: SaKey): void {
    this.#entries.delete(keyText(key));
  }

  moved(key: SaKey, ends: SaEnds): void {
    const entry = this.find(key);
    if (entry === undefined) return;
    this.forget(key);
    const moved = { ...key, dst: ends.dst };
    this.#entries.set(keyText(moved), { ...entry, key: moved, ends });
  }

  /** Adopted SAs that a new outbound one replaces: they send no more, and hear for a while what is on its way. */
  retire({ reqid, protocol }: Pick<SaSpec, 'reqid' | 'protocol'>): void {
    const old = this.entries().filter((e) => e.adopted && e.reqid === reqid && e.key.protocol === protocol);
    for (const { key } of old.filter((e) => e.direction === 'out')) this.delete(key);
    const inbound = old.filter((e) => e.direction === 'in');
    if (inbound.length === 0) return;
    for (const { key } of inbound) this.#linger(key, this.#packets(key));
  }

  #linger(key: SaKey, heard: bigint): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      const packets = this.#packets(key);
      if (packets > heard) this.#linger(key, packets);
      else this.delete(key);
    }, LINGER_MS).unref();
    this.#timers.add(timer);
  }

  #packets(key: SaKey): bigint {
    return this.#xfrm.sas.get(kernelKey(key))?.usage.packets ?? 0n;
  }

  /** All of ours, and no other. */
  flush(): void {
    const keys = this.entries().map(({ key }) => kernelKey(key));
    this.#entries.clear();
    this.#xfrm.sas.deleteAll(keys);
    this.forgetSpis();
  }

  /** SPIs that nobody has come to use. */
  forgetSpis(): void {
    const keys = [...this.#larval.values()].map(kernelKey);
    this.#larval.clear();
    this.#xfrm.sas.deleteAll(keys);
  }

  /** A reservation ran out. */
  spiExpired(sa: { readonly spi: number; readonly dst: string; readonly protocol: string }): void {
    this.#larval.delete(keyText({ ...sa, protocol: sa.protocol === 'comp' ? 'ipcomp' : sa.protocol }));
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
