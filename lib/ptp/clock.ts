import { u64Bytes } from '../wire/index.ts';
import type { Action, Measurement, PtpEvent } from './action.ts';
import {
  better,
  type Compare,
  type ComparisonDataSet,
  compareAlternate,
  compareDataSets,
  decideState,
  type StateDecision,
} from './bmca.ts';
import { checkClockConfig } from './check-config.ts';
import { ClockDataSets, sameTimeProperties } from './clock-data-sets.ts';
import type { ClockConfig } from './config.ts';
import type { CurrentDS, DefaultDS, ParentDS, TimePropertiesDS } from './datasets.ts';
import type { PtpEngine, PtpEnvironment, PtpSnapshot } from './engine.ts';
import type { ForeignMaster } from './foreign-masters.ts';
import { type BadInput, type HeaderRules, rejectHeader } from './header-check.ts';
import { samePort } from './identity.ts';
import { managementAccess } from './management/access.ts';
import { answerManagement } from './management/answer.ts';
import { ManagementRelay } from './management/relay.ts';
import type { ClockQuality } from './messages/announce.ts';
import { decodeMessage, type Management } from './messages/message.ts';
import { MetadataSender } from './metadata-sender.ts';
import { Port } from './port.ts';
import type { PortHost } from './port-host.ts';
import type { PortEvent } from './port-state.ts';
import type { PortSync } from './port-sync.ts';
import { PROFILES, type Profile } from './profiles.ts';
import { Synchronization } from './synchronization.ts';
import type { FollowUpInformation } from './tlv/gptp.ts';

const EVENT_OF: Readonly<Record<Exclude<StateDecision, 'LISTENING'>, PortEvent>> = {
  M1: 'BMC_GRANDMASTER',
  M2: 'BMC_GRANDMASTER',
  M3: 'BMC_MASTER',
  P1: 'BMC_PASSIVE',
  P2: 'BMC_PASSIVE',
  S1: 'BMC_SLAVE',
};

/** G.8275.1 table 2: in holdover within specification, and out of it. */
const HOLDOVER_CLASS = 135;
const HOLDOVER_OUT_CLASS = 165;

/** An ordinary or boundary clock, IEEE 1588-2008 clause 9. See `PtpEngine`. */
export class Clock implements PtpEngine, PortHost {
  readonly config: ClockConfig;
  readonly profile: Profile;
  readonly #environment: PtpEnvironment;
  readonly #compare: Compare;
  readonly #rules: { -readonly [K in keyof HeaderRules]: HeaderRules[K] };
  readonly #ports: readonly Port[];
  readonly #counters = new Map<string, number>();
  readonly #synchronization: Synchronization;
  readonly #data: ClockDataSets;
  readonly #metadata: MetadataSender;
  readonly #relay: ManagementRelay;
  #actions: Action[] = [];
  #slavePort = 0;
  #deciding = false;
  followUpInformation: FollowUpInformation | undefined;
  userDescription: string;
  portSync: PortSync | undefined;

