/** IP protocols by RouterOS's names, IANA's numbers. */
import { nearest } from '../nearest.ts';
import { ValueError, type ValueType } from '../schema.ts';

export const IP_PROTOCOLS: Readonly<Record<string, number>> = {
  all: 0,
  icmp: 1,
  igmp: 2,
  ggp: 3,
  ipencap: 4,
  st: 5,
  tcp: 6,
  egp: 8,
  pup: 12,
  udp: 17,
  hmp: 20,
  'xns-idp': 22,
  rdp: 27,
  'iso-tp4': 29,
  dccp: 33,
  xtp: 36,
  ddp: 37,
  'idpr-cmtp': 38,
  'ipv6-encap': 41,
  'ipv6-route': 43,
  'ipv6-frag': 44,
  rsvp: 46,
  gre: 47,
  'ipsec-esp': 50,
  'ipsec-ah': 51,
  rspf: 73,
  vmtp: 81,
  icmpv6: 58,
  'ipv6-nonxt': 59,
  'ipv6-opts': 60,
  ospf: 89,
  ipip: 94,
  etherip: 97,
  encap: 98,
  pim: 103,
  vrrp: 112,
  l2tp: 115,
  sctp: 132,
  'udp-lite': 136,
};
const BY_NUMBER = new Map(Object.entries(IP_PROTOCOLS).map(([name, number]) => [number, name]));

/** A name, or 1..255. Numbers that have a name are written by it. */
export const ipProtocol: ValueType = {
  label: 'IP protocol name | integer 0..255',
  words: Object.keys(IP_PROTOCOLS),
  parse(text) {
    if (Object.hasOwn(IP_PROTOCOLS, text)) return text;
    if (/^[0-9]{1,3}$/.test(text) && Number(text) <= 255) return BY_NUMBER.get(Number(text)) ?? String(Number(text));
    throw new ValueError('IP protocol name or number', nearest(text, Object.keys(IP_PROTOCOLS)));
  },
};

/** 0 is any. Takes canonical text. */
export function protocolNumber(text: string): number {
  return IP_PROTOCOLS[text] ?? Number(text);
}
