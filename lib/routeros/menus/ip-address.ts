import type { MenuSchema } from '../schema.ts';
import { address, interfaceAddress, networkOf, plain, reference } from '../value/index.ts';
import { comment, disabled, flag, isDynamic, isInvalid, prop, state } from './property.ts';

export const ipAddress: MenuSchema = {
  path: '/ip address',
  kind: 'list',
  description: 'IPv4 addresses of interfaces.',
  exportOrder: 200,
  print: ['address', 'network', 'interface'],
  flags: [[flag('X', 'disabled'), flag('I', 'invalid'), flag('D', 'dynamic')]],
  unique: [['address', 'interface']],
  unsupported: ['broadcast', 'netmask'],
  properties: [
    comment,
    disabled,
    prop('address', interfaceAddress(4), undefined, 'Address and length of its network; without a length, a host.', {
      required: true,
    }),
    prop('network', address(4), undefined, 'Address of the network; follows from address.', {
      derive: (values) => values['address'] && networkOf(values['address']),
    }),
    prop('interface', reference('/interface'), undefined, 'Interface it is on.', { required: true }),
    state('actual-interface', plain, 'Interface it really is on.', { quiet: true }),
    isDynamic,
    isInvalid,
  ],
};
