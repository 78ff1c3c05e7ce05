import type { Filter } from './filter/filter.ts';
import { type PortIdentity, samePort } from './identity.ts';
import { FLAG, LOG_INTERVAL_NONE } from './messages/constants.ts';
import { encodeMessage, type Message, type PdelayResp, type PdelayRespFollowUp } from './messages/message.ts';
import { NeighborRate } from './neighbor-rate.ts';
import { delayFilter, type PathDelay } from './path-delay.ts';
import { type MessageHost, makeHeader, nextSequenceId } from './port-host.ts';
import type { ResolvedPort } from './profiles.ts';
import { clampScaled, scaledFromNs, scaledToNs, timestampFromNs, timestampToNs, ZERO_TIMESTAMP } from './timestamp.ts';

/** 802.1AS-2020 11.5.3: so many unanswered requests in a row are no neighbour. */
const ALLOWED_LOST_RESPONSES = 9;

interface Exchange {
  readonly sequenceId: number;
  /** t1 to t4; t1 and t4 are this clock's, t2 and t3 the peer's. */
  t1: bigint | undefined;
  t2: bigint | undefined;
  t3: bigint | undefined;
  t4: bigint | undefined;
  correctionNs: number;
  responder: PortIdentity | undefined;
  oneStep: boolean;
}

/** The peer delay mechanism, IEEE 1588-2008 11.4: both ends of one link, in every state. */
export class PeerDelay implements PathDelay {
  readonly #host: MessageHost;
  readonly #port: number;
  readonly #config: ResolvedPort;
  readonly #filter: Filter;
  #sequenceId = 0;
  #exchange: Exchange | undefined;
  #lost = 0;
  #severalPeers = false;
  #asCapable = false;
  readonly #rate: NeighborRate;
  delayNs: number | undefined;

  constructor(host: MessageHost, port: number, config: ResolvedPort) {
    this.#host = host;
    this.#port = port;
    this.#config = config;
    this.#filter = delayFilter(host.config.delayFilter);
    this.#rate = new NeighborRate(host);
  }

  /** The peer's rate over this clock's. */
  get neighborRateRatio(): number {
    return this.#rate.ratio;
  }

  get asCapable(): boolean {
    return this.#asCapable;
  }

  reset(): void {
    this.flush();
    this.#rate.reset();
    this.#filter.reset();
    this.delayNs = undefined;
    this.#lost = 0;
    this.#severalPeers = false;
    this.#setAsCapable(false);
  }

  flush(): void {
    this.#exchange = undefined;
    this.#rate.flush();
  }

