import type { MenuSchema } from '../schema.ts';
import { integer, macAddress, name, text } from '../value/index.ts';
import { mtu, running } from './interface-properties.ts';
import { comment, count, disabled, flag, isDynamic, mark, prop, state } from './property.ts';

export const interfaceMenu: MenuSchema = {
  path: '/interface',
  kind: 'list',
  description: "The system's network devices. What is set here is kept by name and applied when the device is there.",
  exportOrder: 10,
  hardware: true,
  print: ['name', 'type', 'actual-mtu', 'l2mtu', 'mac-address'],
  flags: [[flag('D', 'dynamic')], [flag('X', 'disabled'), flag('R', 'running')], [flag('S', 'slave')]],
  unique: [['name']],
  properties: [
    comment,
    disabled,
    prop('name', name, undefined, 'Name of the device.', { required: true }),
    state('default-name', text, 'Name that the device came with.', { quiet: true }),
    state('type', text, 'Kind of device.'),
    mtu,
    state('actual-mtu', integer(0, 4_294_967_295), 'Largest packet that the device takes.'),
    state('l2mtu', integer(0, 65_535), 'Largest frame, without its Ethernet header.', { quiet: true }),
    state('mac-address', macAddress, 'Hardware address.'),
    count('rx-byte', 'Bytes received.', { statistic: true }),
    count('tx-byte', 'Bytes sent.', { statistic: true }),
    count('rx-packet', 'Packets received.', { statistic: true }),
    count('tx-packet', 'Packets sent.', { statistic: true }),
    count('rx-drop', 'Packets dropped on reception.', { statistic: true }),
    count('tx-drop', 'Packets dropped before sending.', { statistic: true }),
    count('rx-error', 'Packets received in error.', { statistic: true }),
    count('tx-error', 'Packets not sent because of an error.', { statistic: true }),
    isDynamic,
    running,
    mark('slave', 'Whether it is a port of a bridge.'),
  ],
};
