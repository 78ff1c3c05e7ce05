import { OpensslCrypto } from '#lib/crypto/openssl.js';
import {
  type Action,
  type Address,
  type ChildSaKeys,
  defaultIkeSettings,
  Ike,
  type IkeEvent,
  type IkeSettings,
} from '#lib/ike/index.js';
import { decodeMessage } from '#lib/ike/message.js';
import { decodeChain } from '#lib/ike/payloads/chain.js';
import { notifyName } from '#lib/ike/payloads/notify-type.js';
import type { Payload } from '#lib/ike/payloads/payload.js';
import { Reader } from '#lib/wire/index.js';

const checksum = (data: Uint8Array): string => Buffer.from(data.subarray(-16)).toString('hex');

/** Real cryptography, seeded entropy (but for Diffie-Hellman keys, which decide nothing here). */
class SeededCrypto extends OpensslCrypto {
  readonly #random: () => number;
  constructor(random: () => number) {
    super();
    this.#random = random;
  }
  /** What went into SK payloads, by their checksum: so that a ladder can name the payloads. */
  readonly sealed = new Map<string, readonly Payload[]>();
  override seal(
    name: string,
    key: Uint8Array,
    nonce: Uint8Array,
    associatedData: Uint8Array,
    plaintext: Uint8Array,
  ): Uint8Array {
    const out = super.seal(name, key, nonce, associatedData, plaintext);
    // RFC 5282 5.1: the associated data ends with the header of the SK payload, whose first octet is the type inside.
    const first = associatedData.at(-4)!;
    const end = plaintext.length - 1 - plaintext.at(-1)!;
    this.sealed.set(checksum(out), decodeChain(new Reader(plaintext.slice(0, end)), first));
    return out;
  }
  override random(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => Math.floor(this.#random() * 256));
  }
}

/** In every message of their kind, and of no account for what the ladders show. */
const quiet = new Set(['NAT_DETECTION_SOURCE_IP', 'NAT_DETECTION_DESTINATION_IP', 'ESP_TFC_PADDING_NOT_SUPPORTED']);

export interface InstalledSa {
  readonly keys: ChildSaKeys;
  outbound: boolean;
  local: Address;
  remote: Address;
  udpEncapsulation: boolean;
}

export interface Outgoing {
  readonly local: Address;
  readonly remote: Address;
  readonly data: Uint8Array;
}

/** One end: an engine, its timers, and a data plane that is a table. */
export class Host {
  readonly name: string;
  readonly address: string;
  readonly ike: Ike;
  readonly timers = new Map<string, number>();
  /** Insertion order is installation order. */
  readonly sas = new Map<number, InstalledSa>();
  readonly events: IkeEvent[] = [];
  readonly send: (datagram: Outgoing) => void;
  keepalives = 0;
  readonly #crypto: SeededCrypto;
  #lastSpi = 0x1000;

  constructor(
    name: string,
    address: string,
    random: () => number,
    send: (datagram: Outgoing) => void,
    settings: Partial<IkeSettings> = {},
  ) {
    this.name = name;
    this.address = address;
    this.send = send;
    this.#crypto = new SeededCrypto(random);
    this.ike = new Ike(
      { ...defaultIkeSettings, ...settings },
      {
        crypto: this.#crypto,
        allocateSpi: () => ++this.#lastSpi + Math.floor(random() * 0x7fff) * 0x10000,
        localAddress: () => address,
      },
    );
  }

  /** The payloads of a message that this host made, in the RFC's notation: `SA, Ni, KEi, N(COOKIE)`. */
  describe(data: Uint8Array): string {
    const { payloads, response } = decodeMessage(data);
    const inside = payloads[0]?.type === 'SK' ? this.#crypto.sealed.get(checksum(data)) : payloads;
    if (inside === undefined) return 'SK';
    return inside
      .filter((payload) => payload.type !== 'N' || !quiet.has(notifyName(payload.notify)))
      .map((payload) => {
        if (payload.type === 'N') return `N(${notifyName(payload.notify)})`;
        if (payload.type === 'KE') return response ? 'KEr' : 'KEi';
        return payload.type === 'Nonce' ? (response ? 'Nr' : 'Ni') : payload.type;
      })
      .join(', ');
  }

  do(actions: readonly Action[]): void {
    for (const action of actions) this.#do(action);
  }

  /** The newest SA that sends. */
  outbound(reqid = 1): InstalledSa | undefined {
    return [...this.sas.values()].filter((sa) => sa.outbound && sa.keys.reqid === reqid).at(-1);
  }

  inbound(spi: number): InstalledSa | undefined {
    return [...this.sas.values()].find(({ keys }) => keys.spiIn === spi);
  }

  named<Name extends IkeEvent['name']>(name: Name): Extract<IkeEvent, { name: Name }>[] {
    return this.events.filter((event) => event.name === name) as Extract<IkeEvent, { name: Name }>[];
  }

  #do(action: Action): void {
    switch (action.type) {
      case 'send':
        this.send(action);
        break;
      case 'setTimer':
        this.timers.set(action.id, action.at);
        break;
      case 'clearTimer':
        this.timers.delete(action.id);
        break;
      case 'natKeepalive':
        this.keepalives++;
        break;
      case 'installChildSa': {
        const { sa } = action;
        if (this.sas.has(sa.childSa)) throw new Error(`CHILD_SA ${sa.childSa} is installed twice`);
        const { local, remote, udpEncapsulation } = sa;
        this.sas.set(sa.childSa, { keys: sa, outbound: sa.inboundOnly !== true, local, remote, udpEncapsulation });
        break;
      }
      case 'activateChildSa':
        this.#installed(action.childSa).outbound = true;
        break;
      case 'deactivateChildSa':
        this.#installed(action.childSa).outbound = false;
        break;
      case 'updateChildSa':
        Object.assign(this.#installed(action.childSa), {
          local: action.local,
          remote: action.remote,
          udpEncapsulation: action.udpEncapsulation,
        });
        break;
      case 'removeChildSa':
        if (!this.sas.delete(action.childSa)) throw new Error(`CHILD_SA ${action.childSa} is not installed`);
        break;
      case 'event':
        if (action.event.name === 'log' && action.event.message === 'internal error') {
          throw new Error(`${this.name}: ${action.event.fields?.['why']}`);
        }
        this.events.push(action.event);
    }
  }

  #installed(childSa: number): InstalledSa {
    const sa = this.sas.get(childSa);
    if (sa === undefined) throw new Error(`CHILD_SA ${childSa} is not installed`);
    return sa;
  }
}
