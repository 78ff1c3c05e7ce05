import type { PortDS, PortLinkDS } from './datasets.ts';
import { DelayResponder } from './delay-responder.ts';
import { Departures } from './departures.ts';
import type { PortSnapshot } from './engine.ts';
import { type ForeignMaster, ForeignMasters } from './foreign-masters.ts';
import type { PortIdentity } from './identity.ts';
import { MessageCounts } from './message-counts.ts';
import { PeerDelay } from './peer-delay.ts';
import { intervalMs, type PortHost } from './port-host.ts';
import { PortMaster, type UnicastDestination } from './port-master.ts';
import { type PortParts, PortReceiver } from './port-receiver.ts';
import { PortSlave } from './port-slave.ts';
import { nextState, type PortEvent, type PortState } from './port-state.ts';
import { PortTimers, type TimerName } from './port-timers.ts';
import { type ResolvedPort, resolvePort } from './profiles.ts';
import { type NegotiatingPort, UnicastNegotiation } from './unicast/negotiation.ts';

/** How often unicast masters are asked for what they do not promise yet: logQueryInterval 0 (IEEE 1588-2008 17.5.2.2). */
const QUERY_MS = 1000;

/** One port of an ordinary or boundary clock: its state and its timers. */
export class Port implements NegotiatingPort {
  readonly number: number;
  readonly identity: PortIdentity;
  readonly config: ResolvedPort;
  readonly #host: PortHost;
  readonly #master: PortMaster;
  readonly #parts: PortParts;
  readonly #receiver: PortReceiver;
  readonly #timers: PortTimers;
  #state: PortState = 'INITIALIZING';
  #enabled = true;
  #linkUp = true;
  logAnnounceInterval: number;
  logSyncInterval: number;
  logMinPdelayReqInterval: number;
  /** The master that the last state decision saw here. */
  best: ForeignMaster | undefined;

