/** Every menu of this version. */
import type { MenuSchema } from '../schema.ts';
import { interfaceMenu } from './interface.ts';
import { interfaceBridge } from './interface-bridge.ts';
import { interfaceBridgePort } from './interface-bridge-port.ts';
import { interfaceBridgeMdb, interfaceBridgeVlan } from './interface-bridge-vlan.ts';
import { interfaceVlan } from './interface-vlan.ts';
import { ipAddress } from './ip-address.ts';
import { ipIpsecActivePeers } from './ip-ipsec-active-peers.ts';
import { ipIpsecIdentity } from './ip-ipsec-identity.ts';
import { ipIpsecInstalledSa } from './ip-ipsec-installed-sa.ts';
import { ipIpsecManualSa } from './ip-ipsec-manual-sa.ts';
import { ipIpsecModeConfig } from './ip-ipsec-mode-config.ts';
import { ipIpsecPeer } from './ip-ipsec-peer.ts';
import { ipIpsecPolicy } from './ip-ipsec-policy.ts';
import { ipIpsecPolicyGroup } from './ip-ipsec-policy-group.ts';
import { ipIpsecProfile } from './ip-ipsec-profile.ts';
import { ipIpsecProposal } from './ip-ipsec-proposal.ts';
import { ipIpsecSettings } from './ip-ipsec-settings.ts';
import { ipIpsecStatistics } from './ip-ipsec-statistics.ts';
import { ipv6Address } from './ipv6-address.ts';
import { log } from './log.ts';
import { ipRoute, ipv6Route } from './route.ts';
import { systemIdentity } from './system-identity.ts';
import { systemPtp, systemPtpPort, systemPtpStatus } from './system-ptp.ts';

export { unsupportedMenus } from './unsupported.ts';

export const allMenus: readonly MenuSchema[] = [
  interfaceMenu,
  interfaceBridge,
  interfaceVlan,
  interfaceBridgePort,
  interfaceBridgeVlan,
  interfaceBridgeMdb,
  ipIpsecModeConfig,
  ipIpsecPolicyGroup,
  ipIpsecProfile,
  ipIpsecProposal,
  ipIpsecPeer,
  ipIpsecIdentity,
  ipIpsecManualSa,
  ipIpsecPolicy,
  ipIpsecSettings,
  ipIpsecActivePeers,
  ipIpsecInstalledSa,
  ipIpsecStatistics,
  ipAddress,
  ipv6Address,
  ipRoute,
  ipv6Route,
  systemIdentity,
  systemPtp,
  systemPtpPort,
  systemPtpStatus,
  log,
];
