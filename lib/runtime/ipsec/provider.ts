import { ConfigError } from '../../errors.ts';
import type { Item, Row } from '../../routeros/item.ts';
import type { MenuProvider } from '../../routeros/provider.ts';
import type { IkeDaemon } from '../ike/ike-daemon.ts';
import type { InstalledChild } from '../ike/installed.ts';
import type { ManualSas } from './manual-sa.ts';
import type { IpsecPlan, NetworkView } from './plan.ts';
import { protocolName } from './policy.ts';
import {
  activePeers,
  generatedPolicies,
  installedSas,
  manualSaRows,
  peerState,
  policyState,
  statistics,
} from './state.ts';

/** What the provider reads; the daemon and the plan are those of the moment. */
export interface IpsecSource {
  readonly ike: IkeDaemon | undefined;
  readonly plan: IpsecPlan;
  readonly network: NetworkView;
  items(menu: string): readonly Item[];
  readonly manualSas: ManualSas;
  flushManual(protocol: string): void;
  log(topics: string, message: string): void;
}

/** The running side of the `/ip ipsec` menus. */
export class IpsecProvider implements Required<Omit<MenuProvider, 'clock'>> {
  readonly #source: IpsecSource;

  constructor(source: IpsecSource) {
    this.#source = source;
  }

  rows(menu: string): readonly Row[] | undefined {
    const { ike, plan } = this.#source;
    if (ike === undefined) return undefined;
    switch (menu) {
      case '/ip ipsec active-peers':
        return activePeers(ike);
      case '/ip ipsec installed-sa':
        return [...installedSas(ike), ...manualSaRows(ike, this.#source.manualSas.all())];
      case '/ip ipsec policy':
        return generatedPolicies(ike, plan, this.#source.items(menu));
      default:
        return undefined;
    }
  }

  state(menu: string, item: Item | undefined): Readonly<Record<string, string>> {
    const { ike, plan } = this.#source;
    if (ike === undefined) return {};
    if (menu === '/ip ipsec statistics') return statistics(ike.dataPlane.statistics());
    if (menu === '/ip ipsec policy' && item !== undefined) return policyState(ike, plan, item);
    if (menu === '/ip ipsec peer' && item !== undefined) return peerState(item, this.#source.network);
    return {};
  }

  command(menu: string, name: string, args: Readonly<Record<string, string>>, rows: readonly Row[]): undefined {
    const { ike } = this.#source;
    if (ike === undefined) throw new ConfigError('IKE does not run', menu);
    // Rows of no number were not given: the command means all.
    const numbers = new Set(rows.map((row) => Number.parseInt(row.id.slice(1), 16)));
    const all = rows.length === 0;
    const ikeSas = ike.ikeSas().filter((sa) => all || numbers.has(sa.ikeSa));
    const children = ike.children().filter(({ childSa: n }) => all || numbers.has(2 * n) || numbers.has(2 * n + 1));
    switch (`${menu} ${name}`) {
      case '/ip ipsec active-peers kill-connections':
      case '/ip ipsec active-peers remove':
        for (const sa of ikeSas) ike.terminate(sa.ikeSa);
        return;
      case '/ip ipsec active-peers rekey':
        for (const sa of ikeSas) ike.rekeyIke(sa.ikeSa);
        return;
      case '/ip ipsec installed-sa flush':
      case '/ip ipsec installed-sa remove':
        for (const child of children.filter(isOfType(args['sa-type']))) ike.closeChild(child.childSa);
        if (name === 'flush') this.#source.flushManual(args['sa-type'] ?? 'all');
        return;
      case '/ip ipsec installed-sa rekey':
        for (const child of children.filter((c) => c.active)) ike.rekeyChild(child.childSa);
        return;
      case '/ip ipsec policy dump-kernel-policies':
        for (const line of kernelPolicyLines(ike)) this.#source.log('ipsec,debug,packet', line);
        return;
      default:
        throw new ConfigError(`${menu} has no command ${name}`, menu);
    }
  }
}

function isOfType(type = 'all'): (child: InstalledChild) => boolean {
  return (child) => type === 'all' || child.in.protocol === type;
}

/** One line per policy, as RouterOS writes them to its log, and what it needs behind. */
function kernelPolicyLines({ dataPlane }: IkeDaemon): string[] {
  const policies = dataPlane.kernelPolicies?.();
  if (policies === undefined) return [`policy ipsec none in the kernel: the data plane is ${dataPlane.kind}`];
  return policies.map((p) => {
    const protocol = p.protocol === 0 ? '' : ` ${protocolName(p.protocol)}`;
    const needs = p.action === 'block' ? 'discard' : p.templates.join(', ') || 'none';
    return `policy ipsec ${p.direction}: ${p.src}[${p.srcPort}] - ${p.dst}[${p.dstPort}]${protocol} ${needs}`;
  });
}
