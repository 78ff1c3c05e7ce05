import type { MenuSchema } from '../schema.ts';
import { address, integer, listOf, reference } from '../value/index.ts';
import { comment, disabled, flag, isDynamic, prop } from './property.ts';

const flags = [[flag('X', 'disabled'), flag('D', 'dynamic')]];

export const interfaceBridgeVlan: MenuSchema = {
  path: '/interface bridge vlan',
  kind: 'list',
  description:
    'Which VLANs the ports of a bridge belong to. It says nothing while the bridge has `vlan-filtering=no`, and no other is there yet.',
  exportOrder: 42,
  print: ['bridge', 'vlan-ids', 'tagged', 'untagged'],
  flags,
  properties: [
    comment,
    disabled,
    prop('bridge', reference('/interface bridge'), undefined, 'The bridge.', { required: true }),
    prop('vlan-ids', listOf(integer(1, 4094)), '1', 'VLANs.'),
    prop('tagged', listOf(reference('/interface')), '', 'Ports whose frames of these VLANs have a tag.'),
    prop('untagged', listOf(reference('/interface')), '', 'Ports whose frames of these VLANs have none.'),
    isDynamic,
  ],
};

export const interfaceBridgeMdb: MenuSchema = {
  path: '/interface bridge mdb',
  kind: 'list',
  description:
    'Multicast groups of bridge ports, entered by hand. It says nothing while the bridge has `igmp-snooping=no`, and no other is there yet.',
  exportOrder: 43,
  print: ['group', 'vid', 'ports', 'bridge'],
  flags,
  properties: [
    comment,
    disabled,
    prop('group', address(), undefined, 'IP multicast address.', { required: true }),
    prop('bridge', reference('/interface bridge'), undefined, 'The bridge.', { required: true }),
    prop('ports', listOf(reference('/interface')), '', 'Ports that get what is sent to the group.'),
    prop('vid', integer(1, 4094), undefined, 'The VLAN.'),
    isDynamic,
  ],
  retired: { interface: 'write ports' },
};
