/** ESP (RFC 4303) over batches of packets, without sockets and without threads. */
export { ClosedError, UnsupportedError } from '../errors.ts';
export { PacketBatch, type PacketBatchOptions, type Status, statuses } from './packet-batch.ts';
export { decapsulate, type EspSaSpec, encapsulate, type HeaderOptions, InboundSa, OutboundSa } from './sa.ts';
