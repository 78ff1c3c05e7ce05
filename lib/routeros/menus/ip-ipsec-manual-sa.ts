import type { MenuSchema } from '../schema.ts';
import { choice, hexadecimal, name, octets, pair, time } from '../value/index.ts';
import { comment, disabled, flag, prop } from './property.ts';

const auth = choice(['md5', 'null', 'sha1', 'sha256', 'sha512']);
const encryption = choice([
  '3des',
  'aes-128',
  'aes-192',
  'aes-256',
  'blowfish',
  'camellia-128',
  'camellia-192',
  'camellia-256',
  'des',
  'null',
  'twofish',
]);
const spi = pair(hexadecimal(0x100, 0xffffffff));
const key = { sensitive: true, quiet: true };
const extension = { extensionWords: ['sha256', 'sha512'] };

export const ipIpsecManualSa: MenuSchema = {
  path: '/ip ipsec manual-sa',
  kind: 'list',
  description: 'SAs without IKE, for policies that name one: what comes in / what goes out.',
  exportOrder: 155,
  print: 'detail',
  flags: [[flag('X', 'disabled')]],
  unique: [['name']],
  properties: [
    comment,
    disabled,
    prop('name', name, undefined, 'What a policy names it by.', { required: true, generate: 'sa' }),
    prop('ah-algorithm', pair(auth), 'null', 'Integrity algorithm of AH.', extension),
    prop('ah-key', pair(octets), '', 'Keys of AH.', key),
    prop('ah-spi', spi, '0x100', 'SPIs of AH.'),
    prop('esp-auth-algorithm', pair(auth), 'null', 'Integrity algorithm of ESP.', extension),
    prop('esp-auth-key', pair(octets), '', 'Integrity keys of ESP.', key),
    prop('esp-enc-algorithm', pair(encryption), 'null', 'Encryption algorithm of ESP.'),
    prop('esp-enc-key', pair(octets), '', 'Encryption keys of ESP.', key),
    prop('esp-spi', spi, '0x100', 'SPIs of ESP.'),
    prop('lifetime', time(), '0s', 'How long the SAs live; 0s is for ever.'),
  ],
};
