import type { MenuSchema } from '../schema.ts';
import { address, choice, integer, text, time, yesNo } from '../value/index.ts';
import { command, count, flag, prop, state } from './property.ts';

export const ipIpsecActivePeers: MenuSchema = {
  path: '/ip ipsec active-peers',
  kind: 'state',
  description: 'IKE_SAs with peers.',
  exportOrder: 0,
  print: ['id', 'state', 'uptime', 'ph2-total', 'remote-address', 'dynamic-address'],
  flags: [[flag('R', 'responder')], [flag('N', 'natt-peer')]],
  commands: [
    command('kill-connections', 'Disconnects all peers.'),
    command('rekey', 'Replaces the IKE_SAs given, or all (RFC 7296 2.18).', { items: 'optional', extension: true }),
    command('remove', 'Disconnects the peers given.', { items: 'required' }),
  ],
  properties: [
    prop('comment', text, '', "The peer's comment.", { readOnly: true }),
    state('id', text, 'The identification of the peer.'),
    state('local-address', address(), 'Our address.'),
    state('remote-address', address(), "The peer's address."),
    state('port', integer(0, 65_535), "The peer's UDP port."),
    state('state', text, 'Of the negotiation; `established` is what it should be.'),
    state('side', choice(['initiator', 'responder']), 'Our part.'),
    state('dynamic-address', address(), 'Address that mode config gave.'),
    state('uptime', time(), 'Since it is established.'),
    state('last-seen', time(), "Since the peer's last message."),
    state('ph2-total', integer(0, 4_294_967_295), 'CHILD_SAs.'),
    state('spii', text, "The initiator's SPI."),
    state('spir', text, "The responder's SPI."),
    state('natt-peer', yesNo, 'Whether UDP encapsulation is in use.'),
    state('responder', yesNo, 'Whether the peer initiated.'),
    count('rx-bytes', 'Bytes from the peer.'),
    count('rx-packets', 'Packets from the peer.'),
    count('tx-bytes', 'Bytes to the peer.'),
    count('tx-packets', 'Packets to the peer.'),
  ],
};
