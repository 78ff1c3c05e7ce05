import type { MenuSchema } from '../schema.ts';
import { choice, choices, name, time } from '../value/index.ts';
import { DH_ALIASES, DH_GROUPS, PROPOSAL_ENC_ALIASES } from './ip-ipsec-algorithms.ts';
import { comment, disabled, flag, isDefault, prop } from './property.ts';

export const ipIpsecProposal: MenuSchema = {
  path: '/ip ipsec proposal',
  kind: 'list',
  description: 'What IKE negotiates for the traffic (phase 2, CHILD_SA).',
  exportOrder: 110,
  print: 'detail',
  flags: [[flag('X', 'disabled')], [flag('*', 'default')]],
  unique: [['name']],
  defaults: [{ values: { name: 'default' }, fixed: ['name'] }],
  properties: [
    comment,
    disabled,
    prop('name', name, undefined, 'Name of the proposal.', { required: true, generate: 'proposal' }),
    prop(
      'auth-algorithms',
      choices(['md5', 'null', 'sha1', 'sha256', 'sha384', 'sha512']),
      'sha1',
      'Integrity algorithms, in order of preference; of no matter for combined ciphers (GCM, ChaCha20-Poly1305).',
      { extensionWords: ['sha384'] },
    ),
    prop(
      'enc-algorithms',
      choices(
        [
          'null',
          'des',
          '3des',
          'aes-128-cbc',
          'aes-128-ctr',
          'aes-128-gcm',
          'aes-192-cbc',
          'aes-192-ctr',
          'aes-192-gcm',
          'aes-256-cbc',
          'aes-256-ctr',
          'aes-256-gcm',
          'blowfish',
          'camellia-128',
          'camellia-192',
          'camellia-256',
          'chacha20poly1305',
          'twofish',
        ],
        PROPOSAL_ENC_ALIASES,
      ),
      'aes-256-cbc,aes-192-cbc,aes-128-cbc',
      'Encryption algorithms, in order of preference.',
    ),
    prop('lifetime', time(), '30m', 'How long an SA is used before it is replaced; 0s is no limit.'),
    prop(
      'pfs-group',
      choice([...DH_GROUPS, 'none'], DH_ALIASES),
      'modp1024',
      'Diffie-Hellman group for perfect forward secrecy.',
      {
        extensionWords: ['x25519'],
      },
    ),
    isDefault,
  ],
};
