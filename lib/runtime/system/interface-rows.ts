import type { Item, Row } from '../../routeros/item.ts';
import type { Link } from '../../rtnl/index.ts';
import { isRunning, type Kernel } from './kernel.ts';
import type { Problems } from './problems.ts';

type Values = Record<string, string>;

function yesNo(value: boolean): string {
  return value ? 'yes' : 'no';
}

/** The words of RouterOS for kinds of devices. */
function typeOf(link: Link): string {
  if (link.kind === undefined || link.kind === 'veth') return link.type;
  return link.kind;
}

function running(link: Link): Values {
  return {
    running: yesNo(isRunning(link)),
    'actual-mtu': String(link.mtu),
    ...(link.macAddress && { 'mac-address': link.macAddress.toUpperCase() }),
  };
}

/** The devices of the kernel as `/interface print` shows them. */
export function interfaceRows(kernel: Kernel): Row[] {
  return kernel.links.map((link) => {
    const s = link.statistics;
    const values: Values = {
      name: link.name,
      'default-name': link.name,
      type: typeOf(link),
      mtu: String(link.mtu),
      ...running(link),
      disabled: yesNo(!link.up),
      slave: yesNo(link.master !== undefined),
      // Devices that a program holds, such as the data plane's own, come and go with it.
      dynamic: yesNo(link.kind === 'tun'),
    };
    if (s) {
      const counts = {
        'rx-byte': s.rxBytes,
        'tx-byte': s.txBytes,
        'rx-packet': s.rxPackets,
        'tx-packet': s.txPackets,
        'rx-drop': s.rxDropped,
        'tx-drop': s.txDropped,
        'rx-error': s.rxErrors,
        'tx-error': s.txErrors,
      };
      for (const [name, count] of Object.entries(counts)) values[name] = count.toString();
    }
    return { id: `*${(0x80000000 + link.index).toString(16).toUpperCase()}`, values };
  });
}

/** Read-only properties of a configured bridge, VLAN, port or device. */
export function interfaceState(item: Item, kernel: Kernel, problems: Problems): Values {
  if (item.menu === '/interface bridge port') {
    const port = kernel.named(item.values['interface'] ?? '');
    const bridge = kernel.named(item.values['bridge'] ?? '');
    const inside = bridge !== undefined && port?.master === bridge.index && isRunning(port);
    return { inactive: yesNo(!inside || problems.get(item) !== undefined), 'hw-offload': 'no' };
  }
  const link = kernel.named(item.values['name'] ?? '');
  return link ? running(link) : { running: 'no' };
}
