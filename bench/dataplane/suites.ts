import type { EncryptionAlgorithm, SaSpec } from 'routeplane/dataplane';

export interface Suite {
  readonly name: string;
  readonly encryption: EncryptionAlgorithm;
  readonly keyBytes: number;
  readonly integrity: SaSpec['integrity'];
  readonly integrityBytes: number;
}

export const gcm: Suite = {
  name: 'aes-128-gcm',
  encryption: 'aes-gcm',
  keyBytes: 20,
  integrity: 'none',
  integrityBytes: 0,
};
export const cbc: Suite = {
  name: 'aes-128-cbc + sha256',
  encryption: 'aes-cbc',
  keyBytes: 16,
  integrity: 'sha256-128',
  integrityBytes: 32,
};
