import { ConfigError } from '../errors.ts';
import type { ChildProposalConfig, EncryptionName, IkeProposalConfig, IntegrityName } from './config.ts';
import { ProtocolId } from './payloads/constants.ts';
import type { Proposal, Transform } from './payloads/payload.ts';
import {
  dhGroups,
  encryptionAlgorithms,
  encryptionTransform,
  integrityAlgorithms,
  plainTransform,
  prfAlgorithms,
  TransformType,
} from './transform.ts';

export { acceptChildProposal, acceptIkeProposal } from './proposal-acceptance.ts';
export {
  type ChildChoice,
  type IkeChoice,
  type Preference,
  selectChildProposal,
  selectIkeProposal,
} from './proposal-selection.ts';
export { describeChildSuite, describeIkeSuite, describeProposal, describeProposals } from './proposal-text.ts';

/**
 * What to offer for an IKE_SA; `spi` is empty in IKE_SA_INIT and 8 bytes at a rekey. Throws `ConfigError` for a
 * configuration that offers nothing.
 */
export function ikeProposals(configs: readonly IkeProposalConfig[], spi: Uint8Array): Proposal[] {
  const bodies = configs.flatMap((config) => {
    const groups = config.dhGroups.filter((group) => group !== 'none');
    require(config.prf.length > 0, 'prf', 'an IKE_SA needs a prf');
    require(groups.length > 0, 'dhGroups', 'an IKE_SA needs a Diffie-Hellman group');
    require(!config.encryption.includes('null'), 'encryption', 'an IKE_SA cannot go without encryption');
    const rest = [
      ...config.prf.map((name) => plainTransform(TransformType.PRF, prfAlgorithms[name].id)),
      ...groups.map((name) => plainTransform(TransformType.DH, dhGroups[name].id)),
    ];
    const integrity = config.integrity.filter((name) => name !== 'none');
    return splitEncryption(config.encryption).map((encryption) => {
      const aead = encryptionAlgorithms[encryption[0]!].aead;
      require(aead || integrity.length > 0, 'integrity', `${encryption[0]} needs an integrity algorithm in an IKE_SA`);
      return [...encryption.map(encryptionTransform), ...integrityTransforms(aead ? [] : integrity), ...rest];
    });
  });
  return numbered(bodies, ProtocolId.IKE, spi);
}

/**
 * What to offer for a CHILD_SA; `pfs` false leaves the D-H transforms out, as IKE_AUTH must (RFC 7296 1.2). Throws
 * `ConfigError` for a configuration that offers nothing, or a mix of ESP and AH.
 */
export function childProposals(configs: readonly ChildProposalConfig[], spi: Uint8Array, pfs: boolean): Proposal[] {
  const protocol = configs[0]?.protocol;
  const bodies = configs.flatMap((config) => {
    require(config.protocol === protocol, 'protocol', 'the proposals of a CHILD_SA are of one protocol');
    const esn = config.esn.length === 0 ? (['no'] as const) : config.esn;
    const groups = pfs && config.dhGroups.some((group) => group !== 'none') ? config.dhGroups : [];
    const rest = [
      ...groups.map((name) => plainTransform(TransformType.DH, dhGroups[name].id)),
      ...esn.map((value) => plainTransform(TransformType.ESN, value === 'yes' ? 1 : 0)),
    ];
    if (config.protocol === 'ah') {
      const integrity = config.integrity.filter((name) => name !== 'none');
      require(integrity.length > 0, 'integrity', 'AH needs an integrity algorithm');
      return [[...integrityTransforms(integrity), ...rest]];
    }
    return splitEncryption(config.encryption).map((encryption) => {
      const aead = encryptionAlgorithms[encryption[0]!].aead;
      // RFC 8221 4: never both null encryption and no integrity.
      const names = encryption.includes('null') ? config.integrity.filter((name) => name !== 'none') : config.integrity;
      require(aead ||
        names.length > 0 ||
        !encryption.includes('null'), 'integrity', 'null encryption needs an integrity algorithm');
      return [...encryption.map(encryptionTransform), ...integrityTransforms(aead ? [] : names), ...rest];
    });
  });
  return numbered(bodies, protocol === 'ah' ? ProtocolId.AH : ProtocolId.ESP, spi);
}

/**
 * AEADs and other ciphers go into proposals of their own, as only the others want integrity transforms (RFC 7296 3.3,
 * RFC 5282 8); the kind that is named first comes first.
 */
function splitEncryption(names: readonly EncryptionName[]): EncryptionName[][] {
  require(names.length > 0, 'encryption', 'a proposal needs an encryption algorithm');
  const aead = names.filter((name) => encryptionAlgorithms[name].aead);
  const other = names.filter((name) => !encryptionAlgorithms[name].aead);
  const parts = encryptionAlgorithms[names[0]!].aead ? [aead, other] : [other, aead];
  return parts.filter((part) => part.length > 0);
}

/** Where NONE is the only choice the transform is left out (RFC 7296 3.3.2). */
function integrityTransforms(names: readonly IntegrityName[]): Transform[] {
  if (names.every((name) => name === 'none')) return [];
  return names.map((name) => plainTransform(TransformType.INTEG, integrityAlgorithms[name].id));
}

/** RFC 7296 3.3.1: the first proposal is number 1, each further one is one more. */
function numbered(bodies: readonly (readonly Transform[])[], protocol: number, spi: Uint8Array): Proposal[] {
  require(bodies.length > 0 && bodies.length < 64, '', 'one to 63 proposals can be offered');
  return bodies.map((transforms, i) => ({ number: i + 1, protocol, spi, transforms }));
}

function require(condition: boolean, property: string, message: string): asserts condition {
  if (!condition) throw new ConfigError(message, 'proposal', property);
}
