import { ClosedError } from '../errors.ts';
import { Xfrm, type XfrmEvent, XfrmMonitor, type Selector as XfrmSelector, xfrmStatistics } from '../xfrm/index.ts';
import type {
  DataPlane,
  DataPlaneEvents,
  Endpoint,
  IkeDatagram,
  IpsecStatistics,
  KernelPolicy,
  PolicySpec,
  SaKey,
  SaSpec,
  SaState,
  SecurityProtocol,
} from './dataplane.ts';
import { IkeSockets } from './ike-sockets.ts';
import { FIRST_PRIORITY, kernelPolicies, LAST_PRIORITY, toKernelPolicy } from './kernel-policies.ts';
import { saRefusal } from './kernel-refusal.ts';
import {
  isPastSoftLimit,
  kernelKey,
  kernelLifetime,
  keyText,
  ownDirection,
  toKernelSa,
  toSaState,
} from './kernel-sa.ts';
import { KernelSad } from './kernel-sad.ts';
import { packetSelector } from './kernel-selector.ts';
import { KernelSpd } from './kernel-spd.ts';
import type { KernelOptions } from './options.ts';

/** A NAT that maps anew is told of with every packet until the SA is changed. */
const MAPPING_MS = 1000;
/** How often the kernel is asked again for policies that it refused. */
const RETRY_MS = 1000;

/**
 * IPsec by the kernel: SAs and policies over XFRM netlink, IKE's sockets beside them. It works in the network namespace of the
 * thread that makes it and needs CAP_NET_ADMIN (and CAP_NET_BIND_SERVICE for the ports). Other programs' SAs and policies are left
 * alone.
 */
export class KernelDataPlane implements DataPlane {
  readonly kind = 'kernel';
  /** True on a kernel without IPv6. */
  readonly lacksIpv6: boolean;
  readonly #events: DataPlaneEvents;
  readonly #xfrm: Xfrm;
  readonly #sad: KernelSad;
  readonly #spd: KernelSpd;
  readonly #sockets: IkeSockets;
  readonly #monitor: XfrmMonitor;
  /** Of its own: there are so many of these that they would take the room of the others. */
  readonly #changes: XfrmMonitor;
  readonly #mapped = new Map<string, number>();
  #policies: readonly PolicySpec[] | undefined;
  #retry: NodeJS.Timeout | undefined;
  #failed = false;
  #closed = false;

