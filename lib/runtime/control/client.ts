import { connect, type Socket } from 'node:net';
import { RouteplaneError } from '../../errors.ts';
import { type ControlResponse, LineSplitter, maxResponseBytes } from './message.ts';

/** One console session with a running daemon. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, { resolve: (r: ControlResponse) => void; reject: (e: Error) => void }>();
  #nextId = 1;

  private constructor(socket: Socket) {
    this.#socket = socket;
    const lines = new LineSplitter(maxResponseBytes);
    socket.on('data', (chunk: Buffer) => {
      try {
        for (const line of lines.push(chunk)) this.#receive(JSON.parse(line) as ControlResponse);
      } catch (error) {
        this.#fail(error as Error);
      }
    });
    socket.on('error', (cause) => this.#fail(new RouteplaneError('the daemon closed the connection', { cause })));
    socket.on('close', () => this.#fail(new RouteplaneError('the daemon closed the connection')));
  }

  /** Rejects with RouteplaneError if no daemon listens at `path`. */
  static open(path: string): Promise<ControlClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', (error: NodeJS.ErrnoException) => {
        const why =
          error.code === 'ENOENT' || error.code === 'ECONNREFUSED' ? 'no daemon listens there' : error.message;
        reject(new RouteplaneError(`${path}: ${why}`, { cause: error }));
      });
      socket.once('connect', () => {
        socket.removeAllListeners('error');
        resolve(new ControlClient(socket));
      });
    });
  }

  execute(command: string): Promise<ControlResponse> {
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      if (this.#socket.destroyed) {
        reject(new RouteplaneError('the daemon closed the connection'));
        return;
      }
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(`${JSON.stringify({ id, command })}\n`);
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(response: ControlResponse): void {
    // Id 0 answers what the daemon could not read: it belongs to the oldest request.
    const id = response.id === 0 ? this.#waiting.keys().next().value : response.id;
    if (id === undefined) return;
    this.#waiting.get(id)?.resolve(response);
    this.#waiting.delete(id);
  }

  #fail(error: Error): void {
    this.#socket.destroy();
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
