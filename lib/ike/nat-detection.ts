import { parseAddress, timingSafeEqual, u64Bytes } from '../wire/index.ts';
import type { Address } from './action.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import { notifiesOf, notify } from './notify.ts';
import { NotifyType } from './payloads/notify-type.ts';
import type { NotifyPayload, Payload } from './payloads/payload.ts';

export interface Spis {
  readonly initiatorSpi: bigint;
  readonly responderSpi: bigint;
}

export interface NatSituation {
  /** A NAT rewrites what this side sends. */
  readonly local: boolean;
  /** A NAT, or a peer that wants UDP encapsulation, is on the other side. */
  readonly remote: boolean;
}

/** SHA-1 digest of the SPIs, IP address and port; RFC 7296 2.23. */
function digest(crypto: IkeCrypto, spis: Spis, endpoint: Address): Uint8Array {
  const port = Uint8Array.of(endpoint.port >> 8, endpoint.port & 0xff);
  return crypto.sha1([u64Bytes(spis.initiatorSpi), u64Bytes(spis.responderSpi), parseAddress(endpoint.address), port]);
}

/** The two notifies of IKE_SA_INIT. `force` sends a source that matches nothing, so that the peer sees a NAT here. */
export function natDetectionPayloads(
  crypto: IkeCrypto,
  spis: Spis,
  local: Address,
  remote: Address,
  force: boolean,
): NotifyPayload[] {
  const source = force ? crypto.random(20) : digest(crypto, spis, local);
  return [
    notify(NotifyType.NAT_DETECTION_SOURCE_IP, source),
    notify(NotifyType.NAT_DETECTION_DESTINATION_IP, digest(crypto, spis, remote)),
  ];
}

/** What the peer's notifies say; undefined if it sent none and so does not do NAT traversal. */
export function detectNat(
  crypto: IkeCrypto,
  spis: Spis,
  local: Address,
  remote: Address,
  payloads: readonly Payload[],
): NatSituation | undefined {
  const sources = notifiesOf(payloads, NotifyType.NAT_DETECTION_SOURCE_IP);
  const destinations = notifiesOf(payloads, NotifyType.NAT_DETECTION_DESTINATION_IP);
  if (sources.length === 0 || destinations.length === 0) return undefined;
  // A peer with several addresses may send several sources: one that matches is enough.
  const seen = digest(crypto, spis, remote);
  const meant = digest(crypto, spis, local);
  return {
    remote: !sources.some((source) => timingSafeEqual(source.data, seen)),
    local: !destinations.some((destination) => timingSafeEqual(destination.data, meant)),
  };
}
