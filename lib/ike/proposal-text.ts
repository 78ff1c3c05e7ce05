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

/** Registered transforms that can be offered to us and that we do not have, so that a log can say which. */
const foreign: Readonly<Record<string, string>> = {
  '1/1': 'des-iv64-cbc',
  '1/4': 'rc5-cbc',
  '1/5': 'idea-cbc',
  '1/6': 'cast-cbc',
  '1/14': 'aes-ccm-8',
  '1/15': 'aes-ccm-12',
  '1/16': 'aes-ccm',
  '1/18': 'aes-gcm-8',
  '1/19': 'aes-gcm-12',
  '1/21': 'null-aes-gmac',
  '1/25': 'camellia-ccm-8',
  '1/26': 'camellia-ccm-12',
  '1/27': 'camellia-ccm',
  '2/3': 'hmac-tiger',
  '2/4': 'aes128-xcbc',
  '2/8': 'aes128-cmac',
  '3/3': 'des-mac',
  '3/4': 'kpdk-md5',
  '3/5': 'aes-xcbc-96',
  '3/6': 'md5-128',
  '3/7': 'sha1-160',
  '3/8': 'aes-cmac-96',
  '3/9': 'aes-128-gmac',
  '3/10': 'aes-192-gmac',
  '3/11': 'aes-256-gmac',
  '4/22': 'modp1024s160',
  '4/23': 'modp2048s224',
  '4/24': 'modp2048s256',
  '4/25': 'ecp192',
  '4/26': 'ecp224',
  '4/27': 'brainpool224',
  '4/28': 'brainpool256',
  '4/29': 'brainpool384',
  '4/30': 'brainpool512',
  '4/32': 'curve448',
};

/** More alternatives of one type than this are cut: an offer is a stranger's text in our log. */
const MAX_ALTERNATIVES = 32;
/** The same for proposals. */
const MAX_PROPOSALS = 16;

/**
 * `ESP:aes-128-gcm/none/modp2048/no-esn`, `IKE:aes-256-cbc/sha256-128/hmac-sha256/modp2048`, alternatives of a type
 * joined with `+`, a transform without name as `encr-1025` or `encr-1025-256`.
 */
export function describeProposal(proposal: Proposal): string {
  const types =
    proposal.protocol === ProtocolId.IKE
      ? [TransformType.ENCR, TransformType.INTEG, TransformType.PRF, TransformType.DH]
      : proposal.protocol === ProtocolId.AH
        ? [TransformType.INTEG, TransformType.DH, TransformType.ESN]
        : [TransformType.ENCR, TransformType.INTEG, TransformType.DH, TransformType.ESN];
  const further = new Set(proposal.transforms.map(({ type }) => type).filter((type) => !types.some((t) => t === type)));
  const parts = [...types, ...further].map((type) => {
    const names = new Set(proposal.transforms.filter((transform) => transform.type === type).map(transformName));
    const shown = [...names].slice(0, MAX_ALTERNATIVES);
    if (names.size > shown.length) shown.push('...');
    return shown.length === 0 ? 'none' : shown.join('+');
  });
  return `${protocolName(proposal.protocol)}:${parts.join('/')}`;
}

/** Joined with `, `. */
export function describeProposals(proposals: readonly Proposal[]): string {
  if (proposals.length === 0) return 'nothing';
  const shown = proposals.slice(0, MAX_PROPOSALS).map(describeProposal);
  if (proposals.length > shown.length) shown.push('...');
  return shown.join(', ');
}

/** `aes-256-cbc/sha256-128/hmac-sha256/modp2048`. */
export function describeIkeSuite(suite: IkeSuite): string {
  return `${suite.encryption}/${suite.integrity}/${suite.prf}/${suite.dhGroup}`;
}

/** `ESP:aes-128-gcm/none/modp2048/no-esn`, `AH:sha256-128/none/no-esn`. */
export function describeChildSuite(suite: ChildSuite): string {
  const rest = `${suite.integrity}/${suite.dhGroup}/${suite.esn ? 'esn' : 'no-esn'}`;
  return suite.protocol === 'ah' ? `AH:${rest}` : `ESP:${suite.encryption}/${rest}`;
}

function protocolName(protocol: number): string {
  if (protocol === ProtocolId.IKE) return 'IKE';
  if (protocol === ProtocolId.AH) return 'AH';
  return protocol === ProtocolId.ESP ? 'ESP' : `protocol-${protocol}`;
}

function transformName(transform: Transform): string {
  const esn = esnName(transform);
  const name =
    encryptionName(transform) ??
    prfName(transform) ??
    integrityName(transform) ??
    dhTransformName(transform) ??
    (esn === undefined ? undefined : esn === 'yes' ? 'esn' : 'no-esn');
  if (name !== undefined) return name;
  const { type, id, keyLength, attributes } = transform;
  const prefix = ['', 'encr', 'prf', 'integ', 'dh', 'esn'][type] ?? `type-${type}`;
  const base = foreign[`${type}/${id}`] ?? commonName(type, id) ?? `${prefix}-${id}`;
  return `${base}${keyLength === undefined ? '' : `-${keyLength}`}${attributes.length > 0 ? '-with-attributes' : ''}`;
}

/** A cipher of ours with a key length that is not: its name without one, `aes-cbc`. */
function commonName(type: number, id: number): string | undefined {
  if (type !== TransformType.ENCR || id === 0) return undefined;
  const found = Object.entries(encryptionAlgorithms).find(([, algorithm]) => algorithm.id === id);
  return found?.[0].replace(/-(128|192|256)-/, '-');
}
