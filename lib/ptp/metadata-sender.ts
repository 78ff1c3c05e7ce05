import { ALL_PORTS } from './identity.ts';
import { LOG_INTERVAL_NONE } from './messages/constants.ts';
import { encodeMessage } from './messages/message.ts';
import type { Port } from './port.ts';
import { makeHeader, nextSequenceId, type PortHost } from './port-host.ts';
import { synchronizationMetadataTlv } from './tlv/smpte.ts';

const INTERVAL_MS = 1000;

/** SMPTE ST 2059-2: a grandmaster tells its slaves once a second how pictures and time of day relate to PTP time. */
export class MetadataSender {
  readonly #host: PortHost;
  readonly #ports: readonly Port[];
  #sequenceId = 0;

  constructor(host: PortHost, ports: readonly Port[]) {
    this.#host = host;
    this.#ports = ports;
  }

  start(now: number): void {
    if (this.#host.config.synchronizationMetadata === undefined) return;
    this.#host.act({ type: 'setTimer', id: '0/metadata', at: now + INTERVAL_MS });
  }

  /** The timer `0/metadata` is due. */
  send(now: number): void {
    this.start(now);
    const metadata = this.#host.config.synchronizationMetadata;
    if (metadata === undefined) return;
    for (const port of this.#ports) {
      if (port.state !== 'MASTER') continue;
      this.#sequenceId = nextSequenceId(this.#sequenceId);
      const bytes = encodeMessage({
        messageType: 'Management',
        header: makeHeader(this.#host, port.number, this.#sequenceId, LOG_INTERVAL_NONE),
        targetPortIdentity: ALL_PORTS,
        startingBoundaryHops: 0,
        boundaryHops: 0,
        actionField: 'COMMAND',
        tlvs: [synchronizationMetadataTlv(metadata)],
      });
      this.#host.act({ type: 'send', port: port.number, channel: 'general', peerDelay: false, bytes });
    }
  }
}
