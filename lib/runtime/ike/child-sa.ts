import type { EncryptionAlgorithm, IntegrityAlgorithm, SaKey, SaSpec } from '../../dataplane/dataplane.ts';
import type { ChildSaKeys } from '../../ike/action.ts';
import { toSelectors } from './selector.ts';

/** A CHILD_SA of the engine as the two SAs of the data plane. */

const encryptions: Readonly<Record<string, EncryptionAlgorithm>> = {
  null: 'null',
  'des-cbc': 'des-cbc',
  '3des-cbc': '3des-cbc',
  'blowfish-128-cbc': 'blowfish-cbc',
  'twofish-128-cbc': 'twofish-cbc',
  'camellia-128-cbc': 'camellia-cbc',
  'camellia-192-cbc': 'camellia-cbc',
  'camellia-256-cbc': 'camellia-cbc',
  'camellia-128-ctr': 'camellia-ctr',
  'camellia-192-ctr': 'camellia-ctr',
  'camellia-256-ctr': 'camellia-ctr',
  'aes-128-cbc': 'aes-cbc',
  'aes-192-cbc': 'aes-cbc',
  'aes-256-cbc': 'aes-cbc',
  'aes-128-ctr': 'aes-ctr',
  'aes-192-ctr': 'aes-ctr',
  'aes-256-ctr': 'aes-ctr',
  'aes-128-gcm': 'aes-gcm',
  'aes-192-gcm': 'aes-gcm',
  'aes-256-gcm': 'aes-gcm',
  'chacha20-poly1305': 'chacha20-poly1305',
};

/** Limits of 0 are none on both sides. */
function lifetime(sa: ChildSaKeys): NonNullable<SaSpec['lifetime']> {
  return {
    softSeconds: sa.softLifetimeSeconds,
    hardSeconds: sa.lifetimeSeconds,
    softBytes: sa.softLifetimeBytes,
    hardBytes: sa.lifetimeBytes,
  };
}

/**
 * The keys are those of `sa`, not copies. Throws TypeError for an algorithm without a data plane's name, RangeError for
 * selectors that make none or too many.
 */
export function toSaSpecs(sa: ChildSaKeys, reqid: number): { in: SaSpec; out: SaSpec } {
  const encryption = encryptions[sa.encryption];
  if (encryption === undefined) throw new TypeError(`encryption: ${sa.encryption}`);
  // AH has no UDP encapsulation (RFC 3948); where there is a NAT its ICV fails, whatever is done.
  const udpEncapsulation = sa.udpEncapsulation && sa.protocol === 'esp';
  const both = {
    protocol: sa.protocol,
    mode: sa.mode,
    encryption,
    integrity: sa.integrity as IntegrityAlgorithm,
    esn: sa.esn,
    reqid,
    selectors: toSelectors(sa.localSelectors, sa.remoteSelectors),
    lifetime: lifetime(sa),
  };
  return {
    in: {
      ...both,
      direction: 'in',
      spi: sa.spiIn,
      src: sa.remote.address,
      dst: sa.local.address,
      ...(udpEncapsulation && { udp: { srcPort: sa.remote.port, dstPort: sa.local.port } }),
      encryptionKey: sa.keyIn.encryption,
      integrityKey: sa.keyIn.integrity,
    },
    out: {
      ...both,
      direction: 'out',
      spi: sa.spiOut,
      src: sa.local.address,
      dst: sa.remote.address,
      ...(udpEncapsulation && { udp: { srcPort: sa.local.port, dstPort: sa.remote.port } }),
      encryptionKey: sa.keyOut.encryption,
      integrityKey: sa.keyOut.integrity,
    },
  };
}

export function saKey(spec: SaKey): SaKey {
  return { spi: spec.spi, dst: spec.dst, protocol: spec.protocol };
}

export function wipe(keys: ChildSaKeys['keyIn']): void {
  keys.encryption.fill(0);
  keys.integrity.fill(0);
}
