import { Suite } from '../crypto/suite.ts';
import type { EncryptionAlgorithm, IntegrityAlgorithm } from '../dataplane/dataplane.ts';
import { UnsupportedError } from '../errors.ts';

/** A cipher with its MAC, as it is named on the command line and in reports. */
export interface BenchSuite {
  /** `aes-128-gcm`, `aes-128-cbc+sha1`, `null+sha256`. */
  readonly name: string;
  /** The part before the plus. */
  readonly cipher: string;
  readonly encryption: EncryptionAlgorithm;
  /** As it leaves KEYMAT: with the salt of AEADs and CTR. */
  readonly encryptionKeyBytes: number;
  readonly integrity: IntegrityAlgorithm;
  readonly integrityKeyBytes: number;
  /** What ESP pads the text to (RFC 4303 2.4): the cipher's block, or 4. */
  readonly padBytes: number;
  /** In the selection of `--quick`. */
  readonly main: boolean;
}

const macs: Readonly<Record<string, readonly [IntegrityAlgorithm, number]>> = {
  md5: ['md5-96', 16],
  sha1: ['sha1-96', 20],
  sha256: ['sha256-128', 32],
  sha384: ['sha384-192', 48],
  sha512: ['sha512-256', 64],
  'aes-xcbc': ['aes-xcbc-96', 16],
  'aes-cmac': ['aes-cmac-96', 16],
};

const mainNames = new Set([
  'aes-128-gcm',
  'aes-256-gcm',
  'chacha20-poly1305',
  'aes-128-cbc+sha1',
  'aes-256-cbc+sha256',
  'aes-128-ctr+sha256',
  '3des-cbc+sha1',
  'camellia-128-cbc+sha1',
  'blowfish-cbc+sha1',
  'twofish-128-cbc+sha1',
]);

function suite(cipher: string, encryption: EncryptionAlgorithm, keyBytes: number, pad: number, mac = ''): BenchSuite {
  const name = mac === '' ? cipher : `${cipher}+${mac}`;
  const [integrity, integrityKeyBytes] = macs[mac] ?? (['none', 0] as const);
  const main = mainNames.has(name);
  return { name, cipher, encryption, encryptionKeyBytes: keyBytes, integrity, integrityKeyBytes, padBytes: pad, main };
}

const bits = [128, 192, 256] as const;
const cbc = (family: 'aes' | 'camellia' | 'twofish', size: number, mac: string): BenchSuite =>
  suite(`${family}-${size}-cbc`, `${family}-cbc`, size / 8, 16, mac);

/** Every suite that the benchmark knows, modern ones first. */
export const suites: readonly BenchSuite[] = [
  ...bits.map((size) => suite(`aes-${size}-gcm`, 'aes-gcm', size / 8 + 4, 4)),
  suite('chacha20-poly1305', 'chacha20-poly1305', 36, 4),
  ...bits.map((size) => suite(`aes-${size}-ccm`, 'aes-ccm', size / 8 + 3, 4)),
  ...bits.map((size) => suite(`aes-${size}-gmac`, 'null-aes-gmac', size / 8 + 4, 4)),
  ...bits.flatMap((size) => ['sha1', 'sha256'].map((mac) => cbc('aes', size, mac))),
  cbc('aes', 192, 'sha384'),
  cbc('aes', 256, 'sha512'),
  ...bits.map((size) => suite(`aes-${size}-ctr`, 'aes-ctr', size / 8 + 4, 4, 'sha256')),
  suite('3des-cbc', '3des-cbc', 24, 8, 'sha1'),
  suite('3des-cbc', '3des-cbc', 24, 8, 'md5'),
  suite('des-cbc', 'des-cbc', 8, 8, 'md5'),
  suite('blowfish-cbc', 'blowfish-cbc', 16, 8, 'sha1'),
  ...bits.map((size) => cbc('twofish', size, 'sha1')),
  ...bits.map((size) => cbc('camellia', size, 'sha1')),
  ...bits.map((size) => suite(`camellia-${size}-ctr`, 'camellia-ctr', size / 8 + 4, 4, 'sha256')),
  ...Object.keys(macs).map((mac) => suite('null', 'null', 0, 4, mac)),
];

/** A key that no cipher calls weak. */
const keyOf = (bytes: number): Uint8Array => Uint8Array.from({ length: bytes }, (_, i) => 29 * i + 7);

/** Whether this build can run it. */
export function isAvailable(s: BenchSuite): boolean {
  try {
    new Suite({
      encryption: s.encryption,
      encryptionKey: keyOf(s.encryptionKeyBytes),
      integrity: s.integrity,
      integrityKey: keyOf(s.integrityKeyBytes),
    }).close();
    return true;
  } catch (error) {
    if (error instanceof UnsupportedError) return false;
    throw error;
  }
}
