import type { MenuSchema } from '../schema.ts';
import { choice, integer, time, yesNo } from '../value/index.ts';
import { only, prop } from './property.ts';

export const ipIpsecSettings: MenuSchema = {
  path: '/ip ipsec settings',
  kind: 'settings',
  description: 'What is the same for all peers.',
  exportOrder: 170,
  print: 'detail',
  properties: [
    prop('accounting', yesNo, 'yes', 'Whether RADIUS hears of sessions.'),
    only(prop('interim-update', time(), '0s', 'How often RADIUS hears of them; 0s is never.'), '0s'),
    only(prop('xauth-use-radius', yesNo, 'no', 'IKEv1: whether XAuth users are looked up by RADIUS.'), 'no'),
    prop(
      'ddos-cookie-threshold',
      integer(0, 4_294_967_295),
      '30',
      'Half-open IKE_SAs from which on initiators have to return a cookie (RFC 7296 2.6).',
    ),
    prop(
      'data-plane',
      choice(['auto', 'kernel', 'userspace']),
      'userspace',
      'Who does ESP and AH: the kernel (XFRM), the packet threads of this program, or the kernel if it can. Not in RouterOS.',
      { quiet: true },
    ),
    prop(
      'kernel-sas',
      choice(['adopt', 'clean']),
      'clean',
      'What becomes of SAs that an earlier daemon left in the kernel: they carry traffic until IKE has new ones, or go. Not in RouterOS.',
      { quiet: true },
    ),
  ],
};
