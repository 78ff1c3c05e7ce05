/** Numbers of linux/rtnetlink.h and linux/if_arp.h under their kernel names. */

/** Address family, as `ip -j` writes it. */
export type Family = 'inet' | 'inet6';

/** Who installed a route or a rule. Numbers from 5 up are free for routing daemons; `/etc/iproute2/rt_protos` lists the taken ones. */
export const RTPROT = { UNSPEC: 0, REDIRECT: 1, KERNEL: 2, BOOT: 3, STATIC: 4, RA: 9, DHCP: 16 } as const;

export const RT_TABLE = { UNSPEC: 0, DEFAULT: 253, MAIN: 254, LOCAL: 255 } as const;

export type Scope = 'global' | 'site' | 'link' | 'host' | 'nowhere';
