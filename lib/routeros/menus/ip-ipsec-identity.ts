import type { MenuSchema } from '../schema.ts';
import {
  address,
  choice,
  choices,
  dnsName,
  name,
  orWords,
  plain,
  reference,
  secret,
  tagged,
  text,
} from '../value/index.ts';
import { comment, disabled, flag, isDynamic, only, prop } from './property.ts';

const IDS = { address: address(), fqdn: dnsName, 'user-fqdn': name, 'key-id': name, dn: name };

export const ipIpsecIdentity: MenuSchema = {
  path: '/ip ipsec identity',
  kind: 'list',
  description: 'How we and a peer prove who we are.',
  exportOrder: 150,
  print: 'detail',
  flags: [[flag('X', 'disabled'), flag('D', 'dynamic')]],
  unsupported: ['notrack-chain'],
  properties: [
    comment,
    disabled,
    prop('peer', reference('/ip ipsec peer'), undefined, 'The peer it is for.', { required: true }),
    prop(
      'auth-method',
      choice(
        [
          'digital-signature',
          'eap',
          'eap-radius',
          'pre-shared-key',
          'pre-shared-key-xauth',
          'rsa-key',
          'rsa-signature-hybrid',
        ],
        {
          'rsa-signature': 'digital-signature',
        },
      ),
      'pre-shared-key',
      'How each side authenticates.',
    ),
    prop(
      'eap-methods',
      choices(['eap-mschapv2', 'eap-peap', 'eap-tls', 'eap-ttls']),
      'eap-tls',
      'EAP methods, in order of preference.',
      {
        when: { 'auth-method': 'eap' },
      },
    ),
    prop(
      'mode-config',
      orWords(reference('/ip ipsec mode-config'), 'none'),
      'none',
      'What configuration to give or to ask for.',
      { quiet: true },
    ),
    prop('secret', secret, '', 'Pre-shared key.', { sensitive: true, when: { 'auth-method': 'pre-shared-key' } }),
    prop('username', text, '', 'XAuth or EAP user name.', { quiet: true }),
    prop('password', text, '', 'XAuth or EAP password.', { sensitive: true, quiet: true }),
    prop('certificate', plain, '', 'Our certificate.', { quiet: true }),
    prop('remote-certificate', plain, '', "The peer's certificate.", { quiet: true }),
    prop('key', plain, '', 'Our private key.', { quiet: true }),
    prop('remote-key', plain, '', "The peer's public key.", { quiet: true }),
    only(
      prop('match-by', choice(['remote-id', 'certificate']), 'remote-id', 'What the peer is known by.', {
        quiet: true,
      }),
      'remote-id',
    ),
    prop('my-id', tagged(['auto'], IDS), 'auto', 'The identification we send.', { quiet: true }),
    prop(
      'remote-id',
      tagged(['auto', 'ignore'], IDS),
      'auto',
      'The identification expected of the peer; auto takes any.',
      { quiet: true },
    ),
    prop(
      'generate-policy',
      choice(['no', 'port-override', 'port-strict']),
      'no',
      'Whether the peer may make policies from templates.',
    ),
    prop(
      'policy-template-group',
      orWords(reference('/ip ipsec policy group'), 'none'),
      'default',
      'Templates for generate-policy.',
      { quiet: true },
    ),
    isDynamic,
  ],
};
