import type { ChildConfig, PeerConfig } from '#lib/ike/index.js';
import { prefixTrafficSelector } from '#lib/ike/traffic-selector.js';

export const secret = new TextEncoder().encode('thisisnotasecurepsk');

export function child(local: string, remote: string, overrides: Partial<ChildConfig> = {}): ChildConfig {
  return {
    name: 'net',
    mode: 'tunnel',
    local: [prefixTrafficSelector(local)],
    remote: [prefixTrafficSelector(remote)],
    proposals: [
      { protocol: 'esp', encryption: ['aes-128-gcm'], integrity: [], dhGroups: ['curve25519'], esn: ['no'] },
      {
        protocol: 'esp',
        encryption: ['aes-128-cbc'],
        integrity: ['sha256-128'],
        dhGroups: ['curve25519'],
        esn: ['no'],
      },
    ],
    lifetimeSeconds: 0,
    lifetimeBytes: 0,
    reqid: 1,
    autoStart: false,
    template: false,
    ...overrides,
  };
}

/** A peer at `remote` with one tunnel from `localNet` to `remoteNet`. */
export function config(
  name: string,
  localNet: string,
  remoteNet: string,
  remote: string,
  overrides: Partial<PeerConfig> = {},
): PeerConfig {
  return {
    name,
    remote: `${remote}/32`,
    port: 500,
    passive: false,
    sendInitialContact: true,
    proposals: [
      {
        encryption: ['aes-128-gcm', 'aes-256-cbc'],
        integrity: ['sha256-128'],
        prf: ['hmac-sha256'],
        dhGroups: ['curve25519', 'ecp256'],
      },
    ],
    lifetimeSeconds: 0,
    dpdIntervalSeconds: 0,
    auth: { method: 'psk', secret },
    children: [child(localNet, remoteNet)],
    forceEncapsulation: false,
    ...overrides,
  };
}
