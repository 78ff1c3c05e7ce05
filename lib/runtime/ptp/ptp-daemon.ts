import { EventEmitter } from 'node:events';
import { ClosedError, SystemError, UnsupportedError } from '../../errors.ts';
import { type Clock, type EnabledTimestamping, enableHardwareTimestamping } from '../../phc/index.ts';
import type { Action, PtpEvent } from '../../ptp/action.ts';
import type { ClockConfig, PortConfig } from '../../ptp/config.ts';
import { createPtpEngine } from '../../ptp/create.ts';
import type { PtpEngine, PtpSnapshot } from '../../ptp/engine.ts';
import { clockIdentityOf } from '../../ptp/identity.ts';
import { type ResolvedPort, resolvePort } from '../../ptp/profiles.ts';
import { type Link, type Monitor, RouteNetlink } from '../../rtnl/index.ts';
import { Timers } from '../timers.ts';
import { type LocalClock, type LocalClockKind, openLocalClock } from './local-clock.ts';
import { Measurements } from './measurements.ts';
import { PortSocket } from './port-socket.ts';
import { StampGuard } from './stamp-guard.ts';
import { checkUnicastAddresses, sourceText, transportGroups } from './transport.ts';
import { tsRefclk } from './ts-refclk.ts';

/** A port is an interface; what is left out the profile says. */
export interface PtpPortOptions extends Omit<PortConfig, 'name'> {
  readonly interface: string;
}

export interface PtpDaemonOptions extends Partial<Omit<ClockConfig, 'ports' | 'localTimescale'>> {
  readonly ports: readonly PtpPortOptions[];
  /** Default `auto`. A clock that is given is kept with software stamps, and stays open. */
  readonly clock?: LocalClockKind | Clock;
  /** Where others can read the overlay clock, if it comes to be that: a file. */
  readonly overlayPath?: string;
  /** A throw-away frame before each event message, where the kernel stamps. Default true. */
  readonly warmUp?: boolean;
  /** How long a transmit stamp is waited for; the port goes on meanwhile. Default 100. */
  readonly transmitTimeoutMs?: number;
  /** DSCP of UDP (AES67 asks for 46) and SO_PRIORITY of all messages. Default 0. */
  readonly dscp?: number;
  readonly priority?: number;
}

/** Each PtpEvent under its own name. */
export type PtpDaemonEvents = {
  [N in PtpEvent['name']]: [event: Extract<PtpEvent, { name: N }>];
};

/** What a port did and could not do, beyond its data sets. */
export interface PtpPortStatistics {
  readonly interface: string;
  readonly lostTransmitStamps: number;
  readonly unsentMessages: number;
  /** Event messages that came without a stamp, or with one from before a step of the clock. */
  readonly unstampedMessages: number;
}

export interface PtpDaemonSnapshot extends PtpSnapshot {
  readonly clock: { readonly name: string; readonly stamping: 'hardware' | 'software' };
  readonly statistics: readonly PtpPortStatistics[];
}

/** Of the default profile. */
const softwareNeighborPropDelayThreshNs = 20_000_000;

interface Port {
  readonly number: number;
  readonly interface: string;
  readonly resolved: ResolvedPort;
  link: Link | undefined;
  socket: PortSocket | undefined;
  timestamping: EnabledTimestamping | undefined;
  lostTransmitStamps: number;
  unsentMessages: number;
  unstampedMessages: number;
}

/**
 * An IEEE 1588 clock over network interfaces: owns the sockets, the timers and the clock. Nothing that comes from the
 * wire makes a method or the event loop throw. Emits `PtpDaemonEvents`.
 */
export class PtpDaemon extends EventEmitter<PtpDaemonEvents> {
  readonly #options: PtpDaemonOptions;
  readonly #netlink = new RouteNetlink();
  readonly #timers = new Timers((id) => this.#run((now) => this.#engine.handleTimer(id, now)));
  readonly #local: LocalClock;
  readonly #guard: StampGuard;
  readonly #engine: PtpEngine;
  readonly #ports: readonly Port[];
  readonly #measurements = new Set<Measurements>();
  readonly #queue: Action[] = [];
  #monitor: Monitor | undefined;
  #running = false;
  #closed = false;

