import type { MenuSchema } from '../schema.ts';
import { address, choice, dnsName, either, integer, name, prefix, reference, yesNo } from '../value/index.ts';
import { comment, disabled, flag, isDynamic, mark, prop, state } from './property.ts';

const profile = 'it is a property of the profile: /ip ipsec profile add name=NAME';
const identity = 'it is a property of the identity: /ip ipsec identity add peer=NAME';

export const ipIpsecPeer: MenuSchema = {
  path: '/ip ipsec peer',
  kind: 'list',
  description: 'Who IKE talks to.',
  exportOrder: 130,
  print: 'detail',
  flags: [[flag('X', 'disabled'), flag('D', 'dynamic')], [flag('R', 'responder')]],
  unique: [['name']],
  unsupported: ['ppk-secret'],
  properties: [
    comment,
    disabled,
    prop('name', name, undefined, 'Name of the peer.', { required: true, generate: 'peer' }),
    prop(
      'address',
      either(prefix(), dnsName),
      '0.0.0.0/0',
      "The peer's address or name, or a prefix it must be in; of several the longest counts.",
    ),
    prop('local-address', address(), undefined, 'Our address for this peer.', { quiet: true }),
    prop('port', integer(0, 65_535), '500', 'UDP port to initiate to.', { quiet: true }),
    prop('passive', yesNo, 'no', 'Wait for the peer to initiate.', { quiet: true }),
    prop('profile', reference('/ip ipsec profile'), 'default', 'What to negotiate for the IKE_SA.'),
    prop('exchange-mode', choice(['aggressive', 'base', 'main', 'ike2']), 'main', 'IKEv2, or which exchange of IKEv1.'),
    prop('send-initial-contact', yesNo, 'yes', 'Tell the peer to forget older IKE_SAs of ours (RFC 7296 2.4).'),
    state('current-address', address(), 'What the name in address resolved to.', { quiet: true }),
    isDynamic,
    mark('responder', 'Whether this peer only responds.'),
  ],
  retired: {
    secret: `${identity} secret=...`,
    'auth-method': `${identity} auth-method=...`,
    certificate: `${identity} certificate=...`,
    'remote-certificate': `${identity} remote-certificate=...`,
    key: `${identity} key=...`,
    'generate-policy': `${identity} generate-policy=...`,
    'mode-config': `${identity} mode-config=...`,
    'my-id': `${identity} my-id=...`,
    'my-id-user-fqdn': `${identity} my-id=user-fqdn:...`,
    'policy-group': `${identity} policy-template-group=...`,
    'policy-template-group': `${identity} policy-template-group=...`,
    'xauth-login': `${identity} username=...`,
    'xauth-password': `${identity} password=...`,
    'notrack-chain': `${identity} notrack-chain=...`,
    'dh-group': `${profile} dh-group=...`,
    'enc-algorithm': `${profile} enc-algorithm=...`,
    'hash-algorithm': `${profile} hash-algorithm=...`,
    'dpd-interval': `${profile} dpd-interval=...`,
    'dpd-maximum-failures': `${profile} dpd-maximum-failures=...`,
    lifetime: `${profile} lifetime=...`,
    lifebytes: `${profile} lifebytes=...`,
    'nat-traversal': `${profile} nat-traversal=...`,
    'proposal-check': `${profile} proposal-check=...`,
  },
};
