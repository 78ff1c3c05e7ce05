/** What the menus of network devices share. */
import { choice, integer, orWords } from '../value/index.ts';
import { mark, only, prop } from './property.ts';

export const running = mark('running', 'Whether the link is up.');
export const mtu = prop('mtu', orWords(integer(68, 65_535), 'auto'), 'auto', 'Largest packet, in bytes.');
export const arp = only(
  prop(
    'arp',
    choice(['disabled', 'enabled', 'local-proxy-arp', 'proxy-arp', 'reply-only']),
    'enabled',
    'How ARP is answered.',
  ),
  'enabled',
);
