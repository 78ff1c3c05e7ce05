import type { MenuSchema } from '../schema.ts';
import { choice, choices, integer, name, orWords, time, yesNo } from '../value/index.ts';
import { DH_ALIASES, DH_GROUPS, PROFILE_ENC_ALIASES } from './ip-ipsec-algorithms.ts';
import { flag, isDefault, only, prop } from './property.ts';

export const ipIpsecProfile: MenuSchema = {
  path: '/ip ipsec profile',
  kind: 'list',
  description: 'What IKE negotiates for itself (phase 1, IKE_SA).',
  exportOrder: 100,
  print: 'detail',
  flags: [[flag('*', 'default')]],
  unique: [['name']],
  defaults: [{ values: { name: 'default' }, fixed: ['name'] }],
  unsupported: ['ppk'],
  properties: [
    prop('name', name, undefined, 'Name of the profile.', { required: true }),
    prop(
      'hash-algorithm',
      choice(['md5', 'sha1', 'sha256', 'sha384', 'sha512']),
      'sha1',
      'Hash for integrity and, unless prf-algorithm says otherwise, for the PRF.',
    ),
    prop(
      'prf-algorithm',
      choice(['auto', 'sha1', 'sha256', 'sha384', 'sha512']),
      'auto',
      'Pseudo-random function; auto takes that of hash-algorithm.',
      { quiet: true },
    ),
    prop(
      'enc-algorithm',
      choices(
        [
          '3des',
          'aes-128',
          'aes-192',
          'aes-256',
          'blowfish',
          'camellia-128',
          'camellia-192',
          'camellia-256',
          'des',
          'aes-128-ctr',
          'aes-192-ctr',
          'aes-256-ctr',
          'aes-128-gcm',
          'aes-192-gcm',
          'aes-256-gcm',
          'chacha20poly1305',
        ],
        PROFILE_ENC_ALIASES,
      ),
      'aes-128',
      'Encryption algorithms, in order of preference.',
      {
        extensionWords: [
          'aes-128-ctr',
          'aes-192-ctr',
          'aes-256-ctr',
          'aes-128-gcm',
          'aes-192-gcm',
          'aes-256-gcm',
          'chacha20poly1305',
        ],
      },
    ),
    prop(
      'dh-group',
      choices(DH_GROUPS, DH_ALIASES),
      'modp1024,modp2048',
      'Diffie-Hellman groups, in order of preference.',
    ),
    prop('lifetime', time(1000), '1d', 'How long the IKE_SA is used before it is replaced.'),
    only(
      prop('lifebytes', integer(0, 4_294_967_295), '0', 'IKEv1: lifetime in bytes that the proposal names.', {
        quiet: true,
      }),
      '0',
    ),
    only(
      prop(
        'proposal-check',
        choice(['claim', 'exact', 'obey', 'strict']),
        'obey',
        'IKEv1: what to do about a lifetime that is not ours.',
      ),
      'obey',
    ),
    prop('nat-traversal', yesNo, 'yes', 'Whether NAT is detected and gone round by UDP.'),
    prop(
      'dpd-interval',
      orWords(time(0, 3_600_000), 'disable-dpd'),
      '8s',
      'How long the peer may be silent before it is asked whether it lives.',
    ),
    prop(
      'force-encapsulation',
      choice(['auto', 'yes', 'no']),
      'auto',
      'ESP in UDP also where no NAT asks for it; auto: between two routers that both say they prefer it.',
      { quiet: true },
    ),
    prop('dpd-maximum-failures', integer(1, 100), '4', 'How many unanswered questions make the peer dead.'),
    isDefault,
  ],
};