  /**
   * Takes the interfaces and the clock; nothing is sent before `start`.
   * @throws SystemError, UnsupportedError: an interface or the clock is not there
   * @throws ConfigError: a value that no clock can have
   */
  constructor(options: PtpDaemonOptions) {
    super();
    if (options.ports.length === 0) throw new TypeError('ports: at least one');
    this.#options = options;
    const interfaces = options.ports.map((port) => port.interface);
    const links = interfaces.map((name) => this.#netlink.links.get(name));
    const { clock = 'auto' } = options;
    this.#local =
      typeof clock === 'string'
        ? openLocalClock(clock, interfaces, options.overlayPath === undefined ? {} : { path: options.overlayPath })
        : { clock, stamping: 'software', timescale: 'utc', fallback: undefined };
    this.#guard = new StampGuard(this.#local.clock);
    const { ports, clock: _, overlayPath, warmUp, transmitTimeoutMs, dscp, priority, ...config } = options;
    const limit = this.#local.clock.maximumAdjustmentPpb;
    const engineConfig: ClockConfig = {
      ...config,
      clockIdentity: options.clockIdentity ?? identityOf(links),
      localTimescale: this.#local.timescale,
      ports: ports.map(({ interface: name, ...port }) => ({ ...this.#linkDefaults(), ...withAddresses(port), name })),
      servo: {
        initialFrequencyPpb: this.#local.clock.frequency(),
        ...config.servo,
        maxFrequencyPpb: Math.min(limit, config.servo?.maxFrequencyPpb ?? limit),
      },
    };
    checkUnicastAddresses(engineConfig);
    this.#ports = engineConfig.ports.map((port, i) => ({
      number: i + 1,
      interface: port.name,
      resolved: resolvePort(engineConfig, port),
      link: links[i],
      socket: undefined,
      timestamping: undefined,
      lostTransmitStamps: 0,
      unsentMessages: 0,
      unstampedMessages: 0,
    }));
    // A spread of Delay_Req, nothing secret (PtpEnvironment).
    this.#engine = createPtpEngine(engineConfig, {
      random: () => Math.random(),
      localTime: () => this.#localTime(),
    });
  }

  /** The clock that is kept. */
  get clock(): Clock {
    return this.#local.clock;
  }

  /** Why the stamps are the kernel's, if hardware ones were hoped for. */
  get fallback(): string | undefined {
    return this.#local.fallback;
  }

  /** Milliseconds of the clock that snapshots count in. */
  now(): number {
    return this.#timers.now();
  }

  /**
   * Opens the ports and begins. An interface that is down or gone is waited for.
   * @throws SystemError, UnsupportedError: a port cannot be opened; nothing is left open then
   */
  start(): void {
    if (this.#closed) throw new ClosedError('PtpDaemon');
    if (this.#monitor) return;
    try {
      for (const port of this.#ports) if (port.link) this.#open(port);
    } catch (error) {
      this.close();
      throw error;
    }
    this.#monitor = this.#netlink.monitor({ kinds: ['link'], ref: false });
    this.#watch(this.#monitor).catch((error: unknown) => this.#fault(undefined, String(error)));
    this.#run((now) => this.#engine.start(now));
    for (const port of this.#ports) if (!port.link?.running) this.#linkDown(port);
  }

  snapshot(): PtpDaemonSnapshot {
    return {
      ...this.#engine.snapshot(),
      clock: { name: this.#local.clock.name, stamping: this.#local.stamping },
      statistics: this.#ports.map(({ interface: name, lostTransmitStamps, unsentMessages, unstampedMessages }) => {
        return { interface: name, lostTransmitStamps, unsentMessages, unstampedMessages };
      }),
    };
  }

  /** RFC 7273: what `a=ts-refclk:` says of the present grandmaster. */
  tsRefclk(): string {
    return tsRefclk(this.#engine.snapshot());
  }

  /** Each round of the servo, from now on. */
  measurements(): AsyncIterableIterator<PtpEventMeasurement> {
    if (this.#closed) throw new ClosedError('PtpDaemon');
    const own = new Measurements(() => this.#measurements.delete(own));
    this.#measurements.add(own);
    return own;
  }

  /** A Management message of a client that may do what `access` says; its responses are octets for that client. */
  manage(message: Uint8Array, access: 'get' | 'set'): readonly Uint8Array[] {
    if (this.#closed) throw new ClosedError('PtpDaemon');
    const { responses, actions } = this.#engine.handleManagement(message, access, this.now());
    this.#run(() => actions);
    return responses;
  }

  /** What this clock is worth as grandmaster has changed: it found or lost its own source of time. */
  setClockQuality(...[quality, timeProperties = {}]: [...Parameters<SetQuality>]): void {
    this.#run((now) => this.#engine.setClockQuality(quality, timeProperties, now));
  }

  /** DESIGNATED_ENABLED and DESIGNATED_DISABLED of a port, by its number from 1. */
  setPortEnabled(port: number, enabled: boolean): void {
    this.#run((now) => this.#engine.setPortEnabled(port, enabled, now));
  }

  /** Idempotent. The clock goes on at the rate it has. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timers.clearAll();
    this.#monitor?.close();
    this.#netlink.close();
    for (const port of this.#ports) this.#shut(port);
    for (const reader of [...this.#measurements]) reader.end();
    if (this.#local.clock !== this.#options.clock) this.#local.clock.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #open(port: Port): void {
    const { transport } = port.resolved;
    const { socket } = transportGroups[transport];
    const { twoStep = true, oneStepPeerDelay, warmUp = true, transmitTimeoutMs = 100 } = this.#options;
    const { dscp = 0, priority = 0 } = this.#options;
    if (this.#local.stamping === 'software' && (!twoStep || oneStepPeerDelay)) {
      const feature = `one-step messages on ${port.interface}`;
      throw new UnsupportedError(feature, '', `${feature}: without hardware timestamping nothing writes their time`);
    }
    if (this.#local.stamping === 'hardware') {
      const mode = oneStepPeerDelay ? 'one-step-p2p' : twoStep ? 'two-step' : 'one-step';
      port.timestamping = enableHardwareTimestamping(port.interface, socket, mode);
    }
    const bridged = this.#bridgeOf(port) !== undefined;
    if (bridged && socket !== 'ethernet') {
      throw new UnsupportedError(`${transport} on ${port.interface}, a port of the bridge ${this.#bridgeOf(port)}`);
    }
    port.socket = new PortSocket(
      {
        interface: port.interface,
        transport,
        stamping: this.#local.stamping,
        warmUp: warmUp && this.#local.stamping === 'software',
        // A bridge lets 01-80-C2-00-00-0E through to its port by itself (IEEE 802.1Q 8.6.3).
        beforeBridge: transport === 'l2-forwardable' && bridged,
        transmitTimeoutMs,
        dscp,
        priority,
      },
      {
        message: (data, stampNs, source) => this.#message(port, data, stampNs, source),
        transmitted: (id, stampNs) => this.#transmitted(port, id, stampNs),
        failed: () => this.#fault(port, `${port.interface} is gone`),
      },
    );
  }

  /** A bridge takes what comes before the sockets of its port do. */
  #bridgeOf(port: Port): string | undefined {
    const master = port.link?.master ? this.#netlink.links.get(port.link.master) : undefined;
    return master?.kind === 'bridge' ? master.name : undefined;
  }

  #shut(port: Port): void {
    port.socket?.close();
    port.timestamping?.restore();
    port.socket = undefined;
    port.timestamping = undefined;
  }

  #message(port: Port, data: Uint8Array, stampNs: bigint | undefined, source: () => string): void {
    // messageType: event messages are 0..3 (table 19).
    const isEvent = ((data[0] ?? 0xff) & 0x0f) < 4;
    const stamp = isEvent && stampNs !== undefined ? this.#guard.check(stampNs) : undefined;
    if (isEvent && stamp === undefined) port.unstampedMessages++;
    this.#run((now) => this.#engine.handleMessage(port.number, data, stamp, now, source()));
  }

  #transmitted(port: Port, id: number, stampNs: bigint | undefined): void {
    const stamp = stampNs === undefined ? undefined : this.#guard.check(stampNs);
    if (stamp === undefined) port.lostTransmitStamps++;
    this.#run((now) => this.#engine.handleTxTimestamp(port.number, id, stamp, now));
  }

  #run(body: (now: number) => readonly Action[]): void {
    if (this.#closed) return;
    this.#queue.push(...body(this.now()));
    if (this.#running) return;
    this.#running = true;
    try {
      for (let action = this.#queue.shift(); action && !this.#closed; action = this.#queue.shift()) this.#do(action);
    } finally {
      this.#running = false;
    }
  }

  #do(action: Action): void {
    switch (action.type) {
      case 'send':
        this.#send(action);
        break;
      case 'setTimer':
        this.#timers.set(action.id, action.at);
        break;
      case 'clearTimer':
        this.#timers.clear(action.id);
        break;
      case 'stepClock':
        this.#adjust(() => {
          this.#local.clock.step(action.deltaNs);
          this.#guard.stepped();
        });
        break;
      case 'adjustFrequency':
        this.#adjust(() => this.#local.clock.setFrequency(action.ppb));
        break;
      case 'event':
        this.#tell(action.event);
    }
  }

  #send(action: Extract<Action, { type: 'send' }>): void {
    const port = this.#ports[action.port - 1]!;
    const error = port.socket?.send(action) ?? -1;
    if (error === 0) return;
    port.unsentMessages++;
    if (action.timestampId !== undefined) {
      const { timestampId } = action;
      this.#run((now) => this.#engine.handleTxTimestamp(port.number, timestampId, undefined, now));
    }
  }

  /** The kernel's stamps make any link longer than 802.1AS takes a neighbour's to be (11.2.2). */
  #linkDefaults(): Pick<PortConfig, 'neighborPropDelayThreshNs'> {
    return this.#local.stamping === 'software' ? { neighborPropDelayThreshNs: softwareNeighborPropDelayThreshNs } : {};
  }

  /** A clock that is gone says nothing; steering it will tell. */
  #localTime(): bigint | undefined {
    try {
      return this.#local.clock.time();
    } catch {
      return undefined;
    }
  }

  /** A clock that refuses (its device is gone, its right was taken) faults every port. */
  #adjust(body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#fault(undefined, error instanceof SystemError ? error.message : String(error));
    }
  }

  #tell(event: PtpEvent): void {
    if (event.name === 'offset') for (const reader of this.#measurements) reader.push(event.measurement);
    // `event` is of the type that its name has: TypeScript loses that on the way.
    this.emit(event.name, ...([event] as unknown as PtpDaemonEvents[typeof event.name]));
  }

  #fault(which: Port | undefined, reason: string): void {
    for (const port of which ? [which] : this.#ports) {
      if (which) this.#shut(port);
      this.#run((now) => this.#engine.fault(port.number, reason, now));
    }
  }

  #linkDown(port: Port): void {
    this.#run((now) => this.#engine.linkDown(port.number, now));
  }

  async #watch(monitor: Monitor): Promise<void> {
    for await (const change of monitor) {
      if (change.kind === 'overflow') {
        for (const port of this.#ports) this.#linkChanged(port, this.#netlink.links.get(port.interface));
      } else if (change.kind === 'link') {
        const port = this.#ports.find(({ interface: name }) => name === change.record.name);
        if (port) this.#linkChanged(port, change.removed ? undefined : change.record);
      }
    }
  }

  #linkChanged(port: Port, link: Link | undefined): void {
    const before = port.link;
    port.link = link;
    const same = before?.index === link?.index && (before?.master ?? 0) === (link?.master ?? 0);
    if (!same || (link && !port.socket)) {
      this.#shut(port);
      if (!link) {
        this.#fault(port, `${port.interface} is gone`);
        return;
      }
      try {
        this.#open(port);
      } catch (error) {
        this.#fault(port, error instanceof Error ? error.message : String(error));
        return;
      }
    } else if (before?.running === link?.running) {
      return;
    }
    if (link?.running) this.#run((now) => this.#engine.linkUp(port.number, now));
    else this.#linkDown(port);
  }
}

type SetQuality = (
  quality: Parameters<PtpEngine['setClockQuality']>[0],
  timeProperties?: Parameters<PtpEngine['setClockQuality']>[1],
) => void;
type PtpEventMeasurement = Extract<PtpEvent, { name: 'offset' }>['measurement'];

/** Addresses as those of senders are written. */
function withAddresses<P extends Omit<PortConfig, 'name'>>(port: P): P {
  const { unicastMasters, unicastPeer } = port;
  return {
    ...port,
    ...(unicastMasters && { unicastMasters: unicastMasters.map(sourceText) }),
    ...(unicastPeer !== undefined && { unicastPeer: sourceText(unicastPeer) }),
  };
}

/** The EUI-64 of the first interface (IEEE 1588-2008 7.5.2.2.2). */
function identityOf(links: readonly (Link | undefined)[]): bigint {
  const mac = links.find((link) => link?.macAddress)?.macAddress;
  if (!mac) throw new TypeError('clockIdentity: is needed where no interface has a MAC address');
  return clockIdentityOf(Uint8Array.from(mac.split(':'), (octet) => Number.parseInt(octet, 16)));
}