  /**
   * Throws SystemError naming address and port if one is taken, EPERM without the capability; NetlinkError if the kernel has no
   * XFRM.
   */
  constructor(events: DataPlaneEvents, options: KernelOptions = {}) {
    const { ikePort = 500, natPort = 4500, staleSas = 'clean' } = options;
    this.#events = events;
    this.#xfrm = new Xfrm();
    const opened: { close(): void }[] = [this.#xfrm];
    try {
      this.#sockets = new IkeSockets({ ikePort, natPort, mark: 0 }, (datagrams) => this.#ike(datagrams));
      opened.push(this.#sockets);
      this.lacksIpv6 = this.#sockets.lacksIpv6;
      this.#monitor = new XfrmMonitor({ kinds: ['acquire', 'expire', 'mapping'], ref: false });
      opened.push(this.#monitor);
      this.#changes = new XfrmMonitor({ kinds: ['sa', 'policy'], ref: false });
      opened.push(this.#changes);
      this.#sad = new KernelSad(this.#xfrm, staleSas);
      this.#spd = new KernelSpd(this.#xfrm);
    } catch (error) {
      for (const resource of opened.reverse()) resource.close();
      throw error;
    }
    for (const monitor of [this.#monitor, this.#changes]) void this.#listen(monitor);
  }

  allocateSpi(dst: string, protocol: SecurityProtocol): number {
    this.#open();
    return this.#sad.allocateSpi(dst, protocol);
  }

  addSa(spec: SaSpec): void {
    this.#open();
    const sa = toKernelSa(spec);
    try {
      this.#sad.add(spec, sa);
    } catch (error) {
      throw saRefusal(error, spec);
    }
    if (spec.direction === 'in') return;
    try {
      this.#compile();
    } catch (error) {
      this.#sad.delete(spec);
      throw error;
    }
    this.#sad.retire(spec);
  }

  updateSa(key: SaKey, change: Pick<SaSpec, 'src' | 'dst' | 'udp'> | Pick<SaSpec, 'lifetime'>): void {
    this.#open();
    const entry = this.#sad.find(key);
    if (entry === undefined) throw new TypeError('key: there is no such SA');
    if ('lifetime' in change) this.#xfrm.sas.change(kernelKey(key), { lifetime: kernelLifetime(change.lifetime) });
    if (!('dst' in change)) return;
    const { src, dst, udp } = change;
    this.#xfrm.sas.change(kernelKey(key), { src, dst, ...(udp ? { encapsulation: udp } : { plain: true }) });
    this.#sad.moved(key, { src, dst });
    if (entry.direction === 'out') this.#compile();
  }

  deleteSa(key: SaKey): boolean {
    this.#open();
    const outbound = this.#sad.find(key)?.direction === 'out';
    const there = this.#sad.delete(key);
    if (outbound) this.#compile();
    return there;
  }

  sa(key: SaKey): SaState | undefined {
    this.#open();
    const entry = this.#sad.find(key);
    const sa = entry && this.#xfrm.sas.get(kernelKey(key));
    return sa && toSaState(sa, entry.direction, entry.dying);
  }

  flushSas(): void {
    this.#open();
    this.#sad.flush();
    this.#compile();
  }

  setPolicies(policies: readonly PolicySpec[]): void {
    this.#open();
    const ids = new Set<number>();
    for (const { id } of policies) {
      if (ids.has(id)) throw new TypeError(`policies: two with id ${id}`);
      ids.add(id);
    }
    this.#spd.set(kernelPolicies(policies, this.#sad.endsOf));
    this.#policies = policies;
    for (const reqid of this.#sad.takeAdopted()) this.#askAnew(reqid);
  }

  /** Of the whole network namespace, since it was made: other programs' IPsec is in it. */
  statistics(): IpsecStatistics {
    this.#open();
    return xfrmStatistics();
  }

  kernelPolicies(): KernelPolicy[] {
    this.#open();
    const rank = { in: 1, out: 2, fwd: 0 } as const;
    return this.#xfrm.policies
      .dump({ minimumPriority: FIRST_PRIORITY, maximumPriority: LAST_PRIORITY })
      .sort((a, b) => rank[a.direction] - rank[b.direction] || a.priority - b.priority)
      .map(toKernelPolicy);
  }

  sendIke(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean {
    this.#open();
    return this.#sockets.send(local, remote, data);
  }

  hasAdopted(remote: string): boolean {
    this.#open();
    return this.#sad.hasAdopted(remote);
  }

  /** SAs and policies go. Idempotent. */
  close(): void {
    this.#close(() => {
      this.#spd.set(new Map());
      this.#sad.flush();
    });
  }

  /** Leaves SAs and policies to the kernel, for a next daemon that adopts them: traffic goes on. Idempotent. */
  detach(): void {
    this.#close(() => this.#sad.forgetSpis());
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #close(last: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#monitor.close();
    this.#changes.close();
    clearTimeout(this.#retry);
    try {
      last();
    } finally {
      this.#sad.close();
      this.#sockets.close();
      this.#xfrm.close();
    }
  }

  #open(): void {
    if (this.#closed) throw new ClosedError('KernelDataPlane');
  }

  /** The templates of a tunnel carry the addresses of its SA, so they change with it. */
  #compile(): void {
    if (this.#policies !== undefined) this.#spd.set(kernelPolicies(this.#policies, this.#sad.endsOf));
  }

  /** For what nobody waits for: a refusal is told, and everything tried again. */
  #enforce(body: () => void): void {
    try {
      body();
    } catch (error) {
      if (!this.#failed) this.#events.failed?.(error as Error);
      this.#failed = true;
      // Whoever was told may have closed it.
      if (this.#closed) return;
      clearTimeout(this.#retry);
      this.#retry = setTimeout(() => {
        this.#enforce(() => {
          this.#compile();
          this.#resynchronise();
          this.#failed = false;
          this.#events.recovered?.();
        });
      }, RETRY_MS).unref();
    }
  }

  #ike(datagrams: readonly IkeDatagram[]): void {
    if (!this.#closed) this.#events.ike(datagrams);
  }

  async #listen(monitor: XfrmMonitor): Promise<void> {
    for await (const event of monitor) {
      if (this.#closed) return;
      this.#deliver(event);
    }
  }

  #deliver(event: XfrmEvent): void {
    switch (event.type) {
      case 'acquire': {
        const { priority } = event.policy;
        if (priority < FIRST_PRIORITY || priority > LAST_PRIORITY) return;
        const reqid = event.policy.templates?.find((t) => t.protocol === event.protocol)?.reqid ?? 0;
        this.#wanted(reqid, event.packet);
        return;
      }
      case 'expire':
        this.#expired(event);
        return;
      case 'mapping':
        this.#moved(event);
        return;
      case 'sa': {
        // Our own come by as well, when they are forgotten already.
        const entry = event.change === 'deleted' ? this.#sad.findKernel(event.sa) : undefined;
        if (entry === undefined) return;
        this.#enforce(() => {
          if (this.#xfrm.sas.get(kernelKey(entry.key)) === undefined) this.#expire(entry, true);
        });
        return;
      }
      case 'policy':
        if (event.change !== 'deleted') return;
        this.#enforce(() => {
          if (this.#spd.misses(event.policy)) this.#spd.repair();
        });
        return;
      case 'policies-flushed':
        this.#enforce(() => this.#spd.repair());
        return;
      case 'sas-flushed':
      case 'overflow':
        this.#enforce(() => this.#resynchronise());
        return;
    }
  }

  #wanted(reqid: number, packet: XfrmSelector): void {
    const policy = this.#policies?.find((p) => p.reqid === reqid && p.action === 'encrypt');
    if (policy !== undefined) this.#events.acquire({ policy: policy.id, reqid, packet: packetSelector(packet) });
  }

  #expired({ sa, hard }: Extract<XfrmEvent, { type: 'expire' }>): void {
    const entry = this.#sad.findKernel(sa);
    if (entry === undefined) this.#sad.spiExpired(sa);
    else if (ownDirection(sa) !== undefined) this.#expire(entry, hard);
  }

