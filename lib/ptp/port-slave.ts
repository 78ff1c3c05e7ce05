import { EndToEndDelay } from './end-to-end-delay.ts';
import type { FollowUp, TimestampMessage } from './messages/message.ts';
import type { PeerDelay } from './peer-delay.ts';
import type { PortHost } from './port-host.ts';
import { portSyncOf } from './port-sync.ts';
import type { ResolvedPort } from './profiles.ts';
import { SyncReceiver, type SyncSample } from './sync-receiver.ts';
import { followUpInformation, NO_GM_CHANGE } from './tlv/gptp.ts';

/** What a port in UNCALIBRATED and SLAVE makes of Syncs: offsets for the servo (IEEE 1588-2008 11.2). */
export class PortSlave {
  readonly endToEnd: EndToEndDelay;
  readonly #host: PortHost;
  readonly #port: number;
  readonly #config: ResolvedPort;
  readonly #peer: PeerDelay;
  readonly #receiver = new SyncReceiver();
  #last: SyncSample | undefined;

  constructor(host: PortHost, port: number, config: ResolvedPort, peer: PeerDelay) {
    this.#host = host;
    this.#port = port;
    this.#config = config;
    this.#peer = peer;
    this.endToEnd = new EndToEndDelay(host, port, config);
  }

  /** Halves of messages are forgotten. */
  quiet(): void {
    this.#receiver.flush();
  }

  newMaster(): void {
    this.#receiver.flush();
    this.endToEnd.reset();
    this.#last = undefined;
  }

  /** The clock was stepped: stamps of the time before are worth nothing. */
  flush(): void {
    this.#receiver.flush();
    this.endToEnd.flush();
    this.#last = undefined;
  }

  /** True for a Sync with the time of its departure. `patienceMs`: how long it may be handed on without another one. */
  sync(message: TimestampMessage, ingressNs: bigint, now: number, patienceMs: number): boolean {
    return this.#synchronize(this.#receiver.sync(message, ingressNs), now, patienceMs);
  }

  followUp(message: FollowUp, now: number, patienceMs: number): boolean {
    return this.#synchronize(this.#receiver.followUp(message), now, patienceMs);
  }

  #synchronize(sample: SyncSample | undefined, now: number, patienceMs: number): boolean {
    if (sample === undefined) return false;
    const last = this.#last;
    this.#last = sample;
    // One sample out of order proves nothing; a clock that really went back says so again with the next one.
    if (last !== undefined && (sample.ingressNs <= last.ingressNs || sample.originNs < last.originNs)) {
      this.#host.count('time jumped back');
      return true;
    }
    const arrivalNs = sample.ingressNs + BigInt(this.#host.ptpOffsetSeconds()) * 1_000_000_000n;
    const masterToSlaveNs = Number(arrivalNs - sample.originNs) - sample.correctionNs - this.#config.delayAsymmetryNs;
    this.endToEnd.masterToSlave(masterToSlaveNs, sample.ingressNs);
    const delayNs = this.#config.delayMechanism === 'p2p' ? this.#peer.delayNs : this.endToEnd.delayNs;
    if (delayNs === undefined) return true;
    if (this.#host.profile.gptp) this.#handOn(sample, delayNs, now + patienceMs);
    this.#host.synchronize(this.#port, masterToSlaveNs - delayNs, delayNs, sample.ingressNs, now);
    return true;
  }

  /** What the other ports of an 802.1AS bridge send on. */
  #handOn(sample: SyncSample, delayNs: number, until: number): void {
    const host = this.#host;
    try {
      const information = sample.followUp === undefined ? undefined : followUpInformation(sample.followUp.tlvs);
      host.followUpInformation = information;
      const linkNs = delayNs + this.#config.delayAsymmetryNs;
      host.portSync = portSyncOf(sample, information ?? NO_GM_CHANGE, this.#peer.neighborRateRatio, linkNs, until);
    } catch {
      host.count('malformed message');
    }
  }
}
