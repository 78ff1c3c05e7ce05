/**
 * UDP in a namespace, driven over IPC, so that a case costs no process: what is bound answers with what it gets, and
 * `ask` sends datagrams until each has come back as it was.
 */
import { createHash } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';

export interface Ask {
  readonly id: number;
  readonly source: string;
  readonly target: string;
  readonly port: number;
  readonly sizes: readonly number[];
  readonly timeoutMs: number;
  /** How long to wait for the answers to attempts that were answered late. */
  readonly settleMs: number;
}
export interface Bind {
  readonly id: number;
  readonly bind: readonly string[];
  readonly port: number;
}
/** Datagrams one after the other until `stop` comes with the same `id`. */
export interface Flood {
  readonly id: number;
  readonly source: string;
  readonly target: string;
  readonly port: number;
  readonly intervalMs: number;
  readonly patienceMs: number;
}
export interface Stop {
  readonly stop: number;
}
/** `sent` is how many it took, `failed` the sizes that never came back; of a flood the numbers of those. */
export interface Answer {
  readonly id: number;
  readonly sent: number;
  readonly failed: readonly number[];
  readonly error?: string;
}

const type = (address: string) => (address.includes(':') ? 'udp6' : 'udp4');
const send = (answer: Answer) => process.send?.(answer);

function bind({ id, bind: addresses, port }: Bind): void {
  let left = addresses.length;
  for (const address of addresses) {
    const socket = createSocket(type(address));
    socket.on('error', (error) => send({ id, sent: 0, failed: [], error: error.message }));
    socket.on('message', (data, from) => socket.send(data, from.port, from.address, () => {}));
    socket.bind(port, address, () => {
      if (--left === 0) send({ id, sent: 0, failed: [] });
    });
  }
}

let round = 0;

/** True when an answer came; `sent` is called with each attempt. */
async function one(socket: Socket, ask: Ask, size: number, deadline: number, sent: () => void): Promise<boolean> {
  // Of this round: a late answer to another one is not taken for it.
  const data = createHash('shake256', { outputLength: size }).update(`${round++} ${Math.random()}`).digest();
  let attempts = 0;
  let answers = 0;
  let wake = () => {};
  const message = (got: Buffer) => {
    if (!got.equals(data)) return;
    answers++;
    wake();
  };
  /** True when `enough` have come, false after so long. */
  const answered = async (enough: () => boolean, ms: number): Promise<boolean> => {
    const end = performance.now() + ms;
    while (!enough() && performance.now() < end)
      await new Promise<void>((resolve) => {
        wake = resolve;
        setTimeout(resolve, end - performance.now());
      });
    return enough();
  };
  socket.on('message', message);
  try {
    while (performance.now() < deadline) {
      attempts++;
      sent();
      // No route, no SA yet, packet too big: the next attempt may do better.
      socket.send(data, ask.port, ask.target, () => {});
      if (!(await answered(() => answers > 0, 1000))) continue;
      await answered(() => answers >= attempts, ask.settleMs);
      return true;
    }
    return false;
  } finally {
    socket.off('message', message);
  }
}

async function ask(request: Ask): Promise<void> {
  const { id, source, sizes, timeoutMs } = request;
  const socket = createSocket(type(source));
  let sent = 0;
  const failed: number[] = [];
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject).bind(0, source, resolve);
    });
    const deadline = performance.now() + timeoutMs;
    for (const size of sizes) if (!(await one(socket, request, size, deadline, () => sent++))) failed.push(size);
    send({ id, sent, failed });
  } catch (error) {
    send({ id, sent, failed: sizes, error: (error as Error).message });
  } finally {
    socket.close();
  }
}

const floods = new Map<number, () => void>();

function flood({ id, source, target, port, intervalMs, patienceMs }: Flood): void {
  const socket = createSocket(type(source));
  const missing = new Set<number>();
  let sent = 0;
  socket.on('message', (data) => missing.delete(data.readUInt32BE()));
  socket.on('error', (error) => send({ id, sent, failed: [...missing], error: error.message }));
  socket.bind(0, source, () => {
    const timer = setInterval(() => {
      const data = Buffer.alloc(200);
      data.writeUInt32BE(sent);
      missing.add(sent++);
      socket.send(data, port, target, () => {});
    }, intervalMs);
    floods.set(id, () => {
      clearInterval(timer);
      const deadline = performance.now() + patienceMs;
      const answered = setInterval(() => {
        if (missing.size > 0 && performance.now() < deadline) return;
        clearInterval(answered);
        socket.close();
        send({ id, sent, failed: [...missing] });
      }, 50);
    });
  });
}

process.on('message', (request: Ask | Bind | Flood | Stop) => {
  if ('stop' in request) floods.get(request.stop)?.();
  else if ('bind' in request) bind(request);
  else if ('intervalMs' in request) flood(request);
  else void ask(request);
});
process.on('disconnect', () => process.exit());
