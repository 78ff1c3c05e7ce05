import type { Filter } from './filter/filter.ts';
import { samePort } from './identity.ts';
import { FLAG, LOG_INTERVAL_NONE } from './messages/constants.ts';
import { type DelayResp, encodeMessage } from './messages/message.ts';
import { delayFilter, type PathDelay, Pending } from './path-delay.ts';
import { intervalMs, makeHeader, nextSequenceId, type PortHost } from './port-host.ts';
import type { ResolvedPort } from './profiles.ts';
import { scaledToNs, timestampToNs, ZERO_TIMESTAMP } from './timestamp.ts';

/** Syncs that a late Delay_Resp may lie between, and requests that wait for the next one. */
const MAX_SYNCS = 16;
const MAX_MEASURED = 8;

interface Request {
  /** t3, this clock's. */
  departureNs: bigint | undefined;
  /** t4 as PTP time and its correction. */
  arrivalNs: bigint | undefined;
  correctionNs: number;
}

/** The delay request-response mechanism of a slave port, IEEE 1588-2008 11.3. */
export class EndToEndDelay implements PathDelay {
  readonly #host: PortHost;
  readonly #port: number;
  readonly #config: ResolvedPort;
  readonly #filter: Filter;
  readonly #requests = new Pending<Request>(8);
  #sequenceId = 0;
  #logInterval: number;
  /** The last Syncs, oldest first. */
  #syncs: { readonly ingressNs: bigint; readonly masterToSlaveNs: number }[] = [];
  /** Complete ones that wait for the Sync after them. */
  #measured: { readonly departureNs: bigint; readonly slaveToMasterNs: number }[] = [];
  delayNs: number | undefined;

  constructor(host: PortHost, port: number, config: ResolvedPort) {
    this.#host = host;
    this.#port = port;
    this.#config = config;
    this.#filter = delayFilter(host.config.delayFilter);
    this.#logInterval = config.logMinDelayReqInterval;
  }

  get logInterval(): number {
    return this.#logInterval;
  }

  /** A unicast master said in its grant how often it may be asked. */
  set logInterval(logInterval: number) {
    this.#logInterval = logInterval;
  }

  /** Another master: its path has another length. */
  reset(): void {
    this.flush();
    this.#filter.reset();
    this.delayNs = undefined;
    this.#logInterval = this.#config.logMinDelayReqInterval;
  }

  /** The clock was stepped: what was stamped before is worth nothing. */
  flush(): void {
    this.#requests.clear();
    this.#syncs = [];
    this.#measured = [];
  }

  /** Measures anew, and keeps the old delay until then. */
  restart(): void {
    this.#filter.reset();
  }

  /** t2 - t1 of a Sync that came in at t2, `ingressNs`. */
  masterToSlave(masterToSlaveNs: number, ingressNs: bigint): void {
    this.#syncs.push({ ingressNs, masterToSlaveNs });
    if (this.#syncs.length > MAX_SYNCS) this.#syncs.shift();
    const measured = this.#measured;
    this.#measured = [];
    for (const { departureNs, slaveToMasterNs } of measured) this.#measure(departureNs, slaveToMasterNs);
  }

  /** When to ask again: uniformly spread over twice the mean (9.5.11.2). */
  nextAt(now: number): number {
    return now + 2 * this.#host.random() * intervalMs(this.#logInterval);
  }

  /** `to`: of that master alone. */
  request(timestampId: number, to: string | undefined): void {
    this.#sequenceId = nextSequenceId(this.#sequenceId);
    this.#requests.set(this.#sequenceId, { departureNs: undefined, arrivalNs: undefined, correctionNs: 0 });
    const bytes = encodeMessage({
      messageType: 'Delay_Req',
      header: makeHeader(
        this.#host,
        this.#port,
        this.#sequenceId,
        LOG_INTERVAL_NONE,
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
      peerDelay: false,
      bytes,
      timestampId,
      ...address,
    });
  }

  get lastSequenceId(): number {
    return this.#sequenceId;
  }

  departed(sequenceId: number, departureNs: bigint): void {
    const request = this.#requests.get(sequenceId);
    if (request === undefined) return;
    request.departureNs = departureNs;
    this.#complete(sequenceId, request);
  }

  /** False: nobody asked. */
  response(message: DelayResp): boolean {
    const { header, requestingPortIdentity } = message;
    const own = { clockIdentity: this.#host.defaultDS.clockIdentity, portNumber: this.#port };
    if (!samePort(requestingPortIdentity, own)) return true;
    if (!samePort(header.sourcePortIdentity, this.#host.parentDS.parentPortIdentity)) return false;
    const request = this.#requests.get(header.sequenceId);
    if (request === undefined || request.arrivalNs !== undefined) return false;
    // The master says how often it wants to be asked (9.5.11.2, table 24).
    if (header.logMessageInterval !== LOG_INTERVAL_NONE && Math.abs(header.logMessageInterval) <= 7) {
      this.#logInterval = header.logMessageInterval;
    }
    request.arrivalNs = timestampToNs(message.receiveTimestamp);
    request.correctionNs = scaledToNs(header.correctionField);
    this.#complete(header.sequenceId, request);
    return true;
  }

  #complete(sequenceId: number, request: Request): void {
    if (request.departureNs === undefined || request.arrivalNs === undefined) return;
    this.#requests.take(sequenceId);
    const departure = request.departureNs + BigInt(this.#host.ptpOffsetSeconds()) * 1_000_000_000n;
    // 11.6.2: a Delay_Req leaves with -delayAsymmetry in its correction.
    const slaveToMasterNs =
      Number(request.arrivalNs - departure) - request.correctionNs + this.#config.delayAsymmetryNs;
    this.#measure(request.departureNs, slaveToMasterNs);
  }

  /**
   * The offset has gone on changing since the last Sync while the clock is not yet steered: what it was when the request
   * left lies between the Sync before and the one after.
   */
  #measure(departureNs: bigint, slaveToMasterNs: number): void {
    const after = this.#syncs.findIndex(({ ingressNs }) => ingressNs >= departureNs);
    if (after < 0) {
      this.#measured.push({ departureNs, slaveToMasterNs });
      if (this.#measured.length > MAX_MEASURED) this.#measured.shift();
      return;
    }
    const [first, second] = [this.#syncs[after - 1], this.#syncs[after]!];
    // Older than the Syncs that are known.
    if (first === undefined) return;
    const part = Number(departureNs - first.ingressNs) / Number(second.ingressNs - first.ingressNs);
    const masterToSlaveNs = first.masterToSlaveNs + (second.masterToSlaveNs - first.masterToSlaveNs) * part;
    this.delayNs = this.#filter.sample((masterToSlaveNs + slaveToMasterNs) / 2);
  }
}
