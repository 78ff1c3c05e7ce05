/** Runs inside the VM and does what `Vm` asks for over a virtio port: one JSON object a line, in both directions. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createReadStream, createWriteStream, openSync, readdirSync, readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

export const portName = 'routeplane.agent';

export type AgentRequest =
  | {
      readonly id: number;
      readonly command: string;
      readonly args: readonly string[];
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
    }
  | { readonly id: number; readonly kill: NodeJS.Signals };

/** `id` -1 says that the agent is there. */
export type AgentResponse =
  | { readonly id: number; readonly stream: 'stdout' | 'stderr'; readonly text: string }
  | { readonly id: number; readonly code: number | null; readonly signal: NodeJS.Signals | null };

function serve(): void {
  const ports = '/sys/class/virtio-ports';
  const port = readdirSync(ports).find((name) => readFileSync(`${ports}/${name}/name`, 'utf8').trim() === portName);
  // The port can be open once.
  const fd = openSync(`/dev/${port}`, 'r+');
  const output = createWriteStream('', { fd });
  const send = (response: AgentResponse) => output.write(`${JSON.stringify(response)}\n`);
  const children = new Map<number, ChildProcess>();

  createInterface({ input: createReadStream('', { fd }) }).on('line', (line) => {
    const request = JSON.parse(line) as AgentRequest;
    const { id } = request;
    if ('kill' in request) {
      const child = children.get(id);
      if (child?.pid !== undefined) process.kill(-child.pid, request.kill);
      return;
    }
    const child = spawn(request.command, request.args, {
      cwd: request.cwd,
      env: { ...process.env, ...request.env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    children.set(id, child);
    for (const stream of ['stdout', 'stderr'] as const)
      child[stream].setEncoding('utf8').on('data', (text: string) => send({ id, stream, text }));
    const end = (code: number | null, signal: NodeJS.Signals | null) => {
      if (children.delete(id)) send({ id, code, signal });
    };
    child.on('error', (error) => {
      send({ id, stream: 'stderr', text: `${error.message}\n` });
      end(127, null);
    });
    child.on('close', end);
  });
  send({ id: -1, code: 0, signal: null });
}

if (process.argv[1] === import.meta.filename) serve();
