import type { MenuSchema } from '../schema.ts';
import { plain } from '../value/index.ts';
import { prop } from './property.ts';

export const systemIdentity: MenuSchema = {
  path: '/system identity',
  kind: 'settings',
  description: 'The name of the router.',
  exportOrder: 300,
  print: 'detail',
  properties: [prop('name', plain, 'routeplane', 'Shown in the prompt.', { required: true })],
};
