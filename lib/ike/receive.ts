import { IntegrityError, WireError } from '../errors.ts';
import type { Address } from './action.ts';
import type { Core } from './core.ts';
import type { Datagram } from './engine.ts';
import type { IkeHeader, IkeUnknownHeader, IkeV1Header, IkeV2Header } from './header.ts';
import type { IkeSa } from './ike-sa.ts';
import { decodeMessage, encodeMessage, type IkeMessage, peekHeader } from './message.ts';
import { hasNotify, notify } from './notify.ts';
import { ExchangeType, ProtocolId } from './payloads/constants.ts';
import { NotifyType } from './payloads/notify-type.ts';
import type { Payload } from './payloads/payload.ts';
import { respond } from './respond.ts';
import { Liveness } from './tasks/dpd.ts';
import { respondInit } from './tasks/ike-init-responder.ts';
import { adopt } from './tasks/ike-rekey.ts';
import type { Answer } from './tasks/task.ts';

/** Takes one datagram to the IKE_SA that it belongs to, or to nobody. */
export function receive(core: Core, datagram: Datagram): void {
  const header = headerOf(core, datagram);
  if (header === undefined) return;
  if (header.majorVersion !== 2) {
    unsupportedVersion(core, datagram, header);
    return;
  }
  const { initiatorSpi, responderSpi, initiator, response, exchangeType, messageId } = header;
  const begins = initiator && !response && exchangeType === ExchangeType.IKE_SA_INIT && messageId === 0;
  if (begins && responderSpi === 0n && initiatorSpi !== 0n) {
    respondInit(core, datagram, header);
    return;
  }
  // RFC 7296 2.6: the sender's role tells which SPI is ours.
  const sa = core.bySpi.get(initiator ? responderSpi : initiatorSpi);
  const theirs = initiator ? initiatorSpi : responderSpi;
  if (sa === undefined || sa.initiator === initiator || (sa.remoteSpi !== theirs && sa.remoteSpi !== 0n)) {
    unknownSpi(core, datagram, header);
  } else if (response) {
    receiveResponse(sa, datagram, header);
  } else {
    receiveRequest(sa, datagram, header);
  }
}

function headerOf(core: Core, { data, remote }: Datagram): IkeHeader | undefined {
  try {
    const header = peekHeader(data);
    if (header.length === data.length) return header;
    core.bad('malformed message', {
      remote: remote.address,
      why: `length field is ${header.length} of ${data.length}`,
    });
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    core.bad('malformed message', { remote: remote.address, why: error.message });
  }
  return undefined;
}

function receiveRequest(sa: IkeSa, datagram: Datagram, header: IkeV2Header): void {
  const { core, queue } = sa;
  const { local, remote, data } = datagram;
  const fields = { ikeSa: sa.id, remote: remote.address };
  if (sa.remoteSpi === 0n) return;
  switch (queue.classify(header.messageId, data)) {
    case 'retransmission':
      if (queue.lastResponse !== undefined) sa.transmit(queue.lastResponse, local, remote);
      return;
    case 'unexpected':
      core.bad('unexpected message ID', { ...fields, messageId: header.messageId });
      return;
    case 'new':
      break;
  }
  if (sa.keys === undefined) return;
  if (sa.state === 'connecting' && (sa.initiator || header.exchangeType !== ExchangeType.IKE_AUTH)) {
    // The peer is up already and our IKE_AUTH response on its way: the request will come again.
    core.bad('unexpected exchange', fields);
    return;
  }
  let answer: Answer;
  try {
    const message = sa.decode(data);
    heardFrom(sa, datagram);
    const known = [...sa.children.values()];
    decideCollision(sa, message);
    answer = respond(sa, message);
    // The peer has our last response, or it would not ask for more.
    for (const child of known) if (core.children.has(child.id)) child.confirm();
  } catch (error) {
    if (error instanceof IntegrityError) {
      core.bad('integrity check failed', fields);
      return;
    }
    if (!(error instanceof WireError)) throw error;
    // RFC 7296 2.21.3: it is the peer's own, and the two ends no longer understand each other.
    core.bad('malformed message', { ...fields, why: error.message });
    answer = {
      payloads: [notify(NotifyType.INVALID_SYNTAX)],
      after: () => sa.close('INVALID_SYNTAX', { retry: true, linger: true }),
    };
  }
  const response = sa.encode(header.exchangeType, true, header.messageId, answer.payloads);
  queue.answered(data, response);
  sa.transmit(response, local, remote);
  answer.after?.();
}

