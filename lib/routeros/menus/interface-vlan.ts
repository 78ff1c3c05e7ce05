import type { MenuSchema } from '../schema.ts';
import { integer, name, reference, yesNo } from '../value/index.ts';
import { arp, mtu, running } from './interface-properties.ts';
import { comment, disabled, flag, only, prop } from './property.ts';

export const interfaceVlan: MenuSchema = {
  path: '/interface vlan',
  kind: 'list',
  description: 'IEEE 802.1Q devices.',
  exportOrder: 30,
  print: ['name', 'mtu', 'arp', 'vlan-id', 'interface'],
  flags: [[flag('X', 'disabled'), flag('R', 'running')]],
  unique: [['name']],
  unsupported: ['arp-timeout', 'loop-protect', 'loop-protect-disable-time', 'loop-protect-send-interval', 'mvrp'],
  properties: [
    comment,
    disabled,
    prop('name', name, undefined, 'Name of the device.', { required: true, generate: 'vlan' }),
    mtu,
    arp,
    prop('vlan-id', integer(1, 4095), '1', 'VLAN.'),
    prop('interface', reference('/interface'), undefined, 'The device below.', { required: true }),
    only(prop('use-service-tag', yesNo, 'no', 'IEEE 802.1ad tag.', { quiet: true }), 'no'),
    running,
  ],
};
