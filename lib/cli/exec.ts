import { parseArgs } from 'node:util';
import { ControlClient } from '../runtime/control/client.ts';
import { defaultSocket, UsageError } from './usage.ts';

async function standardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** Exit status 0 if the console took the command, 1 if it refused. */
export async function exec(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { socket: { type: 'string', default: defaultSocket } },
    allowPositionals: true,
  });
  if (positionals.length === 0) throw new UsageError('exec needs a command');
  // `exec /ip address print` without quotes means what it says.
  const command = positionals.join(' ');
  const client = await ControlClient.open(values.socket);
  try {
    const { ok, output } = await client.execute(command === '-' ? await standardInput() : command);
    const line = output === '' || output.endsWith('\n') ? output : `${output}\n`;
    (ok ? process.stdout : process.stderr).write(line);
    return ok ? 0 : 1;
  } finally {
    client.close();
  }
}
