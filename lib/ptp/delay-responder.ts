import { u64Bytes } from '../wire/index.ts';
import { FLAG, LOG_INTERVAL_NONE } from './messages/constants.ts';
import { encodeMessage } from './messages/message.ts';
import { makeHeader, type PortHost } from './port-host.ts';
import type { ResolvedPort } from './profiles.ts';
import { ZERO_TIMESTAMP } from './timestamp.ts';

/**
 * Delay_Resp for the octets of a Delay_Req (11.3.2): one copy of a template and eleven fields, since a master answers as
 * many as it has slaves. Nothing is kept of the slave.
 */
export class DelayResponder {
  readonly #template = new Uint8Array(54);
  readonly #logInterval: number;
  readonly #second = new Uint8Array(6);
  #secondNs = 0n;

  constructor(host: PortHost, port: number, config: ResolvedPort) {
    this.#logInterval = config.logMinDelayReqInterval & 0xff;
    this.#template.set(
      encodeMessage({
        messageType: 'Delay_Resp',
        header: makeHeader(host, port, 0, config.logMinDelayReqInterval),
        receiveTimestamp: ZERO_TIMESTAMP,
        requestingPortIdentity: { clockIdentity: 0n, portNumber: 0 },
        tlvs: [],
      }),
    );
  }

  /** `request` has at least 44 octets. `arrivalNs` is PTP time. */
  respond(request: Uint8Array, arrivalNs: bigint, unicast: boolean): Uint8Array {
    const bytes = this.#template.slice();
    if (unicast) {
      bytes[6] = FLAG.unicast >> 8;
      bytes[33] = LOG_INTERVAL_NONE;
    } else {
      bytes[33] = this.#logInterval;
    }
    bytes[4] = request[4]!;
    for (let i = 8; i < 16; i++) bytes[i] = request[i]!;
    bytes[30] = request[30]!;
    bytes[31] = request[31]!;
    let nanoseconds = Number(arrivalNs - this.#secondNs);
    if (!(nanoseconds >= 0 && nanoseconds < 1e9)) nanoseconds = this.#nextSecond(arrivalNs);
    bytes.set(this.#second, 34);
    bytes[40] = nanoseconds >>> 24;
    bytes[41] = nanoseconds >>> 16;
    bytes[42] = nanoseconds >>> 8;
    bytes[43] = nanoseconds;
    for (let i = 0; i < 10; i++) bytes[44 + i] = request[20 + i]!;
    return bytes;
  }

  /** Divides once a second: the octets of the seconds are kept. */
  #nextSecond(arrivalNs: bigint): number {
    const seconds = arrivalNs / 1_000_000_000n;
    this.#secondNs = seconds * 1_000_000_000n;
    this.#second.set(u64Bytes(seconds).subarray(2));
    return Number(arrivalNs - this.#secondNs);
  }
}
