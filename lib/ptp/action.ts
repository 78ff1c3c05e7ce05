/** What the engine wants done. It does nothing itself: see ARCHITECTURE.md, "sans-IO". */
import type { ParentDS, TimePropertiesDS } from './datasets.ts';
import type { PortIdentity } from './identity.ts';
import type { PortState } from './port-state.ts';
import type { ServoState } from './servo/servo.ts';
import type { SynchronizationMetadata } from './tlv/smpte.ts';

export type Action =
  | {
      readonly type: 'send';
      /** portNumber, 1... */
      readonly port: number;
      /** Event messages leave through the stamped socket (UDP 319), general ones through the other (UDP 320). */
      readonly channel: 'event' | 'general';
      /** The multicast group of peer delay (224.0.0.107, 01-80-C2-00-00-0E) and not the primary one. */
      readonly peerDelay: boolean;
      readonly bytes: Uint8Array;
      /** Where to, instead of the group: what `handleMessage` was given as `from`. */
      readonly to?: string;
      /** The engine waits for `handleTxTimestamp(port, timestampId, ...)`, also when the stamp is lost. */
      readonly timestampId?: number;
      /** The hardware writes the time of departure into originTimestamp (HWTSTAMP_TX_ONESTEP_SYNC). */
      readonly oneStep?: true;
    }
  /** One timer per id; setting it again moves it. `at` is milliseconds of the clock that `now` comes from. */
  | { readonly type: 'setTimer'; readonly id: string; readonly at: number }
  | { readonly type: 'clearTimer'; readonly id: string }
  /** Add `deltaNs` to the clock at once. Stamps that the driver still holds are of the time before: it drops them. */
  | { readonly type: 'stepClock'; readonly deltaNs: bigint }
  /** Run the clock at 1 + ppb * 1e-9 of its own oscillator; replaces the former value. */
  | { readonly type: 'adjustFrequency'; readonly ppb: number }
  | { readonly type: 'event'; readonly event: PtpEvent };

/** One round of the servo. Nanoseconds are numbers: below 2^53 they are exact. */
export interface Measurement {
  /** portNumber of the slave port. */
  readonly port: number;
  /** Ingress time of the Sync, ns of the local clock. */
  readonly ingressNs: bigint;
  /** This clock minus the master. */
  readonly offsetFromMasterNs: number;
  readonly meanPathDelayNs: number;
  /** What the clock's frequency is corrected by from now on. */
  readonly frequencyPpb: number;
  readonly servoState: ServoState;
  /** One standard deviation of the clock's error as the Kalman servo sees it. */
  readonly uncertaintyNs?: number;
}

/** What an operator or SDK user may want to know. */
export type PtpEvent =
  | {
      readonly name: 'portState';
      readonly port: number;
      readonly from: PortState;
      readonly to: PortState;
      readonly reason: string;
    }
  | { readonly name: 'grandmasterChanged'; readonly parentDS: ParentDS; readonly local: boolean }
  | { readonly name: 'timePropertiesChanged'; readonly timePropertiesDS: TimePropertiesDS }
  | { readonly name: 'offset'; readonly measurement: Measurement }
  | { readonly name: 'servoState'; readonly from: ServoState; readonly to: ServoState }
  | { readonly name: 'clockStepped'; readonly deltaNs: bigint }
  /** The port cannot go on by itself: the driver may call `linkUp` when it can. */
  | { readonly name: 'faulty'; readonly port: number; readonly reason: string }
  | { readonly name: 'asCapable'; readonly port: number; readonly asCapable: boolean }
  /** Came in through a port, for a client that asked through this clock. */
  | { readonly name: 'managementResponse'; readonly targetPortIdentity: PortIdentity; readonly bytes: Uint8Array }
  | { readonly name: 'synchronizationMetadata'; readonly port: number; readonly metadata: SynchronizationMetadata }
  /** Masters are there but none of them since the clock stopped hearing: it runs on with the last frequency. */
  | { readonly name: 'holdover'; readonly active: boolean };
