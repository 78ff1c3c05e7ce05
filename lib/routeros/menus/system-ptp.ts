import type { MenuSchema } from '../schema.ts';
import { choice, integer, name, orWords, plain, reference } from '../value/index.ts';
import { command, comment, disabled, flag, mark, prop, state } from './property.ts';

const flags = [[flag('I', 'inactive'), flag('X', 'disabled')]];
const octet = orWords(integer(0, 255), 'auto');

export const systemPtp: MenuSchema = {
  path: '/system ptp',
  kind: 'list',
  description: 'Clocks of the Precision Time Protocol (IEEE 1588): each is a profile with its ports.',
  exportOrder: 300,
  print: 'detail',
  flags,
  unique: [['name']],
  commands: [
    command('monitor', 'Shows how the clock does: its grandmaster, offset and delay.', {
      items: 'required',
      words: ['once'],
    }),
  ],
  properties: [
    comment,
    disabled,
    prop('name', name, undefined, 'Name of the PTP profile.', { required: true, generate: 'ptp' }),
    prop('priority1', octet, 'auto', 'Takes part in the election of a grandmaster clock; the lower wins.'),
    prop('priority2', octet, 'auto', 'Takes part in the election of a backup grandmaster clock.'),
    prop(
      'delay-mode',
      choice(['auto', 'e2e', 'p2p'], { ptp: 'p2p' }),
      'auto',
      'Delay request-response (e2e) or peer delay (p2p) mechanism; auto by the profile.',
    ),
    prop(
      'transport',
      choice(['auto', 'ipv4', 'l2-forwardable', 'l2-non-forwardable']),
      'auto',
      'UDP to 224.0.1.129 and 224.0.0.107, Ethernet to 01-1B-19-00-00-00 or to 01-80-C2-00-00-0E; auto by the profile.',
    ),
    prop(
      'profile',
      choice(['802.1as', 'aes67', 'default', 'g8275.1', 'smpte']),
      'default',
      'Which values `auto` has, and the rules of the profile.',
    ),
    prop('domain', octet, 'auto', 'Separates PTP instances from each other; auto by the profile.'),
    mark('inactive', 'Whether it has no port that it could use.'),
  ],
};

export const systemPtpPort: MenuSchema = {
  path: '/system ptp port',
  kind: 'list',
  description: 'Interfaces that take part in PTP.',
  exportOrder: 301,
  print: ['interface', 'ptp'],
  flags,
  unique: [['interface', 'ptp']],
  properties: [
    comment,
    disabled,
    prop('interface', reference('/interface'), undefined, 'The interface.', { required: true }),
    prop('ptp', reference('/system ptp'), undefined, 'The profile that it belongs to.', { required: true }),
    mark('inactive', 'Whether the interface is not there.'),
  ],
};

export const systemPtpStatus: MenuSchema = {
  path: '/system ptp status',
  kind: 'state',
  description: 'Ports of PTP, their state, and the delay of slave ports.',
  exportOrder: 0,
  print: ['ptp', 'port', 'state', 'delay', 'timestamping'],
  properties: [
    state('ptp', plain, 'The profile.'),
    state('port', plain, 'The interface.'),
    state(
      'state',
      choice([
        'initializing',
        'faulty',
        'disabled',
        'listening',
        'pre-master',
        'master',
        'passive',
        'uncalibrated',
        'slave',
      ]),
      'IEEE 1588-2008 table 8.',
    ),
    state('delay', plain, 'To the master, or of the link with p2p.'),
    state(
      'timestamping',
      choice(['hardware', 'software']),
      'Who takes the timestamps: an interface without the hardware for it falls back to software.',
    ),
  ],
};
