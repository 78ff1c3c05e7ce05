import type { Action, Measurement } from './action.ts';
import type { ClockType, PortConfig, ProfileName } from './config.ts';
import type {
  CurrentDS,
  DefaultDS,
  ForeignMasterDS,
  ParentDS,
  PortDS,
  PortLinkDS,
  TimePropertiesDS,
} from './datasets.ts';
import type { ClockQuality } from './messages/announce.ts';

/** What the engine is given besides its configuration. */
export interface PtpEnvironment {
  /** Uniform in [0, 1): spreads Delay_Req (IEEE 1588-2008 9.5.11.2). Need not be secret. */
  random(): number;
  /**
   * The present time of the clock that the servo steers, ns. With it the servo knows how late its corrections take
   * effect; without it they are taken to do so at the ingress of the Sync.
   */
  localTime?(): bigint | undefined;
}

export interface PortSnapshot {
  readonly config: PortConfig;
  readonly portDS: PortDS;
  readonly linkDS: PortLinkDS;
  readonly foreignMasters: readonly ForeignMasterDS[];
  /** Messages by `rx`/`tx` and messageType, `rx Sync` for one. */
  readonly messages: ReadonlyMap<string, number>;
  /** The last delay this port measured, ns: end to end or of the link. */
  readonly delayNs: number | undefined;
}

export interface PtpSnapshot {
  readonly clockType: ClockType;
  readonly profile: ProfileName;
  readonly defaultDS: DefaultDS;
  readonly currentDS: CurrentDS;
  readonly parentDS: ParentDS;
  readonly timePropertiesDS: TimePropertiesDS;
  readonly ports: readonly PortSnapshot[];
  /** portNumber of the slave port, 0 without one. */
  readonly slavePort: number;
  /** This clock is the grandmaster of its domain. */
  readonly grandmaster: boolean;
  readonly holdover: boolean;
  readonly lastMeasurement: Measurement | undefined;
  /** Bad input by kind, `wrong domain` for one. */
  readonly counters: ReadonlyMap<string, number>;
}

/**
 * An IEEE 1588 clock, sans-IO. Every method takes the time, never throws for what came from the wire, and returns what
 * is to be done, in order.
 * `now` is in milliseconds (fractions count), of a monotonic clock that nobody steers. `port` is a portNumber from 1.
 * Stamps are nanoseconds of the clock that the servo steers.
 * `new Clock(config, environment)` makes an ordinary or boundary one, `new TransparentClock(...)` the two others,
 * `createPtpEngine(...)` what `config.clockType` says.
 */
export interface PtpEngine {
  /** Every port initializes. Until `linkDown` its link is taken to be up. */
  start(now: number): readonly Action[];
  /**
   * One message, link and UDP headers removed; trailing octets of padding may be there. `rxTimestampNs` is undefined
   * for general messages, and for event messages that the hardware did not stamp, which are counted and dropped.
   * `from` names the sender: it comes back as `to`.
   */
  handleMessage(
    port: number,
    bytes: Uint8Array,
    rxTimestampNs: bigint | undefined,
    now: number,
    from?: string,
  ): readonly Action[];
  /** The stamp of a sent event message, or undefined when it did not come in time: it is counted, and the message skipped. */
  handleTxTimestamp(port: number, timestampId: number, timestampNs: bigint | undefined, now: number): readonly Action[];
  /** A timer of `setTimer` is due. Unknown ids are ignored. */
  handleTimer(id: string, now: number): readonly Action[];
  linkUp(port: number, now: number): readonly Action[];
  linkDown(port: number, now: number): readonly Action[];
  /** Sending or receiving failed for good: the port becomes FAULTY until `linkUp`. */
  fault(port: number, reason: string, now: number): readonly Action[];
  /** DESIGNATED_ENABLED and DESIGNATED_DISABLED. */
  setPortEnabled(port: number, enabled: boolean, now: number): readonly Action[];
  /**
   * A Management message from a local client that may do what `access` says. Its responses are octets for that client.
   */
  handleManagement(
    bytes: Uint8Array,
    access: 'get' | 'set',
    now: number,
  ): { readonly responses: readonly Uint8Array[]; readonly actions: readonly Action[] };
  /** What this clock is worth as grandmaster has changed (a receiver lost its satellites). */
  setClockQuality(quality: ClockQuality, timeProperties: Partial<TimePropertiesDS>, now: number): readonly Action[];
  snapshot(): PtpSnapshot;
}