  /** `to`: of a peer that is asked by unicast. */
  request(timestampId: number, to?: string): number {
    const before = this.#exchange;
    if (before !== undefined) {
      this.#lost++;
      if (this.#lost > ALLOWED_LOST_RESPONSES) this.#setAsCapable(false);
    } else if (this.#severalPeers) {
      this.#setAsCapable(false);
    }
    this.#severalPeers = false;
    this.#sequenceId = nextSequenceId(this.#sequenceId);
    this.#exchange = {
      sequenceId: this.#sequenceId,
      t1: undefined,
      t2: undefined,
      t3: undefined,
      t4: undefined,
      correctionNs: 0,
      responder: undefined,
      oneStep: false,
    };
    const bytes = encodeMessage({
      messageType: 'Pdelay_Req',
      header: makeHeader(
        this.#host,
        this.#port,
        this.#sequenceId,
        this.#logInterval(),
        to === undefined ? 0 : FLAG.unicast,
      ),
      originTimestamp: ZERO_TIMESTAMP,
      tlvs: [],
    });
    const address = to === undefined ? {} : { to };
    this.#host.act({
      type: 'send',
      port: this.#port,
      channel: 'event',
      peerDelay: true,
      bytes,
      timestampId,
      ...address,
    });
    return this.#sequenceId;
  }

  departed(sequenceId: number, t1: bigint): void {
    if (this.#exchange?.sequenceId !== sequenceId) return;
    this.#exchange.t1 = t1;
    this.#complete();
  }

  /** Table 24: 0x7f in 2008; 802.1AS says its interval. */
  #logInterval(): number {
    return this.#host.profile.gptp ? this.#config.logMinPdelayReqInterval : LOG_INTERVAL_NONE;
  }

  /**
   * Answers a request: the response now, its follow-up when the stamp is there. In one step the hardware adds the
   * time from the request to the response to correctionField (11.4.3, c1), and there is no follow-up.
   */
  respond(
    message: Message & { messageType: 'Pdelay_Req' },
    t2: bigint,
    timestampId: number,
    from: string | undefined,
  ): void {
    const to = this.#config.unicast && (message.header.flagField & FLAG.unicast) !== 0 ? from : undefined;
    const oneStep = this.#host.config.oneStepPeerDelay ?? false;
    const flags = (oneStep ? 0 : FLAG.twoStep) | (to === undefined ? 0 : FLAG.unicast);
    const { sequenceId } = message.header;
    const { ingressLatencyNs, egressLatencyNs } = this.#config;
    // What the hardware adds is from stamper to stamper: the ways to the connector and back are missing (7.3.4.2).
    const correctionField = clampScaled(
      message.header.correctionField + scaledFromNs(ingressLatencyNs + egressLatencyNs),
    );
    const bytes = encodeMessage({
      messageType: 'Pdelay_Resp',
      header: makeHeader(this.#host, this.#port, sequenceId, LOG_INTERVAL_NONE, flags, oneStep ? correctionField : 0n),
      requestReceiptTimestamp: oneStep ? ZERO_TIMESTAMP : timestampFromNs(t2 < 0n ? 0n : t2),
      requestingPortIdentity: message.header.sourcePortIdentity,
      tlvs: [],
    });
    const address = to === undefined ? {} : { to };
    this.#host.act({
      type: 'send',
      port: this.#port,
      channel: 'event',
      peerDelay: true,
      bytes,
      ...(oneStep ? { oneStep } : { timestampId }),
      ...address,
    });
  }

  respondFollowUp(request: Message & { messageType: 'Pdelay_Req' }, t3: bigint, from: string | undefined): void {
    const to = this.#config.unicast && (request.header.flagField & FLAG.unicast) !== 0 ? from : undefined;
    const bytes = encodeMessage({
      messageType: 'Pdelay_Resp_Follow_Up',
      header: makeHeader(
        this.#host,
        this.#port,
        request.header.sequenceId,
        LOG_INTERVAL_NONE,
        to === undefined ? 0 : FLAG.unicast,
        request.header.correctionField,
      ),
      responseOriginTimestamp: timestampFromNs(t3 < 0n ? 0n : t3),
      requestingPortIdentity: request.header.sourcePortIdentity,
      tlvs: [],
    });
    const address = to === undefined ? {} : { to };
    this.#host.act({ type: 'send', port: this.#port, channel: 'general', peerDelay: true, bytes, ...address });
  }

  response(message: PdelayResp, t4: bigint): void {
    const exchange = this.#mine(message);
    if (exchange === undefined) return;
    if (exchange.t4 !== undefined || exchange.responder !== undefined) {
      if (!samePort(exchange.responder!, message.header.sourcePortIdentity)) this.#several();
      return;
    }
    exchange.responder = message.header.sourcePortIdentity;
    exchange.t4 = t4;
    exchange.oneStep = (message.header.flagField & FLAG.twoStep) === 0;
    exchange.correctionNs += scaledToNs(message.header.correctionField) + this.#config.delayAsymmetryNs;
    exchange.t2 = timestampToNs(message.requestReceiptTimestamp);
    if (exchange.oneStep) exchange.t3 = exchange.t2;
    this.#complete();
  }

  responseFollowUp(message: PdelayRespFollowUp): void {
    const exchange = this.#mine(message);
    if (exchange === undefined || exchange.oneStep || exchange.t3 !== undefined) return;
    if (exchange.responder === undefined || !samePort(exchange.responder, message.header.sourcePortIdentity)) return;
    exchange.correctionNs += scaledToNs(message.header.correctionField);
    exchange.t3 = timestampToNs(message.responseOriginTimestamp);
    this.#complete();
  }

  #mine(message: PdelayResp | PdelayRespFollowUp): Exchange | undefined {
    const own = { clockIdentity: this.#host.defaultDS.clockIdentity, portNumber: this.#port };
    if (!samePort(message.requestingPortIdentity, own)) return undefined;
    if (this.#exchange?.sequenceId === message.header.sequenceId) return this.#exchange;
    // The exchange is done, and here is another one who thinks it was asked.
    if (message.messageType === 'Pdelay_Resp' && message.header.sequenceId === this.#sequenceId) this.#several();
    else this.#host.count('unexpected message');
    return undefined;
  }

  #several(): void {
    this.#severalPeers = true;
    this.#host.count('several peers answered');
  }

  #complete(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    const { t1, t2, t3, t4 } = exchange;
    if (t1 === undefined || t2 === undefined || t3 === undefined || t4 === undefined) return;
    this.#exchange = undefined;
    this.#lost = 0;
    // What was measured with a wrong rate has a part of the peer's turnaround in it.
    if (!exchange.oneStep && this.#rate.sample(t3, t4)) this.#filter.reset();
    // One-step: the peer's time between is in the correction.
    const { roundNs, residenceNs } = this.#rate.exchange(t1, t4, Number(t3 - t2));
    this.delayNs = this.#filter.sample((roundNs - residenceNs - exchange.correctionNs) / 2);
    const near = this.delayNs <= this.#config.neighborPropDelayThreshNs;
    if (!this.#severalPeers) this.#setAsCapable(near);
  }

  #setAsCapable(asCapable: boolean): void {
    if (asCapable === this.#asCapable) return;
    this.#asCapable = asCapable;
    this.#host.event({ name: 'asCapable', port: this.#port, asCapable });
  }
}