  #expire(entry: { key: SaKey; direction: 'in' | 'out'; reqid: number; dying: boolean }, hard: boolean): void {
    if (!hard && entry.dying) return;
    if (hard) this.#sad.forget(entry.key);
    else entry.dying = true;
    if (hard && entry.direction === 'out') this.#enforce(() => this.#compile());
    const { key, direction, reqid } = entry;
    this.#events.expire({ sa: key, direction, reqid, hard });
  }

  #moved(event: Extract<XfrmEvent, { type: 'mapping' }>): void {
    const entry = this.#sad.findKernel(event.sa);
    if (entry === undefined) return;
    const text = `${event.sa.spi} ${event.newAddress} ${event.newPort}`;
    const now = Date.now();
    for (const [known, at] of this.#mapped) if (now - at >= MAPPING_MS) this.#mapped.delete(known);
    if (this.#mapped.has(text)) return;
    this.#mapped.set(text, now);
    const remote = { address: event.newAddress, port: event.newPort };
    this.#events.mapping({ sa: entry.key, reqid: entry.reqid, remote });
  }

  /** Events were lost, and are made up from what is there. Throws what the kernel refuses. A peer that moved is told of again with its next packet. */
  #resynchronise(): void {
    const there = this.#xfrm.sas.dump();
    const alive = new Map(there.map((sa) => [keyText(sa), sa]));
    const now = Math.floor(Date.now() / 1000);
    for (const entry of this.#sad.entries()) {
      const sa = alive.get(keyText(kernelKey(entry.key)));
      if (sa === undefined) this.#expire(entry, true);
      else if (isPastSoftLimit(sa, now)) this.#expire(entry, false);
    }
    // The kernel's notes of what it has asked somebody for, which it does not ask for again while it has them.
    for (const { spi, reqid, selector } of there)
      if (spi === 0 && selector !== undefined) this.#wanted(reqid, selector);
    this.#spd.repair();
  }

  /** SAs of a daemon that is gone carry traffic, but nobody renews them: IKE has to make its own. */
  #askAnew(reqid: number): void {
    const policy = this.#policies?.find((p) => p.reqid === reqid && p.action === 'encrypt');
    if (policy === undefined) return;
    setImmediate(() => {
      if (!this.#closed) this.#events.acquire({ policy: policy.id, reqid, packet: policy.selector });
    });
  }
}
