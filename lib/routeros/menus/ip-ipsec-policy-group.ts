import type { MenuSchema } from '../schema.ts';
import { name } from '../value/index.ts';
import { comment, flag, isDefault, prop } from './property.ts';

export const ipIpsecPolicyGroup: MenuSchema = {
  path: '/ip ipsec policy group',
  kind: 'list',
  description: 'Groups of policy templates.',
  exportOrder: 90,
  print: 'detail',
  flags: [[flag('*', 'default')]],
  unique: [['name']],
  defaults: [{ values: { name: 'default' }, fixed: ['name'] }],
  properties: [
    comment,
    prop('name', name, undefined, 'Name of the group.', { required: true, generate: 'group' }),
    isDefault,
  ],
};