  constructor(host: PortHost, number: number) {
    this.#host = host;
    this.number = number;
    this.identity = { clockIdentity: host.defaultDS.clockIdentity, portNumber: number };
    this.config = resolvePort(host.config, host.config.ports[number - 1]!);
    this.logAnnounceInterval = this.config.logAnnounceInterval;
    this.logSyncInterval = this.config.logSyncInterval;
    this.logMinPdelayReqInterval = this.config.logMinPdelayReqInterval;
    this.#timers = new PortTimers(host, number);
    this.#master = new PortMaster(host, number, this.config.egressLatencyNs);
    const peer = new PeerDelay(host, number, this.config);
    this.#parts = {
      foreign: new ForeignMasters(Math.max(5, host.config.maxForeignMasters ?? 32), !host.profile.gptp),
      responder: new DelayResponder(host, number, this.config),
      slave: new PortSlave(host, number, this.config, peer),
      peer,
      departures: new Departures(),
      counts: new MessageCounts(),
      unicast: new UnicastNegotiation(host, this),
    };
    this.#receiver = new PortReceiver(host, this, this.#parts);
  }

  get state(): PortState {
    return this.#state;
  }

  /** Takes part in the election: not INITIALIZING, FAULTY or DISABLED. */
  get working(): boolean {
    return this.#state !== 'INITIALIZING' && this.#state !== 'FAULTY' && this.#state !== 'DISABLED';
  }

  get delayNs(): number | undefined {
    return this.config.delayMechanism === 'p2p' ? this.#parts.peer.delayNs : this.#parts.slave.endToEnd.delayNs;
  }

  /** Erbest (9.3.2.2). */
  erbest(now: number): ForeignMaster | undefined {
    if (this.config.masterOnly || !this.working) return undefined;
    const patience = (this.config.announceReceiptTimeout + 1) * intervalMs(this.logAnnounceInterval);
    // Whether its own master is silent the timer says, which knows when nobody listened.
    const waitedFor = this.#timers.has('announceReceipt') ? this.best : undefined;
    return this.#parts.foreign.best(now - patience, (a, b) => this.#host.better(a, b), waitedFor);
  }

  start(now: number): void {
    if (!this.#enabled) {
      this.dispatch('DESIGNATED_DISABLED', now, 'disabled');
      return;
    }
    this.dispatch('INITIALIZE', now, 'start');
    if (this.#linkUp) this.dispatch('INITIALIZED', now, 'start');
  }

  setEnabled(enabled: boolean, now: number): void {
    if (enabled === this.#enabled) return;
    this.#enabled = enabled;
    if (!enabled) {
      this.dispatch('DESIGNATED_DISABLED', now, 'disabled');
      return;
    }
    this.dispatch('DESIGNATED_ENABLED', now, 'enabled');
    if (this.#linkUp) this.dispatch('INITIALIZED', now, 'enabled');
  }

  setLink(up: boolean, now: number): void {
    this.#linkUp = up;
    if (!this.#enabled) return;
    if (!up) {
      this.dispatch('FAULT_DETECTED', now, 'link down');
      return;
    }
    if (this.#state === 'FAULTY') this.dispatch('FAULT_CLEARED', now, 'link up');
    if (this.#state === 'INITIALIZING') this.dispatch('INITIALIZED', now, 'link up');
  }

  fault(reason: string, now: number): void {
    if (!this.working) return;
    this.#host.event({ name: 'faulty', port: this.number, reason });
    this.dispatch('FAULT_DETECTED', now, reason);
  }

  dispatch(event: PortEvent, now: number, reason: string, newMaster = false): void {
    const from = this.#state;
    const to = nextState(from, event, this.#host.defaultDS.slaveOnly, newMaster);
    if (newMaster) this.#parts.slave.newMaster();
    if (to === from) {
      if (newMaster) this.listen(now);
    } else {
      this.#state = to;
      this.#host.event({ name: 'portState', port: this.number, from, to, reason });
      if (from === 'MASTER') this.#parts.unicast.resign();
      this.#enter(from, to, now);
    }
    if (this.#state === 'UNCALIBRATED' || this.#state === 'SLAVE') this.#parts.unicast.choose(this.best?.address, now);
    else this.#parts.unicast.choose(undefined, now);
  }

  #enter(from: PortState, to: PortState, now: number): void {
    const { foreign, peer, slave, unicast } = this.#parts;
    switch (to) {
      case 'INITIALIZING':
      case 'FAULTY':
      case 'DISABLED':
        this.#quiet();
        this.#timers.clear('pdelayReq');
        this.#timers.clear('unicastQuery');
        foreign.clear();
        peer.reset();
        unicast.masters.reset();
        slave.endToEnd.reset();
        if (from !== 'INITIALIZING' && from !== 'FAULTY' && from !== 'DISABLED') this.#host.decideStates(now);
        return;
      case 'LISTENING':
        this.#quiet();
        this.listen(now);
        if (this.config.delayMechanism === 'p2p' && !this.#timers.has('pdelayReq')) this.#timers.set('pdelayReq', now);
        if (!unicast.masters.empty && !this.#timers.has('unicastQuery')) this.#timers.set('unicastQuery', now);
        return;
      case 'PRE_MASTER':
        this.#quiet();
        // M3 waits until its own master's choice has come through (9.2.6.10).
        this.#timers.set('qualification', now + (this.#host.stepsRemoved + 1) * intervalMs(this.logAnnounceInterval));
        return;
      case 'MASTER':
        this.#quiet();
        if (!this.config.multicast) return;
        this.#timers.set('announce', now);
        this.#timers.set('sync', now);
        return;
      case 'PASSIVE':
        this.#quiet();
        this.listen(now);
        return;
      case 'UNCALIBRATED':
        this.#quiet();
        this.listen(now);
        this.waitForSync(now);
        if (this.config.delayMechanism === 'e2e') {
          this.#timers.set('delayReq', now + this.#host.random() * intervalMs(slave.endToEnd.logInterval));
        }
        return;
      case 'SLAVE':
        return;
    }
  }

  /** No timer of the state before goes on; the peer delay mechanism and the search for unicast masters do. */
  #quiet(): void {
    this.#timers.clearAllBut('pdelayReq', 'unicastQuery');
    this.#parts.slave.quiet();
  }

  /** The clock was stepped: stamps of the time before are worth nothing. */
  flush(): void {
    this.#parts.slave.flush();
    this.#parts.peer.flush();
    this.#parts.departures.clear();
  }

  /** announceReceiptTimeoutInterval, with up to one interval more (9.2.6.11). */
  listen(now: number): void {
    const intervals = this.config.announceReceiptTimeout + this.#host.random();
    this.#timers.wait('announceReceipt', now, intervals * intervalMs(this.logAnnounceInterval));
  }

  waitForSync(now: number): void {
    if (this.config.syncReceiptTimeout === 0) return;
    this.#timers.wait('syncReceipt', now, this.syncPatienceMs);
  }

  /** syncReceiptTimeoutTimeInterval (802.1AS-2020 10.2.5.3). */
  get syncPatienceMs(): number {
    return this.config.syncReceiptTimeout * intervalMs(this.logSyncInterval);
  }

  handleTimer(name: string, now: number): void {
    const due = this.#timers.take(name as TimerName, now);
    if (due === undefined) return;
    switch (name as TimerName) {
      case 'announceReceipt':
        this.#lostMaster(now);
        return;
      case 'syncReceipt':
        if (this.#host.profile.gptp) {
          this.#lostMaster(now);
          return;
        }
        this.waitForSync(now);
        this.dispatch('SYNCHRONIZATION_FAULT', now, 'sync receipt timeout');
        return;
      case 'qualification':
        this.dispatch('QUALIFICATION_TIMEOUT_EXPIRES', now, 'qualified');
        return;
      case 'announce':
        this.#timers.repeat('announce', due, this.logAnnounceInterval, now);
        if (this.usable) this.#announce();
        return;
      case 'sync':
        this.#timers.repeat('sync', due, this.logSyncInterval, now);
        if (this.usable) this.#sync(now);
        return;
      case 'delayReq':
        this.#timers.set('delayReq', this.#parts.slave.endToEnd.nextAt(now));
        this.#delayReq(now);
        return;
      case 'pdelayReq':
        this.#timers.repeat('pdelayReq', due, this.logMinPdelayReqInterval, now);
        this.#pdelayReq(now);
        return;
      case 'unicastQuery':
        this.#timers.set('unicastQuery', now + QUERY_MS);
        this.#parts.unicast.query(now);
        return;
      case 'unicastService':
        for (const grant of this.#parts.unicast.grants.take(now)) {
          if (grant.message === 'Announce') this.#announce(grant);
          else this.#sync(now, grant);
        }
        this.unicastChanged(now);
        return;
    }
  }

  /** A grant has come or gone. */
  unicastChanged(now: number): void {
    const due = this.#state === 'MASTER' ? this.#parts.unicast.grants.nextDue() : undefined;
    if (due === undefined) this.#timers.clear('unicastService');
    else this.#timers.set('unicastService', Math.max(due, now));
  }

  #announce(destination?: UnicastDestination): void {
    this.#parts.counts.sent('Announce');
    this.#master.announce(this.logAnnounceInterval, destination);
  }

  #sync(now: number, destination?: UnicastDestination): void {
    const { profile, follows, portSync, defaultDS } = this.#host;
    // A bridge of 802.1AS has nothing to hand on before its slave port heard something, or long after.
    if (profile.gptp && follows && (portSync === undefined || portSync.until < now)) return;
    this.#parts.counts.sent('Sync');
    const { departures } = this.#parts;
    const id = departures.nextTimestampId();
    const sequenceId = this.#master.sync(this.logSyncInterval, id, destination);
    if (defaultDS.twoStepFlag) departures.set(id, { kind: 'Sync', sequenceId, to: destination?.address });
  }

  /** By multicast, or to the master alone: a unicast one has to have granted its answers. */
  #delayReq(now: number): void {
    const { unicast, departures, counts, slave } = this.#parts;
    const address = this.best?.address;
    const negotiated = this.config.unicastMasters.length > 0;
    if (negotiated && !unicast.masters.granted(address, 'Delay_Resp', now)) return;
    counts.sent('Delay_Req');
    const id = departures.nextTimestampId();
    slave.endToEnd.request(id, negotiated || this.config.hybridE2e ? address : undefined);
    departures.set(id, { kind: 'Delay_Req', sequenceId: slave.endToEnd.lastSequenceId });
  }

  #pdelayReq(now: number): void {
    const { unicast, departures, counts, peer } = this.#parts;
    const { unicastPeer } = this.config;
    if (unicastPeer !== '' && !unicast.masters.peerGranted(now)) return;
    counts.sent('Pdelay_Req');
    const id = departures.nextTimestampId();
    const sequenceId = peer.request(id, unicastPeer === '' ? undefined : unicastPeer);
    departures.set(id, { kind: 'Pdelay_Req', sequenceId });
  }

  /** 802.1AS sends and hears nothing else over a link without a neighbour (10.3.11.2.1, asCapable). */
  get usable(): boolean {
    return !this.#host.profile.gptp || this.#parts.peer.asCapable;
  }

  #lostMaster(now: number): void {
    // A unicast master that started again has forgotten what it granted: it is asked anew.
    const address = this.best?.address;
    if (address !== undefined) this.#parts.unicast.masters.cancelled(address, 'Announce');
    const parent = this.best?.portIdentity;
    if (parent !== undefined) this.#parts.foreign.forget(parent);
    if (this.#state === 'LISTENING') this.dispatch('ANNOUNCE_RECEIPT_TIMEOUT_EXPIRES', now, 'announce receipt timeout');
    this.#host.decideStates(now);
    // A slave-only port listens on; a port with another master already has a timer.
    if ((this.#state === 'SLAVE' || this.#state === 'UNCALIBRATED') && !this.#timers.has('announceReceipt'))
      this.listen(now);
  }

  /** The state decision saw that master here. */
  decided(best: ForeignMaster | undefined): void {
    this.best = best;
  }

  handleMessage(bytes: Uint8Array, rxTimestampNs: bigint | undefined, now: number, from: string | undefined): void {
    this.#receiver.handleMessage(bytes, rxTimestampNs, now, from);
  }

  handleTxTimestamp(timestampId: number, timestampNs: bigint | undefined): void {
    const { departures, counts, slave, peer } = this.#parts;
    const departure = departures.take(timestampId);
    if (departure === undefined) return;
    if (timestampNs === undefined) {
      this.#host.count('transmit timestamp lost');
      return;
    }
    const at = timestampNs + BigInt(Math.round(this.config.egressLatencyNs));
    switch (departure.kind) {
      case 'Sync': {
        const { profile, follows, portSync } = this.#host;
        if (this.#state !== 'MASTER') return;
        // What was to be handed on is gone since its Sync left, and this clock's own time is not the grandmaster's.
        if (profile.gptp && follows && portSync === undefined) return;
        counts.sent('Follow_Up');
        const utcNs = BigInt(this.#host.ptpOffsetSeconds()) * 1_000_000_000n;
        this.#master.followUp(departure.sequenceId, this.logSyncInterval, at, utcNs, departure.to);
        return;
      }
      case 'Delay_Req':
        slave.endToEnd.departed(departure.sequenceId, at);
        return;
      case 'Pdelay_Req':
        peer.departed(departure.sequenceId, at);
        return;
      case 'Pdelay_Resp':
        counts.sent('Pdelay_Resp_Follow_Up');
        peer.respondFollowUp(departure.request, at, departure.from);
        return;
    }
  }

  /** The servo believes the clock now: delays measured before had its drift in them. */
  calibrated(now: number): void {
    this.#parts.slave.endToEnd.restart();
    this.dispatch('MASTER_CLOCK_SELECTED', now, 'clock synchronized');
  }

  /** A Sync interval that a neighbour asked for or a master granted holds from the next beat on. */
  setIntervals(intervals: { announce?: number; sync?: number; pdelay?: number; delay?: number }): void {
    this.logAnnounceInterval = intervals.announce ?? this.logAnnounceInterval;
    this.logSyncInterval = intervals.sync ?? this.logSyncInterval;
    this.logMinPdelayReqInterval = intervals.pdelay ?? this.logMinPdelayReqInterval;
    if (intervals.delay !== undefined) this.#parts.slave.endToEnd.logInterval = intervals.delay;
  }

  /** Management's SET: holds from the next beat on. */
  configure(
    change: Partial<
      Pick<ResolvedPort, 'announceReceiptTimeout' | 'neighborPropDelayThreshNs' | 'delayMechanism' | 'unicast'>
    >,
  ): void {
    Object.assign(this.config, change);
  }

  get portDS(): PortDS {
    return {
      portIdentity: this.identity,
      portState: this.#state,
      logMinDelayReqInterval: this.#parts.slave.endToEnd.logInterval,
      peerMeanPathDelayNs: this.config.delayMechanism === 'p2p' ? (this.#parts.peer.delayNs ?? 0) : 0,
      logAnnounceInterval: this.logAnnounceInterval,
      announceReceiptTimeout: this.config.announceReceiptTimeout,
      logSyncInterval: this.logSyncInterval,
      delayMechanism: this.config.delayMechanism,
      logMinPdelayReqInterval: this.logMinPdelayReqInterval,
      versionNumber: 2,
      masterOnly: this.config.masterOnly,
      localPriority: this.config.localPriority,
      delayAsymmetryNs: this.config.delayAsymmetryNs,
    };
  }

  get linkDS(): PortLinkDS {
    return {
      asCapable: this.usable && this.working,
      neighborRateRatio: this.#parts.peer.neighborRateRatio,
      neighborPropDelayThreshNs: this.config.neighborPropDelayThreshNs,
    };
  }

  snapshot(): PortSnapshot {
    return {
      config: this.config,
      portDS: this.portDS,
      linkDS: this.linkDS,
      foreignMasters: this.#parts.foreign.snapshot(),
      messages: this.#parts.counts.snapshot(),
      delayNs: this.delayNs,
    };
  }
}
