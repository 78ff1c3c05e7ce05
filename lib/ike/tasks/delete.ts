import { u32Bytes } from '../../wire/index.ts';
import type { ChildSa } from '../child-sa.ts';
import type { IkeSa } from '../ike-sa.ts';
import { ExchangeType, ProtocolId } from '../payloads/constants.ts';
import type { DeletePayload, Payload } from '../payloads/payload.ts';
import { succeed } from './child-rekey.ts';
import { adopt } from './ike-rekey.ts';
import type { Answer, InitiatorTask, Outcome } from './task.ts';

/** INFORMATIONAL { D } for one CHILD_SA, RFC 7296 1.4.1. */
export class DeleteChild implements InitiatorTask {
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly subject = 'child';
  readonly child: ChildSa;
  readonly #reason: string;

  constructor(child: ChildSa, reason: string) {
    this.child = child;
    this.#reason = reason;
  }

  build(sa: IkeSa): readonly Payload[] | undefined {
    if (sa.core.children.get(this.child.id) !== this.child) return undefined;
    this.child.state = 'deleting';
    this.child.deactivate();
    return [deletion(this.child.protocolId, [u32Bytes(this.child.fields.spiIn)])];
  }

  process(sa: IkeSa): Outcome {
    this.child.retire(this.#reason);
    sa.peer?.ensureLater();
    return 'done';
  }
}

/** INFORMATIONAL { D } for an SPI that the peer believes to be in use, of a CHILD_SA that we cannot use. */
export class DeleteSpi implements InitiatorTask {
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly subject = 'child';
  readonly #protocol: number;
  readonly #spi: number;

  constructor(protocol: number, spi: number) {
    this.#protocol = protocol;
    this.#spi = spi;
  }

  build(): readonly Payload[] {
    return [deletion(this.#protocol, [u32Bytes(this.#spi)])];
  }

  process(): Outcome {
    return 'done';
  }
}

/** INFORMATIONAL { D } for the IKE_SA itself. */
export class DeleteIke implements InitiatorTask {
  readonly exchange = ExchangeType.INFORMATIONAL;
  readonly subject = 'ike-delete';
  readonly #reason: string;
  readonly #options: { readonly retry?: boolean; readonly report?: boolean; readonly payloads?: readonly Payload[] };

  /** `payloads` say more about it, `retry` and `report` are those of `IkeSa.close`. */
  constructor(
    reason: string,
    options: { readonly retry?: boolean; readonly report?: boolean; readonly payloads?: readonly Payload[] } = {},
  ) {
    this.#reason = reason;
    this.#options = options;
  }

  build(sa: IkeSa): readonly Payload[] | undefined {
    if (sa.state !== 'rekeyed') sa.state = 'deleting';
    for (const child of sa.children.values()) child.deactivate();
    return [...(this.#options.payloads ?? []), deletion(ProtocolId.IKE, [])];
  }

  process(sa: IkeSa): Outcome {
    sa.close(this.#reason, this.#options);
    return 'done';
  }
}

/** The responder's half: RFC 7296 1.4.1, with the collisions of 2.25. */
export function respondDelete(sa: IkeSa, deletes: readonly DeletePayload[]): Answer {
  if (deletes.some(({ protocol }) => protocol === ProtocolId.IKE)) return respondDeleteIke(sa);
  const payloads: Payload[] = [];
  for (const protocol of [ProtocolId.AH, ProtocolId.ESP]) {
    const spis = deletes.filter((payload) => payload.protocol === protocol).flatMap((payload) => payload.spis);
    const answered: Uint8Array[] = [];
    for (const spi of spis) {
      const child = childByOutboundSpi(sa, protocol, spi);
      if (child !== undefined && deleteByPeer(child)) answered.push(u32Bytes(child.fields.spiIn));
    }
    if (answered.length > 0) payloads.push(deletion(protocol, answered));
  }
  return { payloads, after: () => sa.peer?.ensureLater() };
}

/** The CHILD_SA that the peer calls by its own inbound SPI. */
export function childByOutboundSpi(sa: IkeSa, protocol: number, spi: Uint8Array): ChildSa | undefined {
  if (spi.length !== 4) return undefined;
  // A message may name thousands, and there may be a thousand CHILD_SAs to look through for each.
  const number = new DataView(spi.buffer, spi.byteOffset).getUint32(0);
  for (let at: IkeSa | undefined = sa; at !== undefined; at = at.replacedBy) {
    for (const child of at.children.values()) {
      if (child.fields.spiOut === number && child.protocolId === protocol) return child;
    }
  }
  return undefined;
}

/** True if the response has to name our half: not when our own delete is under way (RFC 7296 2.25.1). */
function deleteByPeer(child: ChildSa): boolean {
  const { active } = child.ikeSa.queue;
  const crossed = active instanceof DeleteChild && active.child === child;
  const successor = child.successor ?? child.theirs;
  if (successor !== undefined) {
    succeed(child, successor);
    successor.activate();
  }
  if (successor !== undefined || child.redundant || child.state === 'deleting') child.retire('deleted by peer');
  else child.remove('deleted by peer');
  return !crossed;
}

function respondDeleteIke(sa: IkeSa): Answer {
  const { rekeyOf, theirs } = sa;
  // RFC 7296 2.25.2: our own rekey of it is forgotten, the peer's stays.
  if (theirs !== undefined) adopt(sa, theirs);
  if (rekeyOf !== undefined) rekeyOf.theirs = undefined;
  const quiet = sa.state === 'rekeyed' || sa.redundant;
  const after = () => {
    sa.close('deleted by peer', { report: !quiet, retry: !quiet, linger: true });
  };
  return { payloads: [], after };
}

function deletion(protocol: number, spis: readonly Uint8Array[]): DeletePayload {
  return { type: 'D', protocol, spis };
}
