import { ConfigError } from '../../errors.ts';
import type { Configuration } from '../../routeros/configuration.ts';
import type { Item, Row } from '../../routeros/item.ts';
import type { MenuProvider } from '../../routeros/provider.ts';
import { type Monitor, RouteNetlink } from '../../rtnl/index.ts';
import type { Log } from '../log.ts';
import { ManagementServer, PtpDaemon } from '../ptp/index.ts';
import { listen } from './event-log.ts';
import { type PtpPlan, planPtp } from './plan.ts';
import { monitorText, statusRows } from './state.ts';

export interface PtpServiceOptions {
  readonly configuration: Configuration;
  readonly log: Log;
  /** Begins the paths of each clock's management socket (`PREFIX-ptp-1.sock`) and overlay clock (`PREFIX-ptp-1.clock`). */
  readonly pathPrefix: string;
}

interface Running {
  readonly plan: PtpPlan;
  readonly key: string;
  readonly daemon: PtpDaemon;
  readonly management: ManagementServer | undefined;
}

/** Keeps PTP clocks as the `/system ptp` menus want them. */
export class PtpService {
  readonly provider: Required<Pick<MenuProvider, 'rows' | 'state' | 'command'>> = {
    rows: (menu) => this.#rows(menu),
    state: (menu, item) => this.#state(menu, item),
    command: (menu, name, _args, rows) => this.#command(menu, name, rows),
  };
  readonly #options: PtpServiceOptions;
  readonly #running = new Map<string, Running>();
  /** What was said of a clock that does not run. */
  readonly #refused = new Map<string, string>();
  readonly #removeListener: () => void;
  #netlink: RouteNetlink | undefined;
  #links: Monitor | undefined;

  constructor(options: PtpServiceOptions) {
    this.#options = options;
    this.#removeListener = options.configuration.onChange((changes) => {
      if (changes.some(({ menu }) => menu.startsWith('/system ptp'))) this.#apply();
    });
  }

  start(): void {
    this.#netlink = new RouteNetlink();
    this.#links = this.#netlink.monitor({ kinds: ['link'], ref: false });
    void this.#watch(this.#links);
    this.#apply();
  }

  /** Idempotent. Clocks go on at the rates they have. */
  close(): void {
    this.#removeListener();
    this.#links?.close();
    this.#netlink?.close();
    this.#netlink = undefined;
    for (const id of [...this.#running.keys()]) this.#stop(id);
  }

  /** Ports whose interface comes later join then; a link that only changes its state is the daemon's own matter. */
  async #watch(links: Monitor): Promise<void> {
    for await (const change of links) {
      if (change.kind === 'overflow' || (change.kind === 'link' && this.#concerns(change.record.name))) this.#apply();
    }
  }

  #concerns(name: string): boolean {
    return this.#options.configuration.items('/system ptp port').some((port) => port.values['interface'] === name);
  }

  #present(name: string): boolean {
    return this.#netlink?.links.get(name) !== undefined;
  }

  #apply(): void {
    if (!this.#netlink) return;
    const plans = planPtp(this.#options.configuration, (name) => this.#present(name));
    const wanted = new Map(plans.map((plan) => [plan.item.id, plan]));
    for (const [id, { key }] of [...this.#running]) {
      const plan = wanted.get(id);
      if (!plan || JSON.stringify(plan.options) !== key) this.#stop(id);
    }
    for (const id of [...this.#refused.keys()]) if (!wanted.has(id)) this.#refused.delete(id);
    for (const plan of plans) if (!this.#running.has(plan.item.id)) this.#start(plan);
  }

  #start(plan: PtpPlan): void {
    const { log, pathPrefix } = this.#options;
    const { id } = plan.item;
    const name = plan.item.values['name'] ?? '';
    const path = `${pathPrefix}-ptp-${id.slice(1)}`;
    let daemon: PtpDaemon | undefined;
    try {
      daemon = new PtpDaemon({ ...plan.options, overlayPath: `${path}.clock` });
      this.#refuseSharedClock(daemon);
      listen(daemon, name, log);
      if (daemon.fallback) log.add('ptp,warning', `${name}: ${daemon.fallback}`);
      daemon.start();
      const management = this.#manage(daemon, name, `${path}.sock`);
      this.#running.set(id, { plan, key: JSON.stringify(plan.options), daemon, management });
      this.#refused.delete(id);
      log.add('ptp,info', `${name} started on ${plan.options.ports.map((port) => port.interface).join(', ')}`);
    } catch (error) {
      daemon?.close();
      const reason = (error as Error).message;
      if (this.#refused.get(id) !== reason) log.add('ptp,error', `${name}: ${reason}`);
      this.#refused.set(id, reason);
    }
  }

  /** Two servos on one clock would fight. */
  #refuseSharedClock(daemon: PtpDaemon): void {
    const { name } = daemon.snapshot().clock;
    const other = [...this.#running.values()].find((running) => running.daemon.snapshot().clock.name === name);
    if (other) throw new Error(`${name} is the clock of ${other.plan.item.values['name']} already`);
  }

  /** A clock without management is still a clock. */
  #manage(daemon: PtpDaemon, name: string, path: string): ManagementServer | undefined {
    try {
      return new ManagementServer(daemon, { path });
    } catch (error) {
      this.#options.log.add('ptp,warning', `${name}: no management: ${(error as Error).message}`);
      return undefined;
    }
  }

  #stop(id: string): void {
    const running = this.#running.get(id);
    if (!running) return;
    this.#running.delete(id);
    running.management?.close();
    running.daemon.close();
    this.#options.log.add('ptp,info', `${running.plan.item.values['name']} stopped`);
  }

  #rows(menu: string): readonly Row[] | undefined {
    if (menu !== '/system ptp status') return undefined;
    const rows: Row[] = [];
    for (const { plan, daemon } of this.#running.values())
      rows.push(...statusRows(plan.item.values['name'] ?? '', rows.length + 1, daemon));
    return rows;
  }

  #state(menu: string, item: Item | undefined): Readonly<Record<string, string>> {
    if (!this.#netlink || !item || item.values['disabled'] === 'yes') return {};
    if (menu === '/system ptp') return { inactive: this.#running.has(item.id) ? 'no' : 'yes' };
    if (menu !== '/system ptp port') return {};
    const name = item.values['interface'];
    const active = [...this.#running.values()].some(
      ({ plan }) =>
        plan.item.values['name'] === item.values['ptp'] && plan.options.ports.some((port) => port.interface === name),
    );
    return { inactive: active ? 'no' : 'yes' };
  }

  #command(menu: string, command: string, rows: readonly Row[]): string {
    if (menu !== '/system ptp' || command !== 'monitor')
      throw new ConfigError(`${menu} has no command ${command}`, menu);
    return rows
      .map((row) => {
        const running = this.#running.get(row.id);
        const name = row.values['name'] ?? '';
        if (running) return monitorText(name, running.daemon);
        const reason = this.#refused.get(row.id);
        throw new ConfigError(`${name} is not active${reason ? `: ${reason}` : ''}`, menu, 'numbers');
      })
      .join('\n');
  }
}
