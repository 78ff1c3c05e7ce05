import { StampedSocket, type StampedSocketSpec } from '../../phc/index.ts';
import type { Transport } from '../../ptp/config.ts';
import { transportGroups } from './transport.ts';

export interface PortSocketOptions {
  readonly interface: string;
  readonly transport: Transport;
  readonly stamping: 'software' | 'hardware';
  readonly warmUp: boolean;
  readonly beforeBridge: boolean;
  readonly transmitTimeoutMs: number;
  readonly dscp: number;
  readonly priority: number;
  readonly virtualClock?: number;
}

export interface PortSocketEvents {
  message(data: Uint8Array, stampNs: bigint | undefined, source: () => string): void;
  /** `undefined`: the stamp is lost. */
  transmitted(timestampId: number, stampNs: bigint | undefined): void;
  failed(): void;
}

export interface PortMessage {
  readonly bytes: Uint8Array;
  readonly channel: 'event' | 'general';
  readonly peerDelay: boolean;
  readonly to?: string | undefined;
  readonly timestampId?: number | undefined;
  readonly oneStep?: boolean | undefined;
}

/** IEEE 1588-2008 annex E.2: room for hardware that keeps the UDP checksum right by changing them. */
const ipv6TrailingOctets = 2;

/** The sockets of one PTP port: one for Ethernet, two for UDP. */
export class PortSocket {
  readonly #event: StampedSocket;
  readonly #general: StampedSocket;
  readonly #trailing: number;

  /** @throws SystemError: the interface is not there, or an address of the transport is not */
  constructor(options: PortSocketOptions, events: PortSocketEvents) {
    const { socket, groups } = transportGroups[options.transport];
    const spec: StampedSocketSpec = {
      interface: options.interface,
      transport: socket,
      stamping: options.stamping,
      groups,
      warmUp: options.warmUp,
      beforeBridge: options.beforeBridge,
      dscp: options.dscp,
      priority: options.priority,
      ...(options.virtualClock !== undefined && { virtualClock: options.virtualClock }),
    };
    const heard = {
      transmitted: (cookie: number, stampNs: bigint) => events.transmitted(cookie, stampNs),
      lost: (cookie: number) => events.transmitted(cookie, undefined),
      failed: () => events.failed(),
    };
    this.#trailing = socket === 'ipv6' ? ipv6TrailingOctets : 0;
    this.#event = new StampedSocket(
      { ...spec, ...(socket !== 'ethernet' && { port: 319 }) },
      { ...heard, message: (data, stampNs, source) => events.message(data, stampNs, source) },
      options.transmitTimeoutMs,
    );
    if (socket === 'ethernet') {
      this.#general = this.#event;
      return;
    }
    try {
      this.#general = new StampedSocket(
        { ...spec, port: 320, warmUp: false },
        {
          ...heard,
          message: (data, _stampNs, source) => {
            // A Delay_Resp may be read before the stamp of its request, which lies in another queue.
            this.#event.drain();
            events.message(data, undefined, source);
          },
        },
        options.transmitTimeoutMs,
      );
    } catch (error) {
      this.#event.close();
      throw error;
    }
  }

  /** Returns 0, or the errno of why it was not sent. */
  send(message: PortMessage): number {
    const socket = message.channel === 'event' ? this.#event : this.#general;
    const to = message.to ?? (message.peerDelay ? 1 : 0);
    const stamp = message.oneStep ? 'one-step' : message.timestampId === undefined ? 'none' : 'wanted';
    let { bytes } = message;
    if (this.#trailing > 0 && message.channel === 'event') {
      bytes = new Uint8Array(bytes.length + this.#trailing);
      bytes.set(message.bytes);
    }
    return socket.send(bytes, to, stamp, message.timestampId ?? 0);
  }

  close(): void {
    this.#event.close();
    this.#general.close();
  }
}