function receiveResponse(sa: IkeSa, datagram: Datagram, header: IkeV2Header): void {
  const { core, queue } = sa;
  const { data, remote } = datagram;
  const { active } = queue;
  if (active === undefined || queue.activeMessageId !== header.messageId || active.exchange !== header.exchangeType) {
    // Responses that are late or come twice are part of life, INVALID_IKE_SPI of a peer that lost its state too.
    if (header.exchangeType === ExchangeType.INFORMATIONAL) suspect(sa, datagram);
    return;
  }
  if (sa.keys === undefined) {
    const message = header.exchangeType === ExchangeType.IKE_SA_INIT ? plain(core, datagram) : undefined;
    if (message === undefined || remote.address !== sa.remote.address) return;
    // A critical payload that is unknown spoils it (RFC 7296 2.5), and nothing vouches for it.
    if (message.payloads.some((payload) => payload.type === 'unknown' && payload.critical)) return;
    sa.rxPackets++;
    sa.rxBytes += data.length;
    // The peer's own address is only known now where the local one was a guess.
    queue.response(message, data);
    return;
  }
  let message: IkeMessage;
  try {
    message = sa.decode(data);
  } catch (error) {
    if (error instanceof IntegrityError) {
      if (!suspect(sa, datagram)) core.bad('integrity check failed', { ikeSa: sa.id, remote: remote.address });
      return;
    }
    if (!(error instanceof WireError)) throw error;
    sa.close('INVALID_SYNTAX in a response', { retry: true });
    return;
  }
  // RFC 7296 2.5: the whole message is rejected; sent again it will be the same, so this ends as if no answer came.
  if (message.payloads.some((payload) => payload.type === 'unknown' && payload.critical)) {
    core.bad('unexpected exchange', { ikeSa: sa.id, why: 'unknown critical payload in a response' });
    return;
  }
  heardFrom(sa, datagram);
  for (const child of [...sa.children.values()]) if (child.fields.initial) child.confirm();
  queue.response(message, data);
}

/** A message that is authentic and new: the peer lives, and there. */
function heardFrom(sa: IkeSa, { local, remote, data }: Datagram): void {
  sa.received(data);
  follow(sa, local, remote);
}

/**
 * RFC 7296 2.23: an end that is not behind a NAT goes where the other one's messages come from; one that is does not,
 * as it would be easy to lead astray. IKE_AUTH settles where both are.
 */
export function follow(sa: IkeSa, local: Address, remote: Address): void {
  const moved = remote.address !== sa.remote.address || remote.port !== sa.remote.port || local.port !== sa.local.port;
  const follows = sa.state === 'connecting' ? !sa.initiator : sa.nat.remote && !sa.nat.local;
  if (moved && follows) sa.move(local, remote);
}

/** The peer uses the IKE_SA of its own rekey: so it has decided between the two (RFC 7296 2.8.2). */
function decideCollision(sa: IkeSa, { payloads }: IkeMessage): void {
  const deletesIt = payloads.some((payload) => payload.type === 'D' && payload.protocol === ProtocolId.IKE);
  if (sa.rekeyOf !== undefined && sa.rekeyOf.theirs === sa && !deletesIt) adopt(sa.rekeyOf, sa);
}

function plain(core: Core, { data, remote }: Datagram): IkeMessage | undefined {
  try {
    return decodeMessage(data);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    core.bad('malformed message', { remote: remote.address, why: error.message });
    return undefined;
  }
}

/**
 * INVALID_IKE_SPI without protection is a hint to ask whether the peer still knows us, and no more (RFC 7296 2.4,
 * 2.21.4).
 */
function suspect(sa: IkeSa, datagram: Datagram): boolean {
  const message = plain(sa.core, datagram);
  if (message === undefined || message.payloads.some(({ type }) => type === 'SK')) return false;
  const hint =
    hasNotify(message.payloads, NotifyType.INVALID_IKE_SPI) || hasNotify(message.payloads, NotifyType.INVALID_SPI);
  sa.core.bad('unprotected notify', { ikeSa: sa.id, remote: datagram.remote.address });
  if (hint && sa.usable && sa.queue.idle) sa.queue.push(new Liveness());
  return true;
}

/** RFC 7296 2.21.4: an answer to a request at most, unprotected, and not for every one. */
function unknownSpi(core: Core, datagram: Datagram, header: IkeV2Header): void {
  const fresh = core.badInput.count('unknown SPI', core.now);
  if (fresh === undefined) return;
  core.log('debug', 'unknown SPI', { remote: datagram.remote.address, count: fresh });
  if (!header.response) reply(core, datagram, header, ExchangeType.INFORMATIONAL, [notify(NotifyType.INVALID_IKE_SPI)]);
}

/** RFC 7296 2.5: a request of a higher major version gets INVALID_MAJOR_VERSION with ours. */
function unsupportedVersion(core: Core, datagram: Datagram, header: IkeV1Header | IkeUnknownHeader): void {
  const fresh = core.badInput.count('unsupported version', core.now);
  if (fresh === undefined) return;
  core.log('warning', 'unsupported version', {
    remote: datagram.remote.address,
    version: header.majorVersion,
    count: fresh,
  });
  if (header.majorVersion <= 2 || !('flags' in header) || (header.flags & 0x20) !== 0) return;
  const asked = { ...header, initiator: (header.flags & 0x08) !== 0 };
  reply(core, datagram, asked, header.exchangeType, [notify(NotifyType.INVALID_MAJOR_VERSION, Uint8Array.of(2))]);
}

function reply(
  core: Core,
  { local, remote }: Datagram,
  header: Pick<IkeV2Header, 'initiatorSpi' | 'responderSpi' | 'messageId' | 'initiator'>,
  exchangeType: number,
  payloads: readonly Payload[],
): void {
  const { initiatorSpi, responderSpi, messageId } = header;
  const initiator = !header.initiator;
  const data = encodeMessage({
    initiatorSpi,
    responderSpi,
    exchangeType,
    initiator,
    response: true,
    messageId,
    payloads,
  });
  core.emit({ type: 'send', local, remote, data });
}
