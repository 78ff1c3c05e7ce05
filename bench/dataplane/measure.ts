import { spawn } from 'node:child_process';
import { ends, inside, type Place } from './network.ts';

/** Runs to its end and gives what it wrote. */
async function output(place: Place, command: readonly string[]): Promise<string> {
  const [file, ...args] = inside(place, command);
  const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (some: string) => {
    text += some;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return text;
}

interface IperfEnd {
  readonly end: {
    readonly sum_received?: { readonly bits_per_second: number };
    readonly sum?: { readonly bits_per_second: number; readonly lost_percent: number; readonly packets: number };
  };
}

/** A port of its own for each run: the server of the run before may still hold the other. */
let port = 5201;

/** Gbit/s of payload from host to host; for UDP what arrived; 0 if the way was too bad for iperf3. */
export async function iperf(seconds: number, options: readonly string[]): Promise<number> {
  const number = String(port++);
  const [file, ...args] = inside('b', ['iperf3', '-s', '-1', '--forceflush', '-p', number]);
  const server = spawn(file!, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const closed = new Promise((resolve) => server.once('close', resolve));
  try {
    await Promise.race([closed, new Promise((resolve) => server.stdout.once('data', resolve))]);
    const client = ['iperf3', '-c', ends.right.host, '-p', number, '-J', '-t', String(Math.ceil(seconds)), ...options];
    const text = await output('a', ['timeout', String(seconds + 8), ...client]);
    const end: IperfEnd['end'] = text === '' ? {} : (JSON.parse(text) as IperfEnd).end;
    if (end.sum_received === undefined && end.sum === undefined) return 0;
    const udp = options.includes('-u');
    const bits = udp ? end.sum!.bits_per_second * (1 - end.sum!.lost_percent / 100) : end.sum_received!.bits_per_second;
    return bits / 1e9;
  } finally {
    server.kill();
    await closed;
  }
}

/** Round-trip times in microseconds, ascending. */
export async function ping(count: number): Promise<number[]> {
  const text = await output('a', ['ping', '-n', '-i', '0.002', '-c', String(count), '-W', '1', ends.right.host]);
  return [...text.matchAll(/time=([\d.]+) ms/g)].map(([, ms]) => Number(ms) * 1000).sort((a, b) => a - b);
}

export const quantile = (ascending: readonly number[], q: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(q * ascending.length))] ?? Number.NaN;
