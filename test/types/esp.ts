// Compiled, never run: what routeplane/esp promises to who writes TypeScript against it.
import {
  decapsulate,
  type EspSaSpec,
  encapsulate,
  InboundSa,
  OutboundSa,
  PacketBatch,
  type Status,
  statuses,
} from '#lib/esp/index.js';

export function use(spec: EspSaSpec, packet: Uint8Array): Status {
  using out = new OutboundSa({ ...spec, dscp: 46, df: 'set' });
  using inbound = new InboundSa({ ...spec, sequence: 1n << 32n });
  // @ts-expect-error numbers of 64 bits are bigints
  new InboundSa({ ...spec, sequence: 1 });
  // @ts-expect-error transport, tunnel and no other
  new OutboundSa({ ...spec, mode: 'beet' });
  // @ts-expect-error an SA by itself has no direction: its class says it
  const direction: string = spec.direction;
  const batch = new PacketBatch({ capacity: 8 });
  const index: number = batch.push(packet);
  const good: number = encapsulate(batch, out) + encapsulate(batch, [out], { outerHeader: false });
  // @ts-expect-error an inbound SA does not send
  encapsulate(batch, inbound);
  // @ts-expect-error an outbound SA does not receive
  decapsulate(batch, out);
  decapsulate(batch, [inbound, inbound]);
  const next: bigint = out.sequence + inbound.highest;
  const room: number = out.headBytes + out.tailBytes + out.maximumPayload(1500);
  // @ts-expect-error where an SA stands is read, not set
  out.sequence = 1n;
  const status: Status = batch.statusOf(index);
  // @ts-expect-error no such status
  const wrong: Status = 'fine';
  const opened: Uint8Array = batch.packet(index);
  const name: Status | undefined = statuses[batch.status[index]!];
  return [direction, good, next, room, wrong, opened].length > 0 && name !== undefined ? name : status;
}
