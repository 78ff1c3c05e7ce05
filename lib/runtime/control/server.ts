import { lstatSync, mkdirSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { RouteplaneError } from '../../errors.ts';
import { type ControlResponse, LineSplitter, maxRequestBytes, parseRequest } from './message.ts';

/** What one connection talks to. */
export interface ControlSession {
  /** Never rejects for what the operator typed: that is `ok: false`. */
  execute(command: string): Promise<Omit<ControlResponse, 'id'>> | Omit<ControlResponse, 'id'>;
}

export interface ControlServerOptions {
  /** Path of the unix socket; its folder is made if need be. */
  readonly path: string;
  /** One per connection. */
  readonly openSession: () => ControlSession;
  /** Default 16; further connections are closed at once. */
  readonly maxClients?: number;
}

/** How many requests of one client may wait before the socket is paused. */
const maxWaiting = 32;

/** Unix socket of mode 0600: who may open it may configure the router. */
export class ControlServer {
  readonly path: string;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  private constructor(options: ControlServerOptions, server: Server) {
    this.path = options.path;
    this.#server = server;
    const maxClients = options.maxClients ?? 16;
    server.on('connection', (socket) => {
      if (this.#clients.size >= maxClients) {
        socket.destroy();
        return;
      }
      this.#clients.add(socket);
      socket.once('close', () => this.#clients.delete(socket));
      serve(socket, options.openSession());
    });
  }

  /** Throws RouteplaneError if another process listens at `path`, or something other than a socket is there. */
  static async listen(options: ControlServerOptions): Promise<ControlServer> {
    await claimSocket(options.path);
    // A client may send its commands and shut its side: it is still owed the answers.
    const server = createServer({ allowHalfOpen: true });
    const control = new ControlServer(options, server);
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      // listen() binds before it returns: at no moment may others open the socket.
      const umask = process.umask(0o177);
      try {
        server.listen(options.path, resolve);
      } finally {
        process.umask(umask);
      }
    });
    return control;
  }

  /** Closes every connection and removes the socket file. */
  async close(): Promise<void> {
    for (const socket of this.#clients) socket.destroy();
    if (this.#server.listening) await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }
}

/** Makes way for a socket at `path`: its folder, and away with what a dead process left. Throws RouteplaneError if it is in use. */
export async function claimSocket(path: string): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  if (!stat.isSocket()) throw new RouteplaneError(`${path} is there already and is no socket`);
  const alive = await new Promise<boolean>((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
  if (alive) throw new RouteplaneError(`another routeplane listens at ${path}`);
  unlinkSync(path);
}

function serve(socket: Socket, session: ControlSession): void {
  const lines = new LineSplitter(maxRequestBytes);
  let waiting = 0;
  let turn: Promise<void> = Promise.resolve();

  const answer = (response: ControlResponse): void => {
    if (!socket.destroyed) socket.write(`${JSON.stringify(response)}\n`);
  };
  const handle = async (line: string): Promise<void> => {
    const request = parseRequest(line);
    if (request === undefined) {
      answer({ id: 0, ok: false, output: 'bad request' });
      return;
    }
    try {
      answer({ id: request.id, ...(await session.execute(request.command)) });
    } catch (error) {
      answer({ id: request.id, ok: false, output: error instanceof Error ? error.message : String(error) });
    }
  };

  socket.on('error', () => socket.destroy());
  socket.on('end', () => void turn.then(() => socket.end()));
  socket.on('data', (chunk: Buffer) => {
    let received: string[];
    try {
      received = lines.push(chunk);
    } catch {
      answer({ id: 0, ok: false, output: `request of more than ${maxRequestBytes} bytes` });
      socket.destroySoon();
      return;
    }
    for (const line of received) {
      waiting += 1;
      turn = turn.then(async () => {
        if (!socket.destroyed) await handle(line);
        waiting -= 1;
        if (waiting < maxWaiting) socket.resume();
      });
    }
    if (waiting >= maxWaiting) socket.pause();
  });
}
