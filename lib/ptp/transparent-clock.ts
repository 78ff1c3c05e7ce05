import { u64Bytes } from '../wire/index.ts';
import type { Action, PtpEvent } from './action.ts';
import { checkClockConfig } from './check-config.ts';
import type { ClockConfig } from './config.ts';
import type { DefaultDS, ParentDS, TimePropertiesDS } from './datasets.ts';
import type { PtpEngine, PtpEnvironment, PtpSnapshot } from './engine.ts';
import { type BadInput, rejectHeader } from './header-check.ts';
import type { MessageHost } from './port-host.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { Residence } from './residence.ts';
import { TransparentPort } from './transparent-port.ts';

/**
 * Both transparent clocks, IEEE 1588-2008 clauses 10 and 11.5: every message goes on to all other ports, and how long an
 * event message stayed goes into the correctionField of the general message that belongs to it. `p2p-transparent` adds
 * the delay of the link that a Sync came in by, and ends the peer delay mechanism at each port. All domains pass.
 */
export class TransparentClock implements PtpEngine, MessageHost {
  readonly config: ClockConfig;
  readonly profile: Profile;
  readonly defaultDS: DefaultDS;
  readonly #peerToPeer: boolean;
  readonly #ports: readonly TransparentPort[];
  readonly #residence: Residence;
  readonly #counters = new Map<string, number>();
  #actions: Action[] = [];

  /** Throws `ConfigError` for a configuration that cannot be. The environment is that of other clocks: none is needed. */
  constructor(config: ClockConfig, _environment: PtpEnvironment) {
    checkClockConfig(config);
    this.config = config;
    this.profile = PROFILES[config.profile ?? 'default'];
    this.#peerToPeer = config.clockType === 'p2p-transparent';
    this.defaultDS = {
      twoStepFlag: true,
      clockIdentity: config.clockIdentity,
      numberPorts: config.ports.length,
      clockQuality: this.profile.clockQuality,
      priority1: config.priority1 ?? this.profile.priority1,
      priority2: config.priority2 ?? this.profile.priority2,
      domainNumber: config.domainNumber ?? this.profile.domainNumber,
      slaveOnly: false,
      localPriority: config.localPriority ?? 128,
      sdoId: (config.majorSdoId ?? this.profile.majorSdoId) * 256 + (config.minorSdoId ?? 0),
    };
    this.#residence = new Residence(this, this.#peerToPeer);
    this.#ports = config.ports.map((_, index) => new TransparentPort(this, index + 1, this.#peerToPeer));
  }

  /** Nobody steers it. */
  get steering(): undefined {
    return undefined;
  }

