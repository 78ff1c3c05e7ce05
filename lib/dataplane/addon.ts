import { native } from '../native.ts';
import type {
  AcquireEvent,
  DropEvent,
  Endpoint,
  ExpireEvent,
  IkeDatagram,
  MappingEvent,
  PolicySpec,
  SaKey,
  SaSpec,
  SaState,
} from './dataplane.ts';
import type { XdpState } from './options.ts';

export interface NativeOptions {
  readonly device: string;
  readonly mtu: number;
  readonly ikePort: number;
  readonly natPort: number;
  readonly mark: number;
  readonly threads: number;
  readonly small: boolean;
  readonly pollUs: number;
  readonly xdp: readonly string[];
  readonly frames: 'any' | 'xdp' | 'packet';
}

export type NativeEvent =
  | ({ readonly type: 'acquire' } & AcquireEvent)
  | ({ readonly type: 'expire' } & ExpireEvent)
  | ({ readonly type: 'mapping' } & MappingEvent)
  | ({ readonly type: 'drop' } & DropEvent)
  | { readonly type: 'failed'; readonly error: Error }
  | { readonly type: 'recovered' };

/** The addon's side; errors are plain until `callNative` gives them their class. */
export interface NativeUserspaceDataPlane {
  addSa(spec: SaSpec): void;
  updateSa(key: SaKey, change: object): void;
  deleteSa(key: SaKey): boolean;
  sa(key: SaKey): SaState | undefined;
  flushSas(): void;
  setPolicies(spd: { readonly policies: readonly PolicySpec[] }): void;
  sendIke(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean;
  counters(): ArrayBuffer;
  xdp(): XdpState[];
  close(): void;
  /** 0 while there is none, because somebody deleted it. */
  readonly deviceIndex: number;
  readonly lacksIpv6: boolean;
  readonly inputUnfiltered: string;
}

export const addon = native.dataplane as {
  readonly UserspaceDataPlane: new (
    options: NativeOptions,
    listener: (ike: readonly IkeDatagram[], events: readonly NativeEvent[]) => void,
  ) => NativeUserspaceDataPlane;
  /** `counters()` has so many bytes for each packet thread. */
  readonly counterPageBytes: number;
  /** What each 64-bit word of a page counts. */
  readonly counterNames: readonly string[];
  /** How many of them, from the first, are the properties of `IpsecStatistics`. */
  readonly ipsecStatistics: number;
};
