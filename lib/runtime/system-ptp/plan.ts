import type { DelayMechanism, ProfileName, Transport } from '../../ptp/index.ts';
import type { ConfigurationView } from '../../routeros/configuration.ts';
import type { Item } from '../../routeros/item.ts';
import type { PtpDaemonOptions } from '../ptp/index.ts';

/** One clock of `/system ptp`, as its daemon is to run. */
export interface PtpPlan {
  readonly item: Item;
  readonly options: PtpDaemonOptions;
}

function enabled(item: Item): boolean {
  return item.values['disabled'] !== 'yes';
}

/** The value of a property, undefined for `auto`: the profile says it. */
function value(item: Item, property: string): string | undefined {
  const text = item.values[property];
  return text === 'auto' ? undefined : text;
}

function octet(item: Item, property: string): number | undefined {
  const text = value(item, property);
  return text === undefined ? undefined : Number(text);
}

/** The clocks that can run: enabled, with at least one enabled port whose interface is `present`. */
export function planPtp(
  configuration: Pick<ConfigurationView, 'items'>,
  present: (name: string) => boolean,
): readonly PtpPlan[] {
  const ports = configuration.items('/system ptp port').filter(enabled);
  return configuration
    .items('/system ptp')
    .filter(enabled)
    .flatMap((item): PtpPlan[] => {
      const interfaces = ports
        .filter((port) => port.values['ptp'] === item.values['name'])
        .map((port) => port.values['interface'] ?? '')
        .filter(present);
      return interfaces.length === 0 ? [] : [{ item, options: ptpOptions(item, interfaces) }];
    });
}

function ptpOptions(item: Item, interfaces: readonly string[]): PtpDaemonOptions {
  const domainNumber = octet(item, 'domain');
  const priority1 = octet(item, 'priority1');
  const priority2 = octet(item, 'priority2');
  const transport = value(item, 'transport') as Transport | undefined;
  const delayMechanism = value(item, 'delay-mode') as DelayMechanism | undefined;
  return {
    profile: item.values['profile'] as ProfileName,
    ports: interfaces.map((name) => ({ interface: name })),
    ...(domainNumber !== undefined && { domainNumber }),
    ...(priority1 !== undefined && { priority1 }),
    ...(priority2 !== undefined && { priority2 }),
    ...(transport !== undefined && { transport }),
    ...(delayMechanism !== undefined && { delayMechanism }),
    userDescription: item.values['name'] ?? '',
  };
}
