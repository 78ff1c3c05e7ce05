import type { SaSpec } from '../../dataplane/dataplane.ts';
import type { IkeEvent } from '../../ike/action.ts';
import type { Configuration } from '../../routeros/configuration.ts';
import type { Item } from '../../routeros/item.ts';
import type { DataPlaneChoice, DataPlaneKind, OpenDataPlane } from '../data-plane.ts';
import { IkeDaemon } from '../ike/ike-daemon.ts';
import type { Log } from '../log.ts';
import { describeDrop, describeEvent } from './event-log.ts';
import { enabled } from './item.ts';
import { ManualSas } from './manual-sa.ts';
import { PeerNames } from './peer-names.ts';
import { dnsName, type IpsecPlan, type NetworkView, PolicyNumbers, planIpsec, readItems } from './plan.ts';
import { IpsecProvider, type IpsecSource } from './provider.ts';
import { isIpsecChange, onValidateIpsec } from './validate.ts';

/** How soon a peer that no route led to is looked for again. */
const retryMs = 5000;

export interface IpsecServiceOptions {
  readonly configuration: Configuration;
  readonly log: Log;
  readonly openDataPlane: OpenDataPlane;
  /** See `IkeDaemonOptions`. */
  readonly keepKeys?: boolean | undefined;
}

/** Keeps IKE and the data plane as the `/ip ipsec` menus want them. */
export class IpsecService implements IpsecSource {
  readonly provider = new IpsecProvider(this);
  readonly network: NetworkView = {
    sourceAddress: (remote) => this.#ike?.sourceAddress(remote),
    resolve: (name) => this.#names.address(name),
  };
  readonly manualSas = new ManualSas();
  readonly #configuration: Configuration;
  readonly #log: Log;
  readonly #numbers = new PolicyNumbers();
  readonly #names = new PeerNames(() => this.apply());
  readonly #removals: (() => void)[];
  readonly #options: IpsecServiceOptions;
  #ike: IkeDaemon | undefined;
  #plan: IpsecPlan;
  #retry: NodeJS.Timeout | undefined;

  constructor(options: IpsecServiceOptions) {
    this.#options = options;
    this.#configuration = options.configuration;
    this.#log = options.log;
    this.#plan = this.#planned();
    this.#removals = [
      onValidateIpsec(options.configuration),
      options.configuration.onChange((changes) => {
        if (changes.some(isIpsecChange)) this.apply();
        if (this.#ike !== undefined && changes.some(({ menu }) => menu === '/ip ipsec settings')) {
          this.#log.add('ipsec,warning', '/ip ipsec settings take effect at the next start');
        }
      }),
    ];
  }

  get ike(): IkeDaemon | undefined {
    return this.#ike;
  }

  get plan(): IpsecPlan {
    return this.#plan;
  }

  items(menu: string): readonly Item[] {
    return this.#configuration.items(menu);
  }

  /** Opens the data plane and puts the configuration to work. Throws what the data plane does. */
  start(): void {
    const settings = this.#configuration.settings('/ip ipsec settings');
    const ike = new IkeDaemon({
      openDataPlane: (events) =>
        this.#options.openDataPlane(events, {
          kind: settings.values['data-plane'] as DataPlaneKind,
          staleSas: settings.values['kernel-sas'] as DataPlaneChoice['staleSas'],
        }),
      keepKeys: this.#options.keepKeys ?? false,
      settings: { cookieThreshold: Number(settings.values['ddos-cookie-threshold']) },
    });
    this.#ike = ike;
    this.#listen(ike);
    this.apply();
  }

  /** Brings IKE and the data plane to the configuration as it is now. What they refuse is logged. */
  apply(): void {
    clearTimeout(this.#retry);
    if (this.#ike === undefined) return;
    try {
      const peers = enabled(this.#configuration.items('/ip ipsec peer'));
      this.#names.watch(new Set(peers.map(dnsName).filter((name) => name !== undefined)));
      const plan = this.#planned();
      this.#ike.setPeers(plan.peers, plan.spd);
      this.manualSas.set(this.#ike.dataPlane, plan.manualSas, (sa, error) => this.#refused(sa, error));
      this.#plan = plan;
      if (plan.unlocated) this.#retry = setTimeout(() => this.apply(), retryMs).unref();
    } catch (error) {
      this.#log.add('ipsec,error', `the configuration could not be applied: ${(error as Error).message}`);
    }
  }

  /** Deletes the SAs at the peers and closes the data plane. */
  async close(): Promise<void> {
    this.#end();
    await this.#ike?.close();
  }

  /** Leaves SAs and policies to a next daemon. */
  detach(): void {
    this.#end();
    this.#ike?.detach();
  }

  /** SAs of `/ip ipsec manual-sa` again, as if they had just been written. */
  flushManual(protocol: string): void {
    if (this.#ike === undefined) return;
    this.manualSas.flush(this.#ike.dataPlane, protocol, (sa, error) => this.#refused(sa, error));
  }

  #refused({ protocol, spi }: SaSpec, error: Error): void {
    this.#log.add(
      'ipsec,error',
      `the data plane refused the manual SA ${protocol} 0x${spi.toString(16)}: ${error.message}`,
    );
  }

  log(topics: string, message: string): void {
    this.#log.add(topics, message);
  }

  #end(): void {
    clearTimeout(this.#retry);
    this.#names.close();
    for (const remove of this.#removals) remove();
  }

  #planned(): IpsecPlan {
    return planIpsec(readItems(this.#configuration), this.#numbers, this.network);
  }

  #listen(ike: IkeDaemon): void {
    const names = [
      'ike-sa-established',
      'ike-sa-rekeyed',
      'ike-sa-closed',
      'ike-sa-failed',
      'child-sa-established',
      'child-sa-rekeyed',
      'child-sa-closed',
      'child-sa-failed',
      'log',
    ] as const;
    for (const name of names) {
      ike.on(name, (event: IkeEvent) => {
        for (const { topics, message, fields } of describeEvent(event)) this.#log.add(topics, message, fields);
      });
    }
    ike.on('drop', (event) => {
      const { topics, message } = describeDrop(event);
      this.#log.add(topics, message);
    });
    ike.on('failed', (error) => {
      this.#log.add('system,error,critical', `the data plane failed: ${error.message}`);
    });
    ike.on('recovered', () => this.#log.add('system,info', 'the data plane works again'));
  }
}