  /** Throws `ConfigError` for a configuration that cannot be. */
  constructor(config: ClockConfig, environment: PtpEnvironment) {
    checkClockConfig(config);
    const profile = PROFILES[config.profile ?? 'default'];
    this.config = config;
    this.userDescription = config.userDescription ?? '';
    this.profile = profile;
    this.#environment = environment;
    this.#compare = profile.alternateBmca ? compareAlternate : compareDataSets;
    this.#data = new ClockDataSets(config, profile);
    const { domainNumber, sdoId } = this.#data.defaultDS;
    this.#rules = {
      clockIdentityOctets: u64Bytes(config.clockIdentity),
      majorSdoId: sdoId >> 8,
      minorSdoId: sdoId & 0xff,
      domainNumber,
    };
    this.#synchronization = new Synchronization(this, this.config.servo ?? {});
    this.#ports = config.ports.map((_, index) => new Port(this, index + 1));
    this.#metadata = new MetadataSender(this, this.#ports);
    this.#relay = new ManagementRelay(this, this.#ports);
  }

  start(now: number): readonly Action[] {
    return this.#run(() => {
      for (const port of this.#ports) port.start(now);
      this.#metadata.start(now);
    });
  }

  handleMessage(
    port: number,
    bytes: Uint8Array,
    rxTimestampNs: bigint | undefined,
    now: number,
    from?: string,
  ): readonly Action[] {
    const reason = rejectHeader(bytes, this.#rules);
    if (reason !== undefined) {
      this.count(reason);
      return [];
    }
    return this.#run(() => this.#port(port)?.handleMessage(bytes, rxTimestampNs, now, from));
  }

  handleTxTimestamp(port: number, timestampId: number, timestampNs: bigint | undefined): readonly Action[] {
    return this.#run(() => this.#port(port)?.handleTxTimestamp(timestampId, timestampNs));
  }

  handleTimer(id: string, now: number): readonly Action[] {
    const [port, name] = id.split('/');
    return this.#run(() => {
      if (port !== '0') this.#port(Number(port))?.handleTimer(name ?? '', now);
      else if (name === 'metadata') this.#metadata.send(now);
      else if (name === 'holdover') this.#setHoldoverClass(HOLDOVER_OUT_CLASS, now);
    });
  }

  linkUp(port: number, now: number): readonly Action[] {
    return this.#run(() => this.#port(port)?.setLink(true, now));
  }

  linkDown(port: number, now: number): readonly Action[] {
    return this.#run(() => this.#port(port)?.setLink(false, now));
  }

  fault(port: number, reason: string, now: number): readonly Action[] {
    return this.#run(() => this.#port(port)?.fault(reason, now));
  }

  setPortEnabled(port: number, enabled: boolean, now: number): readonly Action[] {
    return this.#run(() => this.#port(port)?.setEnabled(enabled, now));
  }

  handleManagement(
    bytes: Uint8Array,
    access: 'get' | 'set',
    now: number,
  ): { readonly responses: readonly Uint8Array[]; readonly actions: readonly Action[] } {
    const reason = rejectHeader(bytes, this.#rules);
    if (reason !== undefined) {
      this.count(reason);
      return { responses: [], actions: [] };
    }
    let responses: readonly Uint8Array[] = [];
    const actions = this.#run(() => {
      try {
        const message = decodeMessage(bytes);
        if (message.messageType !== 'Management') return this.count('unexpected message');
        this.#relay.forward(message, bytes, 0, access);
        responses = answerManagement(this, message, access, now);
      } catch {
        this.count('malformed message');
      }
    });
    return { responses, actions };
  }

  setClockQuality(quality: ClockQuality, time: Partial<TimePropertiesDS>, now: number): readonly Action[] {
    return this.#run(() => this.setQuality(quality, time, now));
  }

  snapshot(): PtpSnapshot {
    return {
      clockType: this.config.clockType ?? (this.#ports.length > 1 ? 'boundary' : 'ordinary'),
      profile: this.config.profile ?? 'default',
      defaultDS: this.defaultDS,
      currentDS: this.currentDS,
      parentDS: this.parentDS,
      timePropertiesDS: this.timePropertiesDS,
      ports: this.#ports.map((port) => port.snapshot()),
      slavePort: this.#slavePort,
      grandmaster: this.#data.grandmaster,
      holdover: this.#synchronization.holdover,
      lastMeasurement: this.#synchronization.last,
      counters: new Map(this.#counters),
    };
  }

  get defaultDS(): DefaultDS {
    return this.#data.defaultDS;
  }

  get parentDS(): ParentDS {
    return this.#data.parentDS;
  }

  get timePropertiesDS(): TimePropertiesDS {
    return this.#data.timePropertiesDS;
  }

  get stepsRemoved(): number {
    return this.#data.stepsRemoved;
  }

  get pathSequence(): readonly bigint[] {
    return this.#data.pathSequence;
  }

  get currentDS(): CurrentDS {
    const last = this.#slavePort === 0 ? undefined : this.#synchronization.last;
    return {
      stepsRemoved: this.stepsRemoved,
      offsetFromMasterNs: last?.offsetFromMasterNs ?? 0,
      meanPathDelayNs: last?.meanPathDelayNs ?? 0,
    };
  }

  get ports(): readonly Port[] {
    return this.#ports;
  }

  get lastMeasurement(): Measurement | undefined {
    return this.#synchronization.last;
  }

  /** Changes what may be changed of defaultDS, and elects again. */
  update(change: Partial<DefaultDS>, now: number): void {
    this.#data.defaultDS = { ...this.defaultDS, ...change };
    this.#rules.domainNumber = this.defaultDS.domainNumber;
    this.decideStates(now);
  }

  /** Another domain: what was heard in the one before is worth nothing. */
  setDomain(domainNumber: number, now: number): void {
    this.update({ domainNumber }, now);
    for (const port of this.#ports) if (port.working) port.start(now);
  }

  setSlaveOnly(slaveOnly: boolean, now: number): void {
    this.#data.setSlaveOnly(slaveOnly);
    this.decideStates(now);
  }

  /** What this clock tells about time when it is grandmaster. */
  get ownTime(): TimePropertiesDS {
    return this.#data.ownTime;
  }

  get ownQuality(): ClockQuality {
    return this.#data.ownQuality;
  }

  setQuality(quality: ClockQuality, time: Partial<TimePropertiesDS>, now: number): void {
    this.#data.setQuality(quality, time);
    this.decideStates(now);
  }

  /** Management's SET of the grandmaster's properties. */
  updateTimeProperties(change: Partial<TimePropertiesDS>, now: number): void {
    this.#data.ownTime = { ...this.#data.ownTime, ...change };
    this.decideStates(now);
  }

  // What ports ask of their clock: see `PortHost`.

  random(): number {
    return this.#environment.random();
  }

  localTime(): bigint | undefined {
    return this.#environment.localTime?.();
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

  better(a: ComparisonDataSet, b: ComparisonDataSet): ComparisonDataSet {
    return better(this.#compare, a, b);
  }

  /** UTC stamps are currentUtcOffset behind a PTP time that is TAI. */
  ptpOffsetSeconds(): number {
    return this.config.localTimescale === 'utc' && this.timePropertiesDS.ptpTimescale
      ? this.timePropertiesDS.currentUtcOffset
      : 0;
  }

  synchronize(port: number, offsetNs: number, delayNs: number, ingressNs: bigint, now: number): void {
    this.#synchronization.sample(this.#ports[port - 1]!, offsetNs, delayNs, ingressNs, now);
  }

  get steering(): PortHost['steering'] {
    return this.#synchronization.steering;
  }

  get follows(): boolean {
    return this.#slavePort !== 0;
  }

  /** Stamps from before a step are worth nothing, on any port. */
  stepped(): void {
    this.portSync = undefined;
    for (const port of this.#ports) port.flush();
  }

  management(port: number, message: Management, bytes: Uint8Array, from: string | undefined, now: number): void {
    const access = managementAccess(this.#ports[port - 1]!.config.management, from);
    this.#relay.forward(message, bytes, port, access);
    const answer = message.actionField === 'RESPONSE' || message.actionField === 'ACKNOWLEDGE';
    if (access === 'none') {
      if (!answer) this.count('management refused');
      return;
    }
    for (const bytes of answerManagement(this, message, access, now)) {
      const address = from === undefined ? {} : { to: from };
      this.act({ type: 'send', port, channel: 'general', peerDelay: false, bytes, ...address });
    }
  }

  decideStates(now: number): void {
    // Ports that change call again; one more round after this one sees it all.
    if (this.#deciding) return;
    this.#deciding = true;
    const bests = this.#ports.map((port) => port.erbest(now));
    let ebest: ComparisonDataSet | undefined;
    for (const best of bests) {
      if (best !== undefined) ebest = ebest === undefined ? best.dataSet : this.better(ebest, best.dataSet);
    }
    const d0 = this.#d0();
    const decisions = this.#ports.map((port, index) =>
      decideState(this.#compare, d0, bests[index]?.dataSet, ebest, port.state),
    );
    const slave = this.#ports.findIndex((port, index) => port.working && decisions[index] === 'S1');
    const newMaster = this.#updateDataSets(slave, slave < 0 ? undefined : bests[slave], now);
    for (const [index, port] of this.#ports.entries()) {
      const decision = decisions[index]!;
      port.decided(bests[index]);
      if (!port.working || decision === 'LISTENING') continue;
      port.dispatch(EVENT_OF[decision], now, decision, decision === 'S1' && newMaster);
    }
    this.#deciding = false;
  }

  #d0(): ComparisonDataSet {
    const { defaultDS } = this;
    const self = { clockIdentity: defaultDS.clockIdentity, portNumber: 0 };
    // A slave-only clock is behind whatever an Announce can say, its own priority1 too: else it would follow nobody.
    const { slaveOnly, priority1, clockQuality } = defaultDS;
    const worst = 256;
    return {
      priority1: slaveOnly ? worst : priority1,
      grandmasterIdentity: defaultDS.clockIdentity,
      clockQuality: slaveOnly ? { ...clockQuality, clockClass: worst } : clockQuality,
      priority2: defaultDS.priority2,
      localPriority: defaultDS.localPriority,
      stepsRemoved: 0,
      sender: self,
      receiver: self,
    };
  }

  /** Tables 13 and 16: of the parent behind S1, or of this clock itself. True for another parent than before. */
  #updateDataSets(slave: number, master: ForeignMaster | undefined, now: number): boolean {
    const before = this.parentDS;
    const timeBefore = this.timePropertiesDS;
    const slavePort = slave + 1;
    const samePath = this.#slavePort === slavePort;
    if (master === undefined) {
      this.followUpInformation = undefined;
      this.portSync = undefined;
      this.#data.lead(this.follows && this.config.localTimescale === 'utc');
      if (this.follows) this.#lost(now);
    } else {
      this.#data.follow(master);
      if (this.#data.holdoverClass !== undefined) this.#setHoldoverClass(undefined, now);
      this.act({ type: 'clearTimer', id: '0/holdover' });
    }
    this.#slavePort = slavePort;
    if (before.grandmasterIdentity !== this.parentDS.grandmasterIdentity) {
      this.event({ name: 'grandmasterChanged', parentDS: this.parentDS, local: this.#data.grandmaster });
    }
    if (!sameTimeProperties(timeBefore, this.timePropertiesDS)) {
      this.event({ name: 'timePropertiesChanged', timePropertiesDS: this.timePropertiesDS });
      if (master !== undefined) this.#utcOffsetChanged(timeBefore);
    }
    const newMaster =
      master !== undefined && !(samePath && samePort(before.parentPortIdentity, this.parentDS.parentPortIdentity));
    if (newMaster) {
      this.portSync = undefined;
      this.#synchronization.newMaster(this.parentDS.parentPortIdentity, now);
    }
    return newMaster;
  }

  /**
   * UTC is another number of seconds behind PTP time than it was: a leap second is over (9.4), or the grandmaster knows
   * better now. A clock that counts UTC is set by as much, and PTP time goes on.
   */
  #utcOffsetChanged(before: TimePropertiesDS): void {
    const { ptpTimescale, currentUtcOffset } = this.timePropertiesDS;
    const seconds = ptpTimescale && before.ptpTimescale ? currentUtcOffset - before.currentUtcOffset : 0;
    if (this.config.localTimescale !== 'utc' || seconds === 0 || this.config.servo?.type === 'none') return;
    // Before the first measurement there is nothing that would go on.
    if (this.#synchronization.last !== undefined) this.#synchronization.step(BigInt(-seconds) * 1_000_000_000n);
  }

  /** No master any more: the clock runs on with its last frequency, and as G.8275.1's it says so. */
  #lost(now: number): void {
    const since = this.#synchronization.lost(now);
    if (since === undefined || !this.profile.alternateBmca || this.defaultDS.slaveOnly) return;
    const until = since + 1000 * (this.config.holdoverSeconds ?? 300);
    // Over already: a master that came without a Sync and went did not begin it anew.
    if (until <= now) return;
    this.#data.holdoverClass = HOLDOVER_CLASS;
    this.act({ type: 'setTimer', id: '0/holdover', at: until });
  }

  #setHoldoverClass(clockClass: number | undefined, now: number): void {
    this.#data.holdoverClass = clockClass;
    this.decideStates(now);
  }

  #port(number: number): Port | undefined {
    return this.#ports[number - 1];
  }

  #run(body: () => void): readonly Action[] {
    const actions: Action[] = [];
    this.#actions = actions;
    body();
    return actions;
  }
}
