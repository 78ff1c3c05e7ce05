import type { MenuSchema } from '../schema.ts';
import { plain } from '../value/index.ts';
import { command, prop, state } from './property.ts';

const message = { arguments: [prop('message', plain, undefined, 'What to log.', { required: true })] };

export const log: MenuSchema = {
  path: '/log',
  kind: 'state',
  description: 'The last messages of the log, oldest first.',
  exportOrder: 0,
  print: 'lines',
  commands: [
    command('debug', 'Logs a message with topic debug.', message),
    command('error', 'Logs a message with topic error.', message),
    command('info', 'Logs a message with topic info.', message),
    command('warning', 'Logs a message with topic warning.', message),
  ],
  properties: [
    state('time', plain, 'When.'),
    state('topics', plain, 'What about, separated by commas.'),
    state('message', plain, 'What.'),
  ],
};
