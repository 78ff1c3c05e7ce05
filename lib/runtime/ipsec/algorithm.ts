import type {
  ChildProposalConfig,
  DhGroupName,
  EncryptionName,
  IkeProposalConfig,
  IntegrityName,
  PrfName,
} from '../../ike/config.ts';
import type { Item } from '../../routeros/item.ts';
import { list, Refusal, text } from './item.ts';

/** RouterOS names of algorithms as IKEv2 transforms. */

/** `/ip ipsec profile enc-algorithm`. */
const ikeEncryption: Readonly<Record<string, EncryptionName>> = {
  des: 'des-cbc',
  '3des': '3des-cbc',
  blowfish: 'blowfish-128-cbc',
  'camellia-128': 'camellia-128-cbc',
  'camellia-192': 'camellia-192-cbc',
  'camellia-256': 'camellia-256-cbc',
  'aes-128': 'aes-128-cbc',
  'aes-192': 'aes-192-cbc',
  'aes-256': 'aes-256-cbc',
  'aes-128-ctr': 'aes-128-ctr',
  'aes-192-ctr': 'aes-192-ctr',
  'aes-256-ctr': 'aes-256-ctr',
  'aes-128-gcm': 'aes-128-gcm',
  'aes-192-gcm': 'aes-192-gcm',
  'aes-256-gcm': 'aes-256-gcm',
  chacha20poly1305: 'chacha20-poly1305',
};

/** `/ip ipsec profile hash-algorithm`: the integrity of IKE messages, and the PRF unless `prf-algorithm` names one. */
const ikeHash: Readonly<Record<string, { integrity: IntegrityName; prf: PrfName }>> = {
  md5: { integrity: 'md5-96', prf: 'hmac-md5' },
  sha1: { integrity: 'sha1-96', prf: 'hmac-sha1' },
  sha256: { integrity: 'sha256-128', prf: 'hmac-sha256' },
  sha384: { integrity: 'sha384-192', prf: 'hmac-sha384' },
  sha512: { integrity: 'sha512-256', prf: 'hmac-sha512' },
};

/** `/ip ipsec proposal enc-algorithms`. */
const childEncryption: Readonly<Record<string, EncryptionName>> = {
  null: 'null',
  des: 'des-cbc',
  '3des': '3des-cbc',
  blowfish: 'blowfish-128-cbc',
  'camellia-128': 'camellia-128-cbc',
  'camellia-192': 'camellia-192-cbc',
  'camellia-256': 'camellia-256-cbc',
  'aes-128-cbc': 'aes-128-cbc',
  'aes-192-cbc': 'aes-192-cbc',
  'aes-256-cbc': 'aes-256-cbc',
  'aes-128-ctr': 'aes-128-ctr',
  'aes-192-ctr': 'aes-192-ctr',
  'aes-256-ctr': 'aes-256-ctr',
  'aes-128-gcm': 'aes-128-gcm',
  'aes-192-gcm': 'aes-192-gcm',
  'aes-256-gcm': 'aes-256-gcm',
  chacha20poly1305: 'chacha20-poly1305',
  twofish: 'twofish-128-cbc',
};

/** `/ip ipsec proposal auth-algorithms`; AEADs ignore it. */
const childIntegrity: Readonly<Record<string, IntegrityName>> = {
  null: 'none',
  md5: 'md5-96',
  sha1: 'sha1-96',
  sha256: 'sha256-128',
  sha384: 'sha384-192',
  sha512: 'sha512-256',
};

/** `dh-group` and `pfs-group`. */
const groups: Readonly<Record<string, DhGroupName>> = {
  none: 'none',
  modp768: 'modp768',
  modp1024: 'modp1024',
  modp1536: 'modp1536',
  modp2048: 'modp2048',
  modp3072: 'modp3072',
  modp4096: 'modp4096',
  modp6144: 'modp6144',
  modp8192: 'modp8192',
  ecp256: 'ecp256',
  ecp384: 'ecp384',
  ecp521: 'ecp521',
  x25519: 'curve25519',
};

export function isAead(encryption: EncryptionName): boolean {
  return encryption.endsWith('-gcm') || encryption === 'chacha20-poly1305';
}

function each<T>(item: Item, property: string, table: Readonly<Record<string, T>>): T[] {
  return list(item, property).map((word) => {
    const found = Object.hasOwn(table, word) ? table[word] : undefined;
    if (found !== undefined) return found;
    const use = Object.keys(table).join(', ');
    throw new Refusal(`${property}=${word} is not supported yet; use one of ${use}`, item, property);
  });
}

/** What a profile offers for the IKE_SA. Throws Refusal for an algorithm that IKE lacks here. */
export function ikeProposal(profile: Item): IkeProposalConfig {
  const hashes = each(profile, 'hash-algorithm', ikeHash);
  const prf = text(profile, 'prf-algorithm');
  return {
    encryption: each(profile, 'enc-algorithm', ikeEncryption),
    integrity: hashes.map((hash) => hash.integrity),
    prf:
      prf === '' || prf === 'auto'
        ? hashes.map((h) => h.prf)
        : each(profile, 'prf-algorithm', ikeHash).map((h) => h.prf),
    dhGroups: each(profile, 'dh-group', groups),
  };
}

/** What a proposal offers for CHILD_SAs of ESP or AH, which is about `auth-algorithms` alone. Throws Refusal for an algorithm that the data plane lacks. */
export function childProposal(proposal: Item, protocol: 'esp' | 'ah'): ChildProposalConfig {
  const encryption = protocol === 'ah' ? [] : each(proposal, 'enc-algorithms', childEncryption);
  // AEADs bring their own integrity; for the others `null` would be ESP open to forgery (RFC 8221 4).
  const integrity = each(proposal, 'auth-algorithms', childIntegrity).filter((name) => name !== 'none');
  if (protocol === 'ah' && integrity.length === 0)
    throw new Refusal('ipsec-protocols=ah needs auth-algorithms other than null', proposal, 'auth-algorithms');
  const bare = encryption.findIndex((name) => !isAead(name));
  if (integrity.length === 0 && bare !== -1) {
    const message = `enc-algorithms=${list(proposal, 'enc-algorithms')[bare]} needs auth-algorithms other than null`;
    throw new Refusal(message, proposal, 'auth-algorithms');
  }
  return {
    protocol,
    encryption,
    integrity,
    dhGroups: each(proposal, 'pfs-group', groups),
    esn: ['no'],
  };
}
