import { ClosedError } from '../errors.ts';
import { callNative } from '../native.ts';
import { formatAddress } from '../wire/index.ts';
import { addon, type NativeStampedSocket, type SocketArrays } from './addon.ts';
import type { SocketTransport } from './timestamping.ts';

export interface StampedSocketSpec {
  readonly interface: string;
  readonly transport: SocketTransport;
  /** UDP: 319 for event messages, 320 for general ones. An Ethernet socket (0x88F7) carries both. */
  readonly port?: 319 | 320;
  readonly stamping: 'software' | 'hardware';
  /** Multicast addresses to join; `send` knows them by their place. */
  readonly groups: readonly string[];
  /** Multicast TTL or hop limit, 1..255; default 1. */
  readonly ttl?: number;
  /** 0..63 */
  readonly dscp?: number;
  /** SO_PRIORITY, 0..15. */
  readonly priority?: number;
  /** A throw-away frame (EtherType 0x88B5, not forwarded by bridges) before each message that is to be stamped. */
  readonly warmUp?: boolean;
  /** Ethernet: takes the frames before the bridge that the interface is a port of. */
  readonly beforeBridge?: boolean;
  /** Hardware stamps in the time of this virtual clock, `/dev/ptpN`. */
  readonly virtualClock?: number;
}

export interface StampedSocketEvents {
  /**
   * A message, and when it arrived: ns of CLOCK_REALTIME or of the interface's hardware clock, by `stamping`; undefined
   * if it came without. `data` is a copy. `source()` is the sender's address:
   * IPv6 as RFC 5952 writes it, MAC in lower case; `sourcePort` is its UDP port, 0 for Ethernet.
   */
  message(data: Uint8Array, stampNs: bigint | undefined, source: () => string, sourcePort: number): void;
  /** When the message that was sent with this cookie left. */
  transmitted(cookie: number, stampNs: bigint): void;
  /** Its stamp has not come in time, and will not. */
  lost(cookie: number): void;
  /** The socket receives no more: its interface is gone. */
  failed(): void;
}

const batch = 32;
const slotBytes = 2048;
const sourceBytes = 16;

/** A socket for PTP messages on one interface, with timestamps of what comes and of what goes. */
export class StampedSocket {
  readonly #arrays: SocketArrays = {
    data: new Uint8Array(batch * slotBytes),
    meta: new Uint32Array(batch * 3),
    stamps: new BigInt64Array(batch),
  };
  readonly #events: StampedSocketEvents;
  readonly #timeoutMs: number;
  #native: NativeStampedSocket | undefined;
  #deadline: NodeJS.Timeout | undefined;

  /**
   * @param transmitTimeoutMs how long a transmit stamp is waited for; nothing else waits meanwhile
   * @throws SystemError, also with ENODEV: there is no such interface
   */
  constructor(spec: StampedSocketSpec, events: StampedSocketEvents, transmitTimeoutMs = 100) {
    this.#events = events;
    this.#timeoutMs = transmitTimeoutMs;
    this.#native = callNative(
      () => new addon.StampedSocket(spec, this.#arrays, (kind, count) => this.#ready(kind, count)),
    );
  }

  /**
   * Sends at once.
   * @param to the place of a group, or an address
   * @param stamp `wanted`: `transmitted` or `lost` comes with `cookie`; `one-step`: the hardware writes it
   * @returns 0, or the errno of why it was not sent; then neither comes
   */
  send(message: Uint8Array, to: 0 | 1 | string, stamp: 'none' | 'wanted' | 'one-step' = 'none', cookie = 0): number {
    const native = this.#native;
    if (!native) throw new ClosedError('StampedSocket');
    const error = callNative(() => native.send(message, to, stamp, cookie, this.#timeoutMs));
    if (stamp === 'wanted' && this.#deadline === undefined) this.#watch(error === 0 ? this.#timeoutMs : 0);
    return error;
  }

  /** Hands out the transmit stamps that are there already. */
  drain(): void {
    this.#native?.drain();
  }

  /** Messages that were longer than any of PTP's. */
  get truncated(): number {
    return this.#native?.truncated() ?? 0;
  }

  ref(): void {
    this.#native?.ref();
  }

  /** Does not keep the process alive. */
  unref(): void {
    this.#native?.unref();
  }

  /** Idempotent. */
  close(): void {
    clearTimeout(this.#deadline);
    this.#native?.close();
    this.#native = undefined;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #watch(ms: number): void {
    this.#deadline = setTimeout(() => {
      this.#deadline = undefined;
      // A busy loop is late for the stamps as well: those that are there are not lost.
      this.drain();
      const state = this.#native?.lostStamps();
      if (state === undefined) return;
      if (state.nextMs >= 0) this.#watch(Math.max(1, Math.ceil(state.nextMs)));
      for (const cookie of state.cookies) this.#events.lost(cookie);
    }, ms).unref();
  }

  #ready(kind: number, count: number): void {
    const { data, meta, stamps } = this.#arrays;
    switch (kind) {
      case 0: {
        // Copied before anybody hears of it: a listener that drains has the arrays filled again.
        const messages = Array.from({ length: count }, (_, i) => {
          const at = i * slotBytes;
          const end = at + slotBytes - sourceBytes;
          return {
            data: data.slice(at, at + meta[3 * i]!),
            stamp: meta[3 * i + 1] === 1 ? stamps[i] : undefined,
            source: data.slice(end, end + (meta[3 * i + 2]! & 0xffff)),
            port: meta[3 * i + 2]! >>> 16,
          };
        });
        for (const { data, stamp, source, port } of messages)
          if (this.#native) this.#events.message(data, stamp, () => addressText(source), port);
        return;
      }
      case 1: {
        const sent = Array.from({ length: count }, (_, i) => [meta[3 * i]!, stamps[i]!] as const);
        for (const [cookie, stampNs] of sent) if (this.#native) this.#events.transmitted(cookie, stampNs);
        return;
      }
      default:
        this.#events.failed();
    }
  }
}

function addressText(octets: Uint8Array): string {
  if (octets.length === 4 || octets.length === 16) return formatAddress(octets);
  return [...octets].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
