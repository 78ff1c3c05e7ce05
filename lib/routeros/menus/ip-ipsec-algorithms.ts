/** The words for algorithms that /ip ipsec profile and /ip ipsec proposal share. */

export const DH_GROUPS = [
  'modp768',
  'modp1024',
  'modp1536',
  'modp2048',
  'modp3072',
  'modp4096',
  'modp6144',
  'modp8192',
  'ecp256',
  'ecp384',
  'ecp521',
  'x25519',
] as const;

/** RFC 8031 calls the group curve25519; RouterOS calls it x25519. */
export const DH_ALIASES = { curve25519: 'x25519' };

const SIZES = ['128', '192', '256'] as const;

/** Spellings of the manual and of other peers' configurations that mean one of ours. */
const ENC_ALIASES: Readonly<Record<string, string>> = {
  'chacha20-poly1305': 'chacha20poly1305',
  ...Object.fromEntries(
    SIZES.flatMap((bits) => ['gcm', 'ctr', 'cbc'].map((mode) => [`aes-${bits}${mode}`, `aes-${bits}-${mode}`])),
  ),
};

/** RouterOS 5: /ip ipsec proposal called AES-CBC `aes-128`. */
export const PROPOSAL_ENC_ALIASES: Readonly<Record<string, string>> = {
  ...ENC_ALIASES,
  ...Object.fromEntries(SIZES.map((bits) => [`aes-${bits}`, `aes-${bits}-cbc`])),
};

/** /ip ipsec profile calls AES-CBC `aes-128`. */
export const PROFILE_ENC_ALIASES: Readonly<Record<string, string>> = {
  ...ENC_ALIASES,
  ...Object.fromEntries(
    SIZES.flatMap((bits) => [`aes-${bits}-cbc`, `aes-${bits}cbc`].map((word) => [word, `aes-${bits}`])),
  ),
};
