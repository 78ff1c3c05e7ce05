import type { StrongSwanSa } from './strongswan.ts';

/** SK_e and SK_a of one IKE_SA in hexadecimal, RFC 7296 2.14. */
export interface IkeKeys {
  readonly ei: string;
  readonly er: string;
  readonly ai: string;
  readonly ar: string;
}

/** What a charon with `ikeLog: 4` printed, one entry per IKE_SA, oldest first. */
export function loggedKeys(log: string): IkeKeys[] {
  const found: Record<string, string>[] = [];
  let name: string | undefined;
  for (const line of log.split('\n')) {
    const secret = /\[IKE\] Sk_(\w+) secret =>/.exec(line);
    const bytes = /\[IKE\]\s+\d+: ((?:[0-9A-F]{2} )+) /.exec(line);
    if (secret) {
      // SK_d comes first.
      if (secret[1] === 'd') found.push({});
      name = secret[1]!;
    } else if (bytes && name && found.length > 0) {
      const keys = found.at(-1)!;
      keys[name] = (keys[name] ?? '') + bytes[1]!.replaceAll(' ', '').toLowerCase();
    } else {
      name = undefined;
    }
  }
  return found.map(({ ei = '', er = '', ai = '', ar = '' }) => ({ ei, er, ai, ar }));
}

const encryptions: Readonly<Record<string, string>> = {
  '3DES_CBC': '3DES [RFC2451]',
  'AES_CBC-128': 'AES-CBC-128 [RFC3602]',
  'AES_CBC-192': 'AES-CBC-192 [RFC3602]',
  'AES_CBC-256': 'AES-CBC-256 [RFC3602]',
};
const integrities: Readonly<Record<number, string>> = {
  40: 'HMAC_SHA1_96 [RFC2404]',
  64: 'HMAC_SHA2_256_128 [RFC4868]',
  96: 'HMAC_SHA2_384_192 [RFC4868]',
  128: 'HMAC_SHA2_512_256 [RFC4868]',
};

/** One line of Wireshark's `ikev2_decryption_table`. */
export function decryptionTableLine(sa: StrongSwanSa, keys: IkeKeys): string {
  const encryption = encryptions[sa.encryption];
  const integrity = integrities[keys.ai.length];
  if (!encryption || !integrity)
    throw new Error(`no Wireshark name for ${sa.encryption} with SK_a of ${keys.ai.length / 2} bytes`);
  const { ei, er, ai, ar } = keys;
  return `${sa.initiatorSpi},${sa.responderSpi},${ei},${er},"${encryption}",${ai},${ar},"${integrity}"\n`;
}
