import { randomBytes } from 'node:crypto';
import { ClosedError, UnsupportedError } from '../errors.ts';
import { callNative, nativeError } from '../native.ts';
import { Monitor, RouteNetlink } from '../rtnl/index.ts';
import { addon, type NativeEvent, type NativeUserspaceDataPlane } from './addon.ts';
import { bankPreferences, familyOf, MAXIMUM_POLICIES } from './catch-rules.ts';
import type {
  DataPlane,
  DataPlaneEvents,
  Endpoint,
  IkeDatagram,
  IpsecStatistics,
  PolicySpec,
  SaKey,
  SaSpec,
  SaState,
  SecurityProtocol,
} from './dataplane.ts';
import { Footprint } from './footprint.ts';
import type { UserspaceOptions, XdpState } from './options.ts';
import { RuleBanks } from './rule-banks.ts';
import { CounterView, type ThreadStatistics } from './statistics.ts';

/** Addresses and routes change in bursts. */
const REFRESH_MS = 100;

/**
 * IPsec without the kernel's: a packet thread between a TUN device and the ESP and IKE sockets of the calling thread's
 * network namespace. Needs CAP_NET_ADMIN and CAP_NET_RAW.
 *
 * Packets in the clear that should have come protected are dropped: those that the kernel would forward by the packet
 * thread, those to this host itself by the kernel, which is told so with a table of nf_tables that ends with this object.
 */
export class UserspaceDataPlane implements DataPlane {
  readonly kind = 'userspace';
  /** Name of the TUN device. */
  readonly device: string;
  /** True on a kernel without IPv6: IPv6 SAs and policies are then an UnsupportedError. */
  readonly lacksIpv6: boolean;
  /**
   * Why packets in the clear that are addressed to this host itself are delivered although a policy demands protection,
   * which takes nf_tables of Linux 5.12; '' if they are dropped (RFC 4301 5.2).
   */
  readonly inputUnfiltered: string;
  readonly #native: NativeUserspaceDataPlane;
  readonly #rules: RuleBanks;
  readonly #counters: CounterView;
  readonly #events: DataPlaneEvents;
  readonly #monitor: Monitor;
  readonly #footprint: Footprint;
  #policies: readonly PolicySpec[] = [];
  #refreshing: NodeJS.Timeout | undefined;
  #closed = false;

