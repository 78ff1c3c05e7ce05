import type { MenuSchema } from '../schema.ts';
import { address, choice, integer, plain, text, time, yesNo } from '../value/index.ts';
import { command, count, flag, prop, state } from './property.ts';

const key = { sensitive: true };

export const ipIpsecInstalledSa: MenuSchema = {
  path: '/ip ipsec installed-sa',
  kind: 'state',
  description: 'The SAD: SAs in the data plane, with their keys.',
  exportOrder: 0,
  print: 'detail',
  flags: [[flag('S', 'seen-traffic')], [flag('H', 'hw-aead')], [flag('A', 'AH'), flag('E', 'ESP')]],
  commands: [
    command('flush', 'Removes all SAs, or all of one protocol.', {
      arguments: [prop('sa-type', choice(['ah', 'all', 'esp']), 'all', 'Of which protocol.')],
    }),
    command('rekey', 'Replaces the CHILD_SAs that the SAs given belong to, or all (RFC 7296 2.8).', {
      items: 'optional',
      extension: true,
    }),
    command('remove', 'Removes the SAs given, with the other direction.', { items: 'required', extension: true }),
  ],
  properties: [
    state('spi', plain, 'Security Parameter Index, 0x and hexadecimal digits.'),
    state('src-address', address(), 'Outer source address.'),
    state('dst-address', address(), 'Outer destination address.'),
    state('state', plain, 'larval, mature, dying or dead.'),
    state('auth-algorithm', plain, 'Integrity algorithm.'),
    state('enc-algorithm', plain, 'Encryption algorithm.'),
    state('enc-key-size', integer(0, 65_535), 'Bits of the encryption key.'),
    state('auth-key', text, 'Integrity key.', key),
    state('enc-key', text, 'Encryption key.', key),
    state('addtime', plain, 'When it was added.'),
    state('expires-in', time(), 'Until its hard lifetime ends.'),
    state('add-lifetime', plain, 'Soft and hard lifetime, with a slash between.'),
    count('current-bytes', 'Bytes through it.'),
    count('current-packets', 'Packets through it.'),
    count('invalid-packets', 'Packets that it refused.'),
    state('replay', integer(0, 65_535), 'Replay window in packets.'),
    state('hw-aead', yesNo, 'Whether hardware does the work.'),
    state('seen-traffic', yesNo, 'Whether it was used.'),
    state('AH', yesNo, 'An SA of AH.'),
    state('ESP', yesNo, 'An SA of ESP.'),
  ],
};
