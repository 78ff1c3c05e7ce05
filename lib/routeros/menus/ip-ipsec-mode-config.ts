import type { MenuSchema } from '../schema.ts';
import { address, choice, integer, listOf, name, orWords, plain, prefix, yesNo } from '../value/index.ts';
import { comment, flag, isDefault, prop } from './property.ts';

export const ipIpsecModeConfig: MenuSchema = {
  path: '/ip ipsec mode-config',
  kind: 'list',
  description: 'Configuration that a responder gives to an initiator (RFC 7296 3.15).',
  exportOrder: 80,
  print: 'detail',
  flags: [[flag('*', 'default')]],
  unique: [['name']],
  defaults: [{ values: { name: 'request-only', 'use-responder-dns': 'exclusively' }, fixed: ['name', 'responder'] }],
  properties: [
    comment,
    prop('name', name, undefined, 'Name of the configuration.', { required: true, generate: 'cfg' }),
    prop('responder', yesNo, 'no', 'Whether it is given or asked for.'),
    prop('address', orWords(address(), 'none'), 'none', 'The one address to give.', { quiet: true }),
    prop('address-pool', orWords(plain, 'none'), 'none', 'The pool to give addresses from.', { quiet: true }),
    prop('address-prefix-length', integer(1, 32), undefined, 'Length of the network of the address given.', {
      quiet: true,
    }),
    prop('split-include', listOf(prefix()), '', 'Networks to be reached through the tunnel.', { quiet: true }),
    prop('split-dns', listOf(plain), '', 'Domains to be resolved through the tunnel.', { quiet: true }),
    prop('static-dns', listOf(address()), '', 'DNS servers to give.', { quiet: true }),
    prop('system-dns', yesNo, undefined, "Whether to give the router's own DNS servers.", { quiet: true }),
    prop('src-address-list', plain, '', 'Local networks that get source NAT to the address received.', { quiet: true }),
    prop(
      'connection-mark',
      orWords(plain, 'no-mark'),
      'no-mark',
      'Connections that get source NAT to the address received.',
      { quiet: true },
    ),
    prop(
      'use-responder-dns',
      choice(['exclusively', 'no', 'yes']),
      undefined,
      'What to do with DNS servers received.',
      { quiet: true },
    ),
    isDefault,
  ],
  retired: { 'send-dns': 'write system-dns=yes or static-dns=...' },
};
