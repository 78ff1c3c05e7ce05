import type { ChildProposalConfig, DhGroupName, EncryptionName, IkeProposalConfig, IntegrityName } from './config.ts';
import type { ChildSuite, IkeSuite } from './keymat.ts';
import { ProtocolId } from './payloads/constants.ts';
import type { Proposal, Transform } from './payloads/payload.ts';
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
 * Whose order decides where more than one choice would do. `local`: the first configured proposal that matches
 * anything, in it the first configured algorithm of each type. `peer`: the first offered one likewise.
 */
export type Preference = 'local' | 'peer';

export interface IkeChoice {
  readonly suite: IkeSuite;
  /** What the responder answers: the offered proposal's number, one transform per type; SPI empty, yours to set. */
  readonly proposal: Proposal;
  /** The peer's SPI in the offer: empty in IKE_SA_INIT, 8 bytes at a rekey. */
  readonly peerSpi: Uint8Array;
}

export interface ChildChoice {
  readonly suite: ChildSuite;
  readonly proposal: Proposal;
  /** Four bytes. */
  readonly peerSpi: Uint8Array;
}

/** The responder's choice for an IKE_SA; undefined is NO_PROPOSAL_CHOSEN. RFC 7296 2.7, 3.3.6. */
export function selectIkeProposal(
  configs: readonly IkeProposalConfig[],
  offered: readonly Proposal[],
  preference: Preference,
): IkeChoice | undefined {
  const usable = offered.filter(
    ({ protocol, spi }) => protocol === ProtocolId.IKE && (spi.length === 0 || spi.length === 8),
  );
  return search(configs, usable, preference, (config, proposal, encryption) => {
    if (!onlyTypes(proposal, [TransformType.ENCR, TransformType.PRF, TransformType.INTEG, TransformType.DH])) {
      return undefined;
    }
    const encr = pick(proposal, TransformType.ENCR, [encryption], encryptionName, 'local');
    const integ = pickIntegrity(proposal, encryption, withoutNone(config.integrity), preference);
    const prf = pick(proposal, TransformType.PRF, config.prf, prfName, preference);
    const groups = config.dhGroups.filter((group) => group !== 'none');
    const dh = pick(proposal, TransformType.DH, groups, dhTransformName, preference);
    if (!encr || !integ || !prf || !dh || encryption === 'null') return undefined;
    const suite: IkeSuite = { encryption, integrity: integ.name, prf: prf.name, dhGroup: dh.name };
    return { suite, ...answer(proposal, [encr, prf, integ, dh]) };
  });
}

/**
 * The responder's choice for a CHILD_SA. `pfs` false is IKE_AUTH, where no KE payload can follow: D-H transforms that
 * are offered all the same are passed over.
 */
export function selectChildProposal(
  configs: readonly ChildProposalConfig[],
  offered: readonly Proposal[],
  pfs: boolean,
  preference: Preference,
): ChildChoice | undefined {
  const usable = offered.filter(({ spi }) => spi.length === 4 && (spi[0]! | spi[1]! | spi[2]!) !== 0);
  return search(configs, usable, preference, (config, proposal, encryption) => {
    const ah = config.protocol === 'ah';
    if (proposal.protocol !== (ah ? ProtocolId.AH : ProtocolId.ESP)) return undefined;
    const known = [TransformType.INTEG, TransformType.DH, TransformType.ESN];
    if (!onlyTypes(proposal, ah ? known : [TransformType.ENCR, ...known])) return undefined;
    const encr = ah ? undefined : pick(proposal, TransformType.ENCR, [encryption], encryptionName, 'local');
    const integrity = ah || encryption === 'null' ? withoutNone(config.integrity) : config.integrity;
    const integ = pickIntegrity(proposal, ah ? undefined : encryption, integrity, preference);
    const esn = pick(proposal, TransformType.ESN, config.esn.length === 0 ? ['no'] : config.esn, esnName, preference);
    const dh = pfs ? pickGroup(proposal, config.dhGroups, preference) : { name: 'none' as const };
    if ((!ah && !encr) || !integ || !esn || !dh) return undefined;
    const suite: ChildSuite = {
      protocol: config.protocol,
      encryption,
      integrity: integ.name,
      dhGroup: dh.name,
      esn: esn.name === 'yes',
    };
    return { suite, ...answer(proposal, [encr, integ, dh, esn]) };
  });
}