  start(now: number): readonly Action[] {
    return this.#run(() => {
      for (const port of this.#ports) port.start(now);
    });
  }

  handleMessage(
    port: number,
    bytes: Uint8Array,
    rxTimestampNs: bigint | undefined,
    now: number,
    from?: string,
  ): readonly Action[] {
    const ingress = this.#ports[port - 1];
    if (ingress === undefined || !ingress.working) return [];
    return this.#run(() => {
      if (bytes.length < 34) return this.count('truncated message');
      if ((bytes[1]! & 0x0f) !== 2) return this.count('wrong version');
      const type = bytes[0]! & 0x0f;
      if (type < 4 && rxTimestampNs === undefined) return this.count('event message without timestamp');
      const ingressNs = (rxTimestampNs ?? 0n) - BigInt(Math.round(ingress.config.ingressLatencyNs));
      if (this.#peerToPeer) {
        if (type === 0x2 || type === 0x3 || type === 0xa) {
          const reason = rejectHeader(bytes, this.#rules());
          if (reason !== undefined) return this.count(reason);
          return ingress.peerDelay(bytes, ingressNs, now, from);
        }
        if (type === 0x1 || type === 0x9) return this.count('delay mechanism mismatch');
      }
      const others = this.#ports.filter((each) => each !== ingress && each.working);
      this.#residence.forward(ingress, others, bytes, ingressNs);
    });
  }

  handleTxTimestamp(port: number, timestampId: number, timestampNs: bigint | undefined): readonly Action[] {
    const egress = this.#ports[port - 1];
    if (egress === undefined) return [];
    return this.#run(() => {
      if (timestampNs === undefined) this.count('transmit timestamp lost');
      const at =
        timestampNs === undefined ? undefined : timestampNs + BigInt(Math.round(egress.config.egressLatencyNs));
      if (!egress.departed(timestampId, at)) this.#residence.departed(egress, timestampId, at);
    });
  }

  handleTimer(id: string, now: number): readonly Action[] {
    const [port] = id.split('/');
    return this.#run(() => this.#ports[Number(port) - 1]?.requestPeerDelay(now));
  }

  linkUp(port: number, now: number): readonly Action[] {
    return this.#run(() => this.#ports[port - 1]?.setState('link', true, now, 'link up'));
  }

  linkDown(port: number, now: number): readonly Action[] {
    return this.#run(() => this.#ports[port - 1]?.setState('link', false, now, 'link down'));
  }

  fault(port: number, reason: string, now: number): readonly Action[] {
    return this.#run(() => {
      this.event({ name: 'faulty', port, reason });
      this.#ports[port - 1]?.setState('link', false, now, reason);
    });
  }

  setPortEnabled(port: number, enabled: boolean, now: number): readonly Action[] {
    return this.#run(() => this.#ports[port - 1]?.setState('enabled', enabled, now, enabled ? 'enabled' : 'disabled'));
  }

  /** A transparent clock has none of the data sets that are asked for: it does not answer. */
  handleManagement(): { readonly responses: readonly Uint8Array[]; readonly actions: readonly Action[] } {
    this.count('management refused');
    return { responses: [], actions: [] };
  }

  setClockQuality(): readonly Action[] {
    return [];
  }

  snapshot(): PtpSnapshot {
    const { defaultDS } = this;
    const parentDS: ParentDS = {
      parentPortIdentity: { clockIdentity: defaultDS.clockIdentity, portNumber: 0 },
      parentStats: false,
      observedParentOffsetScaledLogVariance: 0xffff,
      observedParentClockPhaseChangeRate: 0x7fffffff,
      grandmasterIdentity: defaultDS.clockIdentity,
      grandmasterClockQuality: defaultDS.clockQuality,
      grandmasterPriority1: defaultDS.priority1,
      grandmasterPriority2: defaultDS.priority2,
    };
    const timePropertiesDS: TimePropertiesDS = this.profile.timeProperties;
    return {
      clockType: this.#peerToPeer ? 'p2p-transparent' : 'e2e-transparent',
      profile: this.config.profile ?? 'default',
      defaultDS,
      currentDS: { stepsRemoved: 0, offsetFromMasterNs: 0, meanPathDelayNs: 0 },
      parentDS,
      timePropertiesDS,
      ports: this.#ports.map((port) => port.snapshot()),
      slavePort: 0,
      grandmaster: false,
      holdover: false,
      lastMeasurement: undefined,
      counters: new Map(this.#counters),
    };
  }

  act(action: Action): void {
    this.#actions.push(action);
  }

  event(event: PtpEvent): void {
    this.#actions.push({ type: 'event', event });
  }

  count(kind: BadInput): void {
    this.#counters.set(kind, (this.#counters.get(kind) ?? 0) + 1);
  }

  #rules() {
    const { clockIdentity, domainNumber, sdoId } = this.defaultDS;
    return {
      clockIdentityOctets: u64Bytes(clockIdentity),
      domainNumber,
      majorSdoId: sdoId >> 8,
      minorSdoId: sdoId & 0xff,
    };
  }

  #run(body: () => void): readonly Action[] {
    const actions: Action[] = [];
    this.#actions = actions;
    body();
    return actions;
  }
}
