import { ProtocolError } from '../errors.ts';
import { ProtocolId } from './payloads/constants.ts';
import type { Proposal, Transform } from './payloads/payload.ts';
import type { ChildChoice, IkeChoice } from './proposal-selection.ts';
import { describeProposals } from './proposal-text.ts';
import {
  dhTransformName,
  encryptionAlgorithms,
  encryptionName,
  esnName,
  integrityName,
  prfName,
  TransformType,
} from './transform.ts';

/**
 * The initiator's check of a responder's SA payload (RFC 7296 2.7, 3.3.6): one proposal, with the number and protocol
 * of one that was offered, one transform of each type that it had, each as offered, attributes included. Throws
 * `ProtocolError` NO_PROPOSAL_CHOSEN.
 */
export function acceptIkeProposal(offered: readonly Proposal[], answer: readonly Proposal[]): IkeChoice {
  const { proposal, one } = check(offered, answer);
  const encryption = name(one(TransformType.ENCR), encryptionName);
  const prf = name(one(TransformType.PRF), prfName);
  const integrity = name(one(TransformType.INTEG), integrityName, 'none');
  const dhGroup = name(one(TransformType.DH), dhTransformName);
  if (
    proposal.protocol !== ProtocolId.IKE ||
    encryption === undefined ||
    prf === undefined ||
    integrity === undefined ||
    dhGroup === undefined ||
    dhGroup === 'none' ||
    encryptionAlgorithms[encryption].aead !== (integrity === 'none')
  ) {
    throw refused('is not a complete suite', answer);
  }
  return { suite: { encryption, integrity, prf, dhGroup }, proposal, peerSpi: proposal.spi };
}

/** The same for a CHILD_SA; the peer's SPI is four bytes and above the reserved ones (RFC 4303 2.1). */
export function acceptChildProposal(offered: readonly Proposal[], answer: readonly Proposal[]): ChildChoice {
  const { proposal, one } = check(offered, answer);
  const { spi } = proposal;
  if ((spi[0]! | spi[1]! | spi[2]!) === 0) throw refused('has a reserved SPI', answer);
  const protocol = proposal.protocol === ProtocolId.AH ? 'ah' : 'esp';
  const encryption = name(one(TransformType.ENCR), encryptionName, protocol === 'ah' ? 'null' : undefined);
  const integrity = name(one(TransformType.INTEG), integrityName, 'none');
  const dhGroup = name(one(TransformType.DH), dhTransformName, 'none');
  const esn = name(one(TransformType.ESN), esnName);
  if (
    (proposal.protocol !== ProtocolId.AH && proposal.protocol !== ProtocolId.ESP) ||
    encryption === undefined ||
    integrity === undefined ||
    dhGroup === undefined ||
    esn === undefined ||
    (encryption === 'null' && integrity === 'none') ||
    (encryptionAlgorithms[encryption].aead && integrity !== 'none')
  ) {
    throw refused('is not a complete suite', answer);
  }
  return { suite: { protocol, encryption, integrity, dhGroup, esn: esn === 'yes' }, proposal, peerSpi: spi };
}

interface Checked {
  readonly proposal: Proposal;
  /** The one transform of a type; undefined if there is none. */
  one(type: number): Transform | undefined;
}

function check(offered: readonly Proposal[], answer: readonly Proposal[]): Checked {
  const [proposal, second] = answer;
  if (proposal === undefined || second !== undefined) throw refused('is not one proposal', answer);
  const ours = offered.find(({ number }) => number === proposal.number);
  if (ours === undefined || ours.protocol !== proposal.protocol || ours.spi.length !== proposal.spi.length) {
    throw refused('was not offered', answer);
  }
  const chosen = new Map<number, Transform>();
  for (const transform of proposal.transforms) {
    // NONE for a type that was left out says the same as leaving it out.
    const implied = transform.id === 0 && isOptional(transform.type) && !ours.transforms.some(ofType(transform.type));
    if (chosen.has(transform.type) || !(implied || ours.transforms.some((other) => same(other, transform)))) {
      throw refused('has a transform that was not offered', answer);
    }
    chosen.set(transform.type, transform);
  }
  for (const { type } of ours.transforms) {
    if (!chosen.has(type)) throw refused('lacks a transform', answer);
  }
  return { proposal, one: (type) => chosen.get(type) };
}

const isOptional = (type: number): boolean => type === TransformType.INTEG || type === TransformType.DH;

const ofType =
  (type: number) =>
  (transform: Transform): boolean =>
    transform.type === type;

function same(a: Transform, b: Transform): boolean {
  return a.type === b.type && a.id === b.id && a.keyLength === b.keyLength && b.attributes.length === 0;
}

function name<Name>(
  transform: Transform | undefined,
  nameOf: (transform: Transform) => Name | undefined,
  absent?: Name,
): Name | undefined {
  return transform === undefined ? absent : nameOf(transform);
}

function refused(why: string, answer: readonly Proposal[]): ProtocolError {
  return new ProtocolError(`the peer's choice ${why}: ${describeProposals(answer)}`, 'NO_PROPOSAL_CHOSEN');
}
