import { samePort } from '../identity.ts';
import type { Management } from '../messages/message.ts';
import type { Port } from '../port.ts';
import type { PortHost } from '../port-host.ts';
import type { PortState } from '../port-state.ts';
import { anyManagement, type ManagementAccess } from './access.ts';

/** Table 37: where boundaryHops is. */
const BOUNDARY_HOPS_OFFSET = 45;

/** A port in another state is at the end of no path of the tree of clocks (15.3.3). */
const FORWARDING: readonly PortState[] = ['MASTER', 'SLAVE', 'UNCALIBRATED', 'PRE_MASTER'];

/**
 * Management messages through a boundary clock, IEEE 1588-2008 15.3.3: on to the other ports, one boundary hop less.
 * Ports that hear no management send none of it either: what an access list keeps out does not go through.
 */
export class ManagementRelay {
  readonly #host: PortHost;
  readonly #ports: readonly Port[];

  constructor(host: PortHost, ports: readonly Port[]) {
    this.#host = host;
    this.#ports = ports;
  }

  /** `ingress` is a portNumber, 0 for a client of this machine; `access` is what its sender may do. */
  forward(message: Management, bytes: Uint8Array, ingress: number, access: ManagementAccess): void {
    const { actionField, boundaryHops, targetPortIdentity: target } = message;
    if (boundaryHops === 0 || target.clockIdentity === this.#host.defaultDS.clockIdentity) return;
    const answer = actionField === 'RESPONSE' || actionField === 'ACKNOWLEDGE';
    if (!answer && (access === 'none' || (access === 'get' && actionField !== 'GET'))) return;
    const from = this.#ports[ingress - 1];
    if (from !== undefined && !this.#passes(from)) return;
    for (const port of this.#ports) {
      if (port === from || !this.#passes(port)) continue;
      // Without the link's padding.
      const copy = bytes.slice(0, (bytes[2]! << 8) | bytes[3]!);
      copy[BOUNDARY_HOPS_OFFSET] = boundaryHops - 1;
      this.#host.act({ type: 'send', port: port.number, channel: 'general', peerDelay: false, bytes: copy });
    }
    // Some client of this machine may have asked.
    if (answer && from !== undefined && !samePort(target, from.identity)) {
      this.#host.event({ name: 'managementResponse', targetPortIdentity: target, bytes });
    }
  }

  #passes(port: Port): boolean {
    return FORWARDING.includes(port.state) && anyManagement(port.config.management);
  }
}
