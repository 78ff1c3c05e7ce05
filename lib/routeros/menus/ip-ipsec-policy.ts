import type { MenuSchema } from '../schema.ts';
import { address, choice, choices, integer, ipProtocol, orWords, prefix, reference, yesNo } from '../value/index.ts';
import {
  command,
  comment,
  count,
  disabled,
  flag,
  isDefault,
  isDynamic,
  isInvalid,
  mark,
  prop,
  state,
} from './property.ts';

const port = orWords(integer(0, 65_535), 'any');
const rule = { when: { template: 'no' } };

export const ipIpsecPolicy: MenuSchema = {
  path: '/ip ipsec policy',
  kind: 'list',
  description:
    'Which packets are protected, and how; in order, the first match wins. Templates are what peers may make policies from.',
  exportOrder: 160,
  ordered: true,
  print: 'detail',
  flags: [
    [flag('T', 'template')],
    [flag('X', 'disabled'), flag('D', 'dynamic'), flag('I', 'invalid')],
    [flag('A', 'active')],
    [flag('*', 'default')],
  ],
  commands: [
    command('dump-kernel-policies', 'Writes the policies that the kernel has to the log, topics ipsec,debug,packet.'),
  ],
  defaults: [{ values: { template: 'yes', 'src-address': '::/0', 'dst-address': '::/0' }, fixed: ['template'] }],
  properties: [
    comment,
    disabled,
    prop('peer', reference('/ip ipsec peer'), undefined, 'Who the traffic is protected for.', {
      requiredWhen: { template: 'no', action: 'encrypt', 'manual-sa': 'none' },
      quiet: true,
      hint: 'write peer=NAME, the peer that sa-dst-address stood for before RouterOS 6.44',
    }),
    prop('group', reference('/ip ipsec policy group'), 'default', 'Group of the template.', {
      when: { template: 'yes' },
    }),
    prop('src-address', prefix(), '0.0.0.0/32', 'Our side of the traffic.'),
    prop('src-port', port, 'any', 'Port on our side.', rule),
    prop('dst-address', prefix(), '0.0.0.0/32', "The peer's side of the traffic."),
    prop('dst-port', port, 'any', "Port on the peer's side.", rule),
    prop('protocol', ipProtocol, 'all', 'IP protocol.'),
    prop('action', choice(['discard', 'encrypt', 'none']), 'encrypt', 'Drop, protect, or pass as it is.', rule),
    prop(
      'level',
      choice(['require', 'unique', 'use']),
      'require',
      'What to do without an SA: drop and ask for one, the same for this policy alone, or pass.',
      rule,
    ),
    prop('ipsec-protocols', choices(['ah', 'esp']), 'esp', 'AH, ESP or both.', rule),
    prop('tunnel', yesNo, 'no', 'Tunnel mode rather than transport mode.', rule),
    prop('sa-src-address', address(), undefined, 'Outer source address; follows from the peer.', { quiet: true }),
    prop('sa-dst-address', address(), undefined, 'Outer destination address; follows from the peer.', { quiet: true }),
    prop(
      'manual-sa',
      orWords(reference('/ip ipsec manual-sa'), 'none'),
      'none',
      'SAs without IKE, in the place of a peer.',
      {
        quiet: true,
      },
    ),
    prop('proposal', reference('/ip ipsec proposal'), 'default', 'What to negotiate for the SAs.'),
    prop('template', yesNo, 'no', 'Whether it is a template.', { quiet: true }),
    count('ph2-count', 'Established CHILD_SAs of this policy.'),
    state('ph2-state', choice(['expired', 'no-phase2', 'established']), 'How far the negotiation is.', {
      explicit: true,
    }),
    count('in-accepted', 'Packets in that passed without protection.', { statistic: true }),
    count('in-dropped', 'Packets in that were dropped.', { statistic: true }),
    count('in-transformed', 'Packets in that were decrypted or verified.', { statistic: true }),
    count('out-accepted', 'Packets out that passed without protection.', { statistic: true }),
    count('out-dropped', 'Packets out that were dropped.', { statistic: true }),
    count('out-transformed', 'Packets out that were protected.', { statistic: true }),
    mark('active', 'Whether it is in use.'),
    isDefault,
    isDynamic,
    isInvalid,
  ],
  retired: {
    priority: 'policies are tried in their order; use place-before or move',
  },
};
