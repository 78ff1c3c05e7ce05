import type { PortSnapshot } from './engine.ts';
import { decodeMessage, type PdelayReq } from './messages/message.ts';
import { Pending } from './path-delay.ts';
import { PeerDelay } from './peer-delay.ts';
import { intervalMs, type MessageHost } from './port-host.ts';
import type { PortState } from './port-state.ts';
import { type ResolvedPort, resolvePort } from './profiles.ts';

type Departure =
  | { readonly kind: 'Pdelay_Req'; readonly sequenceId: number }
  | { readonly kind: 'Pdelay_Resp'; readonly request: PdelayReq; readonly from: string | undefined };

/** A port of a transparent clock: up or down, and one end of its link's peer delay mechanism where there is one. */
export class TransparentPort {
  readonly number: number;
  readonly config: ResolvedPort;
  readonly #host: MessageHost;
  readonly #peerToPeer: boolean;
  readonly #peer: PeerDelay;
  readonly #departures = new Pending<Departure>(32);
  readonly #up = { link: true, enabled: true };
  #state: PortState = 'INITIALIZING';
  #timestampId = 0;

  constructor(host: MessageHost, number: number, peerToPeer: boolean) {
    this.#host = host;
    this.number = number;
    this.#peerToPeer = peerToPeer;
    this.config = {
      ...resolvePort(host.config, host.config.ports[number - 1]!),
      delayMechanism: peerToPeer ? 'p2p' : 'e2e',
    };
    this.#peer = new PeerDelay(host, number, this.config);
  }

  get working(): boolean {
    return this.#state === 'PASSIVE';
  }

  /** Of the link, ns; undefined until it was measured. */
  get linkDelayNs(): number | undefined {
    return this.#peer.delayNs;
  }

  nextTimestampId(): number {
    this.#timestampId = (this.#timestampId + 1) % 0x4000_0000;
    return this.#timestampId;
  }

  start(now: number): void {
    this.#enter(now, 'start');
  }

  setState(what: 'link' | 'enabled', up: boolean, now: number, reason: string): void {
    this.#up[what] = up;
    this.#enter(now, reason);
  }

  /** Ports that forward are PASSIVE: 2008 has no state for them. */
  #enter(now: number, reason: string): void {
    const from = this.#state;
    const to = !this.#up.enabled ? 'DISABLED' : this.#up.link ? 'PASSIVE' : 'FAULTY';
    if (from === to) return;
    this.#state = to;
    this.#host.event({ name: 'portState', port: this.number, from, to, reason });
    if (!this.#peerToPeer) return;
    const id = `${this.number}/pdelayReq`;
    if (to === 'PASSIVE') {
      this.#host.act({ type: 'setTimer', id, at: now });
    } else {
      this.#peer.reset();
      this.#host.act({ type: 'clearTimer', id });
    }
  }

  requestPeerDelay(now: number): void {
    if (!this.working || !this.#peerToPeer) return;
    const at = now + intervalMs(this.config.logMinPdelayReqInterval);
    this.#host.act({ type: 'setTimer', id: `${this.number}/pdelayReq`, at });
    const id = this.nextTimestampId();
    this.#departures.set(id, { kind: 'Pdelay_Req', sequenceId: this.#peer.request(id) });
  }

  peerDelay(bytes: Uint8Array, ingressNs: bigint, _now: number, from: string | undefined): void {
    try {
      const message = decodeMessage(bytes);
      if (message.messageType === 'Pdelay_Req') {
        const id = this.nextTimestampId();
        this.#departures.set(id, { kind: 'Pdelay_Resp', request: message, from });
        this.#peer.respond(message, ingressNs, id, from);
      } else if (message.messageType === 'Pdelay_Resp') {
        this.#peer.response(message, ingressNs);
      } else if (message.messageType === 'Pdelay_Resp_Follow_Up') {
        this.#peer.responseFollowUp(message);
      }
    } catch {
      this.#host.count('malformed message');
    }
  }

  /** False: not a message of this port's own. */
  departed(timestampId: number, at: bigint | undefined): boolean {
    const departure = this.#departures.take(timestampId);
    if (departure === undefined) return false;
    if (at === undefined) return true;
    if (departure.kind === 'Pdelay_Req') this.#peer.departed(departure.sequenceId, at);
    else this.#peer.respondFollowUp(departure.request, at, departure.from);
    return true;
  }

  snapshot(): PortSnapshot {
    const { config } = this;
    return {
      config,
      portDS: {
        portIdentity: { clockIdentity: this.#host.defaultDS.clockIdentity, portNumber: this.number },
        portState: this.#state,
        logMinDelayReqInterval: config.logMinDelayReqInterval,
        peerMeanPathDelayNs: this.#peer.delayNs ?? 0,
        logAnnounceInterval: config.logAnnounceInterval,
        announceReceiptTimeout: config.announceReceiptTimeout,
        logSyncInterval: config.logSyncInterval,
        delayMechanism: config.delayMechanism,
        logMinPdelayReqInterval: config.logMinPdelayReqInterval,
        versionNumber: 2,
        masterOnly: config.masterOnly,
        localPriority: config.localPriority,
        delayAsymmetryNs: config.delayAsymmetryNs,
      },
      linkDS: {
        asCapable: this.#peer.asCapable,
        neighborRateRatio: this.#peer.neighborRateRatio,
        neighborPropDelayThreshNs: config.neighborPropDelayThreshNs,
      },
      foreignMasters: [],
      messages: new Map(),
      delayNs: this.#peer.delayNs,
    };
  }
}
