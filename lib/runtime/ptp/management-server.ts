import { readFileSync } from 'node:fs';
import { StampedSocket, UnixDatagramSocket } from '../../phc/index.ts';
import type { PtpEvent } from '../../ptp/action.ts';
import { formatPortIdentity } from '../../ptp/identity.ts';
import type { ManagementAccess } from '../../ptp/management/access.ts';
import { decodeMessage } from '../../ptp/messages/message.ts';
import type { PtpDaemon } from './ptp-daemon.ts';
import { transportGroups } from './transport.ts';

export interface ManagementServerOptions {
  /** A datagram socket for `pmc -u -s PATH`; who may write to the file may SET. */
  readonly path?: string;
  /** Of that file; default 0o600. */
  readonly mode?: number;
  /**
   * What UDP port 320 of the loopback interface may do; default `set`, which those who send from a privileged port may.
   * Answers go to port 320: who may not take it hears none. What may be done from the wire is `management` of each port.
   */
  readonly loopback?: ManagementAccess;
}

type Response = Extract<PtpEvent, { name: 'managementResponse' }>;

const loopbackInterface = 'lo';

/** Ports below are root's: fewer than usual where `ip_unprivileged_port_start` says so, and never more. */
function firstUnprivilegedPort(): number {
  const usual = 1024;
  try {
    const start = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'ascii'));
    return Math.min(start, usual);
  } catch {
    return usual;
  }
}

/** Clients whose late answers from other clocks still find them; who asked least recently goes first. */
const clientLimit = 64;

/**
 * Answers Management messages (IEEE 1588-2008 15) of this machine: over a unix socket and over UDP of the loopback. What
 * goes on to other clocks (boundaryHops) is answered when they do.
 */
export class ManagementServer {
  readonly #daemon: PtpDaemon;
  /** How to reach a client, by its PortIdentity. */
  readonly #clients = new Map<string, (bytes: Uint8Array) => void>();
  readonly #onResponse = ({ targetPortIdentity, bytes }: Response): void => {
    this.#clients.get(formatPortIdentity(targetPortIdentity))?.(bytes);
  };
  #unix: UnixDatagramSocket | undefined;
  #loopback: StampedSocket | undefined;

  /** @throws SystemError */
  constructor(daemon: PtpDaemon, options: ManagementServerOptions) {
    this.#daemon = daemon;
    const { path, mode, loopback = 'set' } = options;
    if (path !== undefined) {
      this.#unix = new UnixDatagramSocket({
        path,
        ...(mode !== undefined && { mode }),
        message: (data, from) => {
          if (from !== '') this.#ask(data, 'set', (response) => this.#unix?.send(response, from));
        },
      });
      this.#unix.unref();
    }
    try {
      if (loopback !== 'none') this.#loopback = this.#openLoopback(loopback);
    } catch (error) {
      this.close();
      throw error;
    }
    daemon.on('managementResponse', this.#onResponse);
  }

  #openLoopback(access: 'get' | 'set'): StampedSocket {
    const { groups } = transportGroups.ipv4;
    const privileged = firstUnprivilegedPort();
    const socket: StampedSocket = new StampedSocket(
      { interface: loopbackInterface, transport: 'ipv4', port: 320, stamping: 'software', groups },
      {
        message: (data, _stampNs, source, sourcePort) => {
          const to = source();
          const allowed = sourcePort < privileged ? access : 'get';
          this.#ask(data, allowed, (response) => this.#loopback?.send(response, to));
        },
        transmitted() {},
        lost() {},
        failed() {},
      },
    );
    socket.unref();
    return socket;
  }

  #ask(data: Uint8Array, access: 'get' | 'set', answer: (bytes: Uint8Array) => void): void {
    this.#remember(data, answer);
    for (const response of this.#daemon.manage(data, access)) answer(response);
  }

  #remember(data: Uint8Array, answer: (bytes: Uint8Array) => void): void {
    const client = clientOf(data);
    if (client === undefined) return;
    this.#clients.delete(client);
    this.#clients.set(client, answer);
    const [oldest] = this.#clients.keys();
    if (this.#clients.size > clientLimit && oldest !== undefined) this.#clients.delete(oldest);
  }

  /** Idempotent. */
  close(): void {
    this.#daemon.off('managementResponse', this.#onResponse);
    this.#unix?.close();
    this.#loopback?.close();
    this.#clients.clear();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** Whose message it is; undefined if it is none, which the engine counts. */
function clientOf(data: Uint8Array): string | undefined {
  try {
    return formatPortIdentity(decodeMessage(data).header.sourcePortIdentity);
  } catch {
    return undefined;
  }
}
