/**
 * IKEv2 (RFC 7296) over a data plane: `new IkeDaemon({ openDataPlane })`, then `setPeers`. The engine under it does no
 * I/O of its own; its configuration, actions and events are plain data, exported here as types.
 */
export { ClosedError } from '../../errors.ts';
export type { Action, Address, ChildSaKeys, IkeEvent } from '../../ike/action.ts';
export {
  type AuthConfig,
  type ChildConfig,
  type ChildProposalConfig,
  type DhGroupName,
  defaultIkeSettings,
  type EncryptionName,
  type IdentificationConfig,
  type IkeProposalConfig,
  type IkeSettings,
  type IntegrityName,
  type PeerConfig,
  type PrfName,
  type TrafficSelector,
} from '../../ike/config.ts';
export type { DiffieHellman, IkeCrypto } from '../../ike/crypto-provider.ts';
export type { Datagram, IkeEngine, IkeEnvironment, PacketSelectors } from '../../ike/engine.ts';
export { Ike } from '../../ike/ike.ts';
export type { ChildSaSnapshot, ChildSaState, IkeSaSnapshot, IkeSaState } from '../../ike/snapshot.ts';
export { IkeDaemon, type IkeDaemonEvents, type IkeDaemonOptions } from './ike-daemon.ts';
export type { InstalledChild, InstalledSa, SaKeys } from './installed.ts';
export { toSelectors, toTrafficSelectors } from './selector.ts';
export { isTemplate, policiesOf, type SpdEntry, type TemplateSlot } from './spd.ts';