interface Picked<Name> {
  readonly name: Name;
  /** Absent where the offer has no transform of the type, which means NONE. */
  readonly transform?: Transform;
}

/** Tries configurations, encryption algorithms and offers in the order that `preference` says. */
function search<Config extends { readonly encryption: readonly EncryptionName[] }, Choice>(
  configs: readonly Config[],
  offered: readonly Proposal[],
  preference: Preference,
  match: (config: Config, proposal: Proposal, encryption: EncryptionName) => Choice | undefined,
): Choice | undefined {
  if (preference === 'local') {
    for (const config of configs) {
      for (const encryption of encryptions(config)) {
        for (const proposal of offered) {
          const choice = match(config, proposal, encryption);
          if (choice !== undefined) return choice;
        }
      }
    }
    return undefined;
  }
  for (const proposal of offered) {
    for (const config of configs) {
      const wanted = new Set(encryptions(config));
      const inOrder = proposal.protocol === ProtocolId.AH ? ['null' as const] : proposal.transforms.map(encryptionName);
      for (const encryption of new Set(inOrder)) {
        if (encryption === undefined || !wanted.has(encryption)) continue;
        const choice = match(config, proposal, encryption);
        if (choice !== undefined) return choice;
      }
    }
  }
  return undefined;
}

/** AH encrypts nothing, whatever else its configuration says. */
function encryptions(config: {
  readonly protocol?: 'esp' | 'ah';
  readonly encryption: readonly EncryptionName[];
}): readonly EncryptionName[] {
  return config.protocol === 'ah' ? ['null'] : config.encryption;
}

function pick<Name>(
  proposal: Proposal,
  type: number,
  wanted: readonly Name[],
  nameOf: (transform: Transform) => Name | undefined,
  preference: Preference,
): Required<Picked<Name>> | undefined {
  const first = new Map<Name, Transform>();
  for (const transform of proposal.transforms) {
    const name = transform.type === type ? nameOf(transform) : undefined;
    if (name !== undefined && !first.has(name)) first.set(name, transform);
  }
  const order = preference === 'local' ? wanted : [...first.keys()].filter((name) => wanted.includes(name));
  for (const name of order) {
    const transform = first.get(name);
    if (transform !== undefined) return { name, transform };
  }
  return undefined;
}

/** No transform of the type means NONE, and NONE is all that an AEAD takes (RFC 5282 8). */
function pickIntegrity(
  proposal: Proposal,
  encryption: EncryptionName | undefined,
  configured: readonly IntegrityName[],
  preference: Preference,
): Picked<IntegrityName> | undefined {
  const aead = encryption !== undefined && encryptionAlgorithms[encryption].aead;
  const wanted: readonly IntegrityName[] = aead ? ['none'] : configured;
  if (has(proposal, TransformType.INTEG)) {
    return pick(proposal, TransformType.INTEG, wanted, integrityName, preference);
  }
  return wanted.includes('none') ? { name: 'none' } : undefined;
}

function pickGroup(
  proposal: Proposal,
  configured: readonly DhGroupName[],
  preference: Preference,
): Picked<DhGroupName> | undefined {
  const wanted: readonly DhGroupName[] = configured.length === 0 ? ['none'] : configured;
  if (has(proposal, TransformType.DH)) return pick(proposal, TransformType.DH, wanted, dhTransformName, preference);
  return wanted.includes('none') ? { name: 'none' } : undefined;
}

function has(proposal: Proposal, type: number): boolean {
  return proposal.transforms.some((transform) => transform.type === type);
}

/** RFC 7296 3.3.6: a proposal with a transform type that is not understood is not acceptable. */
function onlyTypes(proposal: Proposal, types: readonly number[]): boolean {
  return proposal.transforms.every((transform) => types.includes(transform.type));
}

function withoutNone(names: readonly IntegrityName[]): readonly IntegrityName[] {
  return names.filter((name) => name !== 'none');
}

function answer(
  offered: Proposal,
  picked: readonly (Picked<unknown> | undefined)[],
): { proposal: Proposal; peerSpi: Uint8Array } {
  const transforms = picked.flatMap((choice) => (choice?.transform === undefined ? [] : [choice.transform]));
  const { number, protocol, spi } = offered;
  return { proposal: { number, protocol, spi: new Uint8Array(0), transforms }, peerSpi: spi };
}
