import { RTPROT_ROUTEPLANE } from '../../dataplane/rule-banks.ts';
import { ClosedError } from '../../errors.ts';
import type { Configuration } from '../../routeros/configuration.ts';
import { type Monitor, type NetworkChange, RouteNetlink } from '../../rtnl/index.ts';
import type { Log } from '../log.ts';
import { Addresses } from './addresses.ts';
import { Forwarding } from './forwarding.ts';
import { type InterfaceWish, interfaceWishes } from './interface-wishes.ts';
import { Interfaces } from './interfaces.ts';
import { isRunning, type Kernel, readKernel } from './kernel.ts';
import { describeRefusal, Problems } from './problems.ts';
import { SystemProvider, type SystemSource } from './provider.ts';
import { Routes } from './routes.ts';
import { isSystemChange, onValidateSystem } from './validate.ts';

/** How long after a change in the kernel it is looked at: one link that goes takes many routes with it. */
const settleMs = 20;

/** How long a link that was brought up may take to run before the start goes on without it: its cable may be out. */
const runningMs = 500;

export interface SystemServiceOptions {
  readonly configuration: Configuration;
  readonly log: Log;
  /** The kernel's links, addresses or routes changed, and were brought to the configuration again. */
  readonly onNetworkChange?: () => void;
}

/** The data plane puts its routes in again whenever it is asked to look: to look because of them would never end. */
function isOwn(change: NetworkChange): boolean {
  return change.kind === 'route' && !change.removed && change.record.protocol === RTPROT_ROUTEPLANE;
}

/**
 * Keeps the kernel's links, addresses, routes and forwarding as the configuration wants them: when it changes, and when
 * the kernel does (an interface that appears, a cable that is plugged in). Acts in the network namespace of the thread.
 */
export class SystemService implements SystemSource {
  readonly provider = new SystemProvider(this);
  readonly problems: Problems;
  readonly routes: Routes;
  readonly configuration: Configuration;
  readonly #log: Log;
  readonly #onNetworkChange: (() => void) | undefined;
  readonly #netlink = new RouteNetlink();
  readonly #interfaces: Interfaces;
  readonly #addresses: Addresses;
  readonly #forwarding: Forwarding;
  readonly #removals: (() => void)[];
  #monitor: Monitor | undefined;
  #settling: NodeJS.Timeout | undefined;
  #cached: Kernel | undefined;
  #started = false;
  #closed = false;

  constructor(options: SystemServiceOptions) {
    const { configuration, log } = options;
    this.configuration = configuration;
    this.#log = log;
    this.#onNetworkChange = options.onNetworkChange;
    this.problems = new Problems(log);
    this.routes = new Routes(this.#netlink, this.problems);
    this.#interfaces = new Interfaces(this.#netlink, this.problems);
    this.#addresses = new Addresses(this.#netlink, this.problems);
    this.#forwarding = new Forwarding(log);
    this.#removals = [
      onValidateSystem(configuration),
      configuration.onChange((changes) => {
        if (this.#monitor && changes.some(isSystemChange)) this.#settle();
      }),
    ];
  }

  /**
   * Puts the configuration to work and watches the kernel from now on. Refusals of single items are logged. Links that it
   * brings up are waited for, `runningMs` at most: routes need them.
   */
  async start(): Promise<void> {
    if (this.#closed) throw new ClosedError('SystemService');
    this.#started = true;
    const wishes = interfaceWishes(this.configuration);
    this.problems.begin();
    let kernel = this.#setLinks(wishes);
    const isWaiting = ([name, { up }]: [string, InterfaceWish]) => {
      const link = up?.value === true ? kernel.named(name) : undefined;
      return link !== undefined && !isRunning(link);
    };
    for (let waited = 0; [...wishes].some(isWaiting) && waited < runningMs; waited += settleMs) {
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      if (this.#closed) return;
      kernel = readKernel(this.#netlink);
    }
    this.#monitor ??= this.#watch();
    this.apply();
  }

  /** The kernel as it is now; read once for all rows and states that are asked for in one go. */
  get kernel(): Kernel | undefined {
    if (!this.#monitor) return undefined;
    if (!this.#cached) {
      this.#cached = readKernel(this.#netlink);
      setImmediate(() => {
        this.#cached = undefined;
      }).unref();
    }
    return this.#cached;
  }

  /** Brings the kernel to what the configuration says. */
  apply(): void {
    clearTimeout(this.#settling);
    this.#settling = undefined;
    const { configuration } = this;
    this.problems.begin();
    this.#forwarding.apply(configuration);
    let kernel = this.#setLinks(interfaceWishes(configuration));
    if (this.#addresses.apply(configuration, kernel)) kernel = readKernel(this.#netlink);
    this.routes.apply(configuration, kernel);
    this.problems.end();
    this.#cached = undefined;
  }

  #setLinks(wishes: ReadonlyMap<string, InterfaceWish>): Kernel {
    let kernel = readKernel(this.#netlink);
    if (this.#interfaces.make(wishes, kernel)) kernel = readKernel(this.#netlink);
    if (this.#interfaces.set(wishes, kernel)) kernel = readKernel(this.#netlink);
    return kernel;
  }

  #watch(): Monitor {
    const monitor = this.#netlink.monitor({ ref: false });
    (async () => {
      // Whatever it was, an overflow too: the tables are read again. Own changes come by as well and change nothing.
      for await (const change of monitor) {
        if (!isOwn(change)) this.#settling ??= setTimeout(() => this.#settle(), settleMs).unref();
      }
    })().catch((error: unknown) => this.#log.add('system,error', `network monitor: ${describeRefusal(error)}`));
    return monitor;
  }

  #settle(): void {
    this.#settling = undefined;
    try {
      this.apply();
      this.#onNetworkChange?.();
    } catch (error) {
      this.#log.add('system,error', `network: ${describeRefusal(error)}`);
    }
  }

  /** Leaves the network as it is, for a next daemon. Idempotent. */
  detach(): void {
    this.#end(() => {});
  }

  /** Takes back what was added and changed. Idempotent. */
  close(): void {
    this.#end(() => {
      this.routes.close(readKernel(this.#netlink));
      this.#addresses.close();
      this.#interfaces.close(readKernel(this.#netlink));
      this.#forwarding.close();
    });
  }

  #end(takeBack: () => void): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const remove of this.#removals) remove();
    clearTimeout(this.#settling);
    if (this.#started) {
      this.#monitor?.close();
      this.#monitor = undefined;
      takeBack();
    }
    this.#netlink.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