  /**
   * Throws SystemError naming address and port if one is taken, EBUSY if the device's name is, EPERM without the
   * capabilities; NetlinkError if a route or rule is refused; TypeError naming the option that cannot be.
   */
  constructor(events: DataPlaneEvents, options: UserspaceOptions = {}) {
    const { device = 'rp0', mtu = 1400, ikePort = 500, natPort = 4500 } = options;
    const { threads = 1, small = false, pollUs = 0, frames = 'any' } = options;
    const xdp = options.xdp === 'auto' ? ethernetInterfaces() : (options.xdp ?? []);
    const { table = 21072, mark = 0x5250, preference = 5000, maximumPolicies = MAXIMUM_POLICIES } = options;
    wholeNumber('table', table, 1, 0xfffffffe);
    wholeNumber('maximumPolicies', maximumPolicies, 1, MAXIMUM_POLICIES);
    // The kernel's rule for the main table is 32766.
    wholeNumber('preference', preference, 1, 32766 - 2 * bankPreferences(maximumPolicies));
    this.#events = events;
    this.device = device;
    this.#native = callNative(
      () =>
        new addon.UserspaceDataPlane(
          { device, mtu, ikePort, natPort, mark, threads, small, pollUs, xdp, frames },
          (ike, happened) => this.#deliver(ike, happened),
        ),
    );
    let rules: RuleBanks | undefined;
    try {
      const deviceIndex = this.#native.deviceIndex;
      this.lacksIpv6 = this.#native.lacksIpv6;
      this.inputUnfiltered = this.#native.inputUnfiltered;
      this.#counters = new CounterView(this.#native.counters());
      const families = this.lacksIpv6 ? (['inet'] as const) : (['inet', 'inet6'] as const);
      rules = new RuleBanks({ device, deviceIndex, table, mark, preference, maximumPolicies, families });
      this.#rules = rules;
      this.#monitor = new Monitor({ ref: false });
      void this.#watch([table, table + 1]);
      this.#footprint = new Footprint(small);
    } catch (error) {
      try {
        rules?.close();
      } finally {
        this.#native.close();
      }
      throw error;
    }
  }

  allocateSpi(dst: string, protocol: SecurityProtocol): number {
    for (;;) {
      const spi = randomBytes(4).readUInt32BE();
      // 1..255 are reserved (RFC 4303 2.1).
      if (spi >= 256 && this.sa({ spi, dst, protocol }) === undefined) return spi;
    }
  }

  addSa(spec: SaSpec): void {
    this.#call((native) => native.addSa(spec));
  }

  updateSa(key: SaKey, change: Pick<SaSpec, 'src' | 'dst' | 'udp'> | Pick<SaSpec, 'lifetime'>): void {
    this.#call((native) => native.updateSa(key, change));
  }

  deleteSa(key: SaKey): boolean {
    return this.#call((native) => native.deleteSa(key));
  }

  sa(key: SaKey): SaState | undefined {
    return this.#call((native) => native.sa(key));
  }

  /** The interfaces of the option `xdp`. */
  xdpStates(): readonly XdpState[] {
    return this.#call((native) => native.xdp());
  }

  flushSas(): void {
    this.#call((native) => native.flushSas());
  }

  setPolicies(policies: readonly PolicySpec[]): void {
    const ids = new Set<number>();
    for (const policy of policies) {
      if (ids.has(policy.id)) throw new TypeError(`policies: two with id ${policy.id}`);
      ids.add(policy.id);
      if (this.lacksIpv6 && familyOf(policy.selector) === 'inet6') throw new UnsupportedError('IPv6');
    }
    this.#call((native) => native.setPolicies({ policies }));
    try {
      this.#rules.set(policies);
    } catch (error) {
      // What the rules do not bring here the SPD must not seem to protect.
      this.#call((native) => native.setPolicies({ policies: this.#policies }));
      throw error;
    }
    this.#policies = policies;
  }

  statistics(): IpsecStatistics {
    return this.#counters.ipsec();
  }

  /** What the packet threads moved so far; readable after `close()` too. */
  threadStatistics(): ThreadStatistics {
    return this.#counters.thread();
  }

  sendIke(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean {
    return this.#call((native) => native.sendIke(local, remote, data));
  }

  /** Rules, routes and device go, keys are wiped. Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#footprint.close();
    this.#monitor.close();
    clearTimeout(this.#refreshing);
    try {
      this.#rules.close();
    } finally {
      this.#native.close();
    }
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #call<T>(body: (native: NativeUserspaceDataPlane) => T): T {
    if (this.#closed) throw new ClosedError('UserspaceDataPlane');
    return callNative(() => body(this.#native));
  }

  /** Which source address the kernel gives to local packets is part of what the rules say. */
  async #watch(ownTables: readonly number[]): Promise<void> {
    for await (const change of this.#monitor) {
      if (change.kind === 'route' && ownTables.includes(change.record.table)) continue;
      this.#refreshing ??= setTimeout(() => {
        this.#refreshing = undefined;
        this.#refresh();
      }, REFRESH_MS).unref();
    }
  }

  #refresh(): void {
    try {
      const { deviceIndex } = this.#native;
      if (deviceIndex !== 0) this.#rules.refresh(deviceIndex);
    } catch {
      // The device is down or gone: nothing leaves in the clear, and the next change is another attempt.
    }
  }

  #deliver(ike: readonly IkeDatagram[], happened: readonly NativeEvent[]): void {
    if (ike.length > 0 && !this.#closed) this.#events.ike(ike);
    for (const event of happened) {
      // A listener may close the data plane; then nothing more is told.
      if (this.#closed) return;
      switch (event.type) {
        case 'acquire':
          this.#events.acquire(event);
          break;
        case 'expire':
          this.#events.expire(event);
          break;
        case 'mapping':
          this.#events.mapping(event);
          break;
        case 'drop':
          this.#events.drop?.(event);
          break;
        case 'failed':
          this.#events.failed?.(nativeError(event.error) as Error);
          break;
        case 'recovered':
          this.#refresh();
          this.#events.recovered?.();
          break;
      }
    }
  }
}

/** Those that packets come in by as they are: nobody's members, and not down. */
function ethernetInterfaces(): string[] {
  using netlink = new RouteNetlink();
  return netlink.links
    .dump()
    .filter(({ type, up, kind, master }) => type === 'ether' && up && kind !== 'tun' && master === undefined)
    .map(({ name }) => name);
}

function wholeNumber(option: string, value: number, minimum: number, maximum: number): void {
  if (!Number.isInteger(value) || value < minimum || value > maximum)
    throw new TypeError(`${option}: not a whole number of ${minimum}..${maximum}`);
}
