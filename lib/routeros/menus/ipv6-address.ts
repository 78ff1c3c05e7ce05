import type { MenuSchema } from '../schema.ts';
import { interfaceAddress, plain, reference, yesNo } from '../value/index.ts';
import { comment, disabled, flag, isDynamic, isInvalid, mark, prop, state } from './property.ts';

export const ipv6Address: MenuSchema = {
  path: '/ipv6 address',
  kind: 'list',
  description: 'IPv6 addresses of interfaces.',
  exportOrder: 210,
  print: ['address', 'interface', 'advertise'],
  flags: [
    [flag('X', 'disabled'), flag('I', 'invalid'), flag('D', 'dynamic')],
    [flag('G', 'global'), flag('L', 'link-local')],
  ],
  unique: [['address', 'interface']],
  unsupported: ['auto-link-local', 'from-pool'],
  properties: [
    comment,
    disabled,
    prop('address', interfaceAddress(6), undefined, 'Address and length of its network; without a length, /64.', {
      required: true,
    }),
    prop('interface', reference('/interface'), undefined, 'Interface it is on.', { required: true }),
    prop('advertise', yesNo, 'yes', 'Whether router advertisements name its network; none are sent yet.'),
    prop('eui-64', yesNo, 'no', 'Whether the lower half is made from the MAC address.'),
    prop('no-dad', yesNo, 'no', 'Whether it is used without asking for duplicates.'),
    state('actual-interface', plain, 'Interface it really is on.', { quiet: true }),
    mark('global', 'Whether its scope is global.'),
    mark('link-local', 'Whether its scope is the link.'),
    isDynamic,
    isInvalid,
  ],
};
