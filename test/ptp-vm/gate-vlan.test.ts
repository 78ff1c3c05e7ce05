import { test } from 'node:test';
import { followOnVlan } from './vlan.ts';

test('on a VLAN, with the stamps of the card: ipv4', () => followOnVlan('ipv4', 'hardware'));
