import { test } from 'node:test';
import { followOnVlan } from './vlan.ts';

test('on a VLAN, with the stamps of the card: l2', () => followOnVlan('l2-forwardable', 'hardware'));

test('on a VLAN of a bridge of VLANs, with those of the kernel: ipv4', () => followOnVlan('ipv4', 'software'));
