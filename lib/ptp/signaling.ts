import { ALL_PORTS, type PortIdentity, samePort } from './identity.ts';
import type { Signaling } from './messages/message.ts';
import type { PortHost } from './port-host.ts';
import type { ResolvedPort } from './profiles.ts';
import { messageIntervalRequest } from './tlv/gptp.ts';

/** What Signaling may change about a port. */
interface SignalingPort {
  readonly identity: PortIdentity;
  readonly config: ResolvedPort;
  setIntervals(intervals: { announce?: number; sync?: number; pdelay?: number }): void;
}

const INTERVAL_INITIAL = 126;
const FASTEST = -7;
const SLOWEST = 7;

/** IEEE 1588-2008 13.12.1: whether a Signaling message is meant for this port. */
export function isTarget(port: Pick<SignalingPort, 'identity'>, { targetPortIdentity: target }: Signaling): boolean {
  const everyPort = { clockIdentity: port.identity.clockIdentity, portNumber: ALL_PORTS.portNumber };
  // 802.1AS-2020 10.6.4.2: zeros are whoever is at the other end.
  const anyNeighbour = target.clockIdentity === 0n && target.portNumber === 0;
  return samePort(target, port.identity) || samePort(target, ALL_PORTS) || samePort(target, everyPort) || anyNeighbour;
}

/** The intervals that an 802.1AS neighbour asks for. */
export function obeyIntervalRequest(port: SignalingPort, host: PortHost, message: Signaling): void {
  try {
    const request = messageIntervalRequest(message.tlvs);
    if (request === undefined) return;
    port.setIntervals({
      ...interval('announce', request.announceInterval, port.config.logAnnounceInterval),
      ...interval('sync', request.timeSyncInterval, port.config.logSyncInterval),
      ...interval('pdelay', request.linkDelayInterval, port.config.logMinPdelayReqInterval),
    });
  } catch {
    host.count('malformed message');
  }
}

/** 802.1AS-2020 table 10-15: 127 leaves the interval, 126 resets it; what is out of bounds is not followed. */
function interval(name: 'announce' | 'sync' | 'pdelay', asked: number, initial: number): Record<string, number> {
  if (asked === INTERVAL_INITIAL) return { [name]: initial };
  return asked >= FASTEST && asked <= SLOWEST ? { [name]: asked } : {};
}
