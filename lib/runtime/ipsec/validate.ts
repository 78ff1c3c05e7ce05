import type { Configuration, ConfigurationView } from '../../routeros/configuration.ts';
import type { Change } from '../../routeros/item.ts';
import { type IpsecPlan, type NetworkView, PolicyNumbers, planIpsec, readItems } from './plan.ts';

/** Whether a configuration can be is no matter of the network it meets. */
const nowhere: NetworkView = { sourceAddress: () => undefined, resolve: () => undefined };

export function isIpsecChange(change: Change): boolean {
  return change.menu.startsWith('/ip ipsec');
}

/**
 * Refuses changes of the `/ip ipsec` menus that IKE or the data plane cannot do, at the item that is at fault. Returns its
 * own removal.
 */
export function onValidateIpsec(configuration: Configuration): () => void {
  const plans = new WeakMap<ConfigurationView, IpsecPlan>();
  return configuration.onValidate((change, next) => {
    if (!isIpsecChange(change)) return;
    let plan = plans.get(next);
    if (plan === undefined) {
      plan = planIpsec(readItems(next), new PolicyNumbers(), nowhere);
      plans.set(next, plan);
    }
    for (const refusal of plan.refusals) {
      const { menu, id } = refusal.item;
      const here = menu === change.menu && id === change.id;
      // An item that did not change itself is at fault because of what did: there is no better place to say so.
      const elsewhere = configuration.item(menu, id) === refusal.item;
      if (here || elsewhere) throw refusal;
    }
  });
}
