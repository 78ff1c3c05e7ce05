import { createHash } from 'node:crypto';
import type { IntegrityAlgorithm, Mode, PolicySpec, SaSpec, SecurityProtocol } from '#lib/dataplane/index.js';
import { spis } from './tunnel.ts';

const keyBytes: Partial<Record<IntegrityAlgorithm, number>> = {
  'md5-96': 16,
  'sha1-96': 20,
  'sha256-128': 32,
  'sha384-192': 48,
  'sha512-256': 64,
  'aes-xcbc-96': 16,
  'aes-cmac-96': 16,
};

/** One SA of a bundle. */
export interface Layer {
  readonly protocol: SecurityProtocol;
  readonly mode: Mode;
  readonly integrity?: IntegrityAlgorithm;
  readonly udp?: boolean;
}

/** What one layer of a bundle changes in the SA that a tunnel is made of. */
export function layerOf(sa: SaSpec, { protocol, mode, integrity = 'sha256-128', udp = false }: Layer): SaSpec {
  const label = `${sa.spi}-${protocol}`;
  const nothing = new Uint8Array(0);
  const integrityKey = createHash('sha512').update(label).digest().subarray(0, keyBytes[integrity]);
  const { udp: _, ...rest } = sa;
  const common = { ...rest, protocol, mode, ...(udp ? { udp: { srcPort: 4500, dstPort: 4500 } } : {}) };
  switch (protocol) {
    case 'esp':
      return common;
    case 'ah':
      return { ...common, encryption: 'null', encryptionKey: nothing, integrity, integrityKey };
    case 'ipcomp':
      return {
        ...common,
        spi: sa.spi === spis.leftToRight ? 3001 : 3002,
        encryption: 'null',
        encryptionKey: nothing,
        integrity: 'none',
        integrityKey: nothing,
      };
  }
}

/** What a policy for these layers, innermost first, has. */
export function bundlePolicy(layers: readonly Layer[]): Partial<PolicySpec> {
  return {
    protocols: layers.map((layer) => layer.protocol),
    templates: layers.map(({ protocol, mode }) => ({
      protocol,
      mode,
      reqid: 1,
      level: protocol === 'ipcomp' ? ('use' as const) : ('require' as const),
    })),
  };
}

export const ah = (mode: Mode, integrity?: IntegrityAlgorithm): Layer => ({
  protocol: 'ah',
  mode,
  ...(integrity ? { integrity } : {}),
});
export const esp = (mode: Mode, udp = false): Layer => ({ protocol: 'esp', mode, udp });
export const ipcomp = (mode: Mode): Layer => ({ protocol: 'ipcomp', mode });
