import { FLAG, MESSAGE_TYPE } from './messages/constants.ts';
import { Pending } from './path-delay.ts';
import type { MessageHost } from './port-host.ts';
import { clampScaled, scaledFromNs } from './timestamp.ts';
import type { TransparentPort } from './transparent-port.ts';

const { Sync, Delay_Req, Pdelay_Req, Pdelay_Resp, Follow_Up, Delay_Resp, Pdelay_Resp_Follow_Up } = MESSAGE_TYPE;

/** A forwarded event message at one egress port. */
interface Transit {
  readonly type: number;
  readonly ingressNs: bigint;
  /** Of the link it came in by, and its asymmetry. */
  readonly extraNs: number;
  /** The one-step Sync whose Follow_Up this clock makes. */
  readonly oneStep: Uint8Array | undefined;
  residenceNs: number | undefined;
  /** General messages that came before the stamp. */
  readonly waiting: (() => void)[];
}

/** Enough for the messages in flight of a thousand clocks; what is older was lost. */
const LIMIT = 4096;
/** Of one event message: more than one per port was sent twice. */
const MAX_WAITING = 8;

/** Forwards messages and brings each residence time to its general message (IEEE 1588-2008 11.5). */
export class Residence {
  readonly #host: MessageHost;
  readonly #peerToPeer: boolean;
  readonly #transits = new Pending<Transit, string>(LIMIT);
  readonly #stamps = new Pending<string, string>(LIMIT);

  constructor(host: MessageHost, peerToPeer: boolean) {
    this.#host = host;
    this.#peerToPeer = peerToPeer;
  }

  /** `bytes` has a header. */
  forward(ingress: TransparentPort, others: readonly TransparentPort[], bytes: Uint8Array, ingressNs: bigint): void {
    const type = bytes[0]! & 0x0f;
    const length = (bytes[2]! << 8) | bytes[3]!;
    if (length < minimumLength(type) || length > bytes.length) {
      this.#host.count('truncated message');
      return;
    }
    const message = bytes.subarray(0, length);
    if (type < 4) for (const port of others) this.#event(ingress, port, message, ingressNs);
    else for (const port of others) this.#general(ingress, port, message);
  }

  #event(ingress: TransparentPort, port: TransparentPort, message: Uint8Array, ingressNs: bigint): void {
    const type = message[0]! & 0x0f;
    const bytes = message.slice();
    const oneStep = type === Sync && (bytes[6]! & (FLAG.twoStep >> 8)) === 0;
    // From here on it is a two-step one (11.5.2.2).
    if (oneStep) bytes[6] = bytes[6]! | (FLAG.twoStep >> 8);
    const { delayAsymmetryNs } = ingress.config;
    const linkNs = type === Sync && this.#peerToPeer ? (ingress.linkDelayNs ?? 0) : 0;
    const timestampId = port.nextTimestampId();
    const key = keyOf(port, type, bytes, 20);
    this.#transits.set(key, {
      type,
      ingressNs,
      extraNs: linkNs + (type === Sync || type === Pdelay_Resp ? delayAsymmetryNs : -delayAsymmetryNs),
      oneStep: oneStep ? message.slice() : undefined,
      residenceNs: undefined,
      waiting: [],
    });
    this.#stamps.set(`${port.number}:${timestampId}`, key);
    const peerDelay = type === Pdelay_Req || type === Pdelay_Resp;
    this.#host.act({ type: 'send', port: port.number, channel: 'event', peerDelay, bytes, timestampId });
  }

  departed(port: TransparentPort, timestampId: number, at: bigint | undefined): void {
    const key = this.#stamps.take(`${port.number}:${timestampId}`);
    const transit = key === undefined ? undefined : this.#transits.get(key);
    if (key === undefined || transit === undefined) return;
    if (at === undefined) {
      this.#transits.take(key);
      return;
    }
    // Late answers to a request still need it: it goes when others push it out.
    transit.residenceNs = Number(at - transit.ingressNs) + transit.extraNs;
    if (transit.oneStep !== undefined) {
      this.#transits.take(key);
      this.#send(port, followUpOf(transit.oneStep), transit.residenceNs);
    }
    for (const resume of transit.waiting.splice(0)) resume();
  }

  /**
   * Follow_Up leaves where its Sync left. Responses come back where the request had left, and so does their correction:
   * that of Pdelay_Resp_Follow_Up has both ways in it.
   */
  #general(ingress: TransparentPort, port: TransparentPort, message: Uint8Array): void {
    const type = message[0]! & 0x0f;
    const needed =
      type === Follow_Up
        ? [this.#transits.get(keyOf(port, Sync, message, 20))]
        : type === Delay_Resp
          ? [this.#transits.get(keyOf(ingress, Delay_Req, message, 44))]
          : type === Pdelay_Resp_Follow_Up
            ? [
                this.#transits.get(keyOf(ingress, Pdelay_Req, message, 44)),
                this.#transits.get(keyOf(port, Pdelay_Resp, message, 20)),
              ]
            : [];
    let correctionNs = 0;
    for (const transit of needed) {
      // Without what it belongs to it is of no use.
      if (transit === undefined) return;
      if (transit.residenceNs === undefined) {
        const copy = message.slice();
        if (transit.waiting.length < MAX_WAITING) transit.waiting.push(() => this.#general(ingress, port, copy));
        return;
      }
      correctionNs += transit.residenceNs;
    }
    this.#send(port, message, correctionNs);
  }

  #send(port: TransparentPort, message: Uint8Array, correctionNs: number): void {
    const bytes = message.slice();
    const view = new DataView(bytes.buffer);
    view.setBigInt64(8, clampScaled(view.getBigInt64(8) + scaledFromNs(correctionNs)));
    const peerDelay = (bytes[0]! & 0x0f) === Pdelay_Resp_Follow_Up;
    this.#host.act({ type: 'send', port: port.number, channel: 'general', peerDelay, bytes });
  }
}

function minimumLength(type: number): number {
  if (type === Pdelay_Req || type === Pdelay_Resp || type === Pdelay_Resp_Follow_Up || type === Delay_Resp) return 54;
  return 44;
}

/** Egress port, messageType, domain, port identity at `at` and sequenceId. */
function keyOf(port: TransparentPort, type: number, message: Uint8Array, at: number): string {
  let key = `${port.number}:${type}:${message[4]}:${message[30]! * 256 + message[31]!}:`;
  for (let i = at; i < at + 10; i++) key += String.fromCharCode(message[i]!);
  return key;
}

/** The Follow_Up that a one-step Sync did without: its originTimestamp, and no correction, which the Sync itself has. */
function followUpOf(sync: Uint8Array): Uint8Array {
  const bytes = sync.slice(0, 44);
  bytes[0] = (bytes[0]! & 0xf0) | Follow_Up;
  bytes[2] = 0;
  bytes[3] = 44;
  bytes[6] = bytes[6]! & ~(FLAG.twoStep >> 8);
  bytes.fill(0, 8, 16);
  bytes[32] = 2;
  return bytes;
}
