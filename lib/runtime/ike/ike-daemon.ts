import { EventEmitter } from 'node:events';
import { OpensslCrypto } from '../../crypto/openssl.ts';
import type {
  AcquireEvent,
  DataPlane,
  DataPlaneEvents,
  DropEvent,
  ExpireEvent,
  IkeDatagram,
  MappingEvent,
} from '../../dataplane/dataplane.ts';
import { ClosedError } from '../../errors.ts';
import type { Action, IkeEvent } from '../../ike/action.ts';
import { defaultIkeSettings, type IkeSettings, type PeerConfig } from '../../ike/config.ts';
import type { IkeCrypto } from '../../ike/crypto-provider.ts';
import type { IkeEngine } from '../../ike/engine.ts';
import { Ike } from '../../ike/ike.ts';
import type { IkeSaSnapshot } from '../../ike/snapshot.ts';
import { SourceAddresses } from '../source-address.ts';
import { Timers } from '../timers.ts';
import { type InstalledChild, InstalledChildren, type SaKeys } from './installed.ts';
import { toTrafficSelectors } from './selector.ts';
import { policiesOf, type SpdEntry } from './spd.ts';

export interface IkeDaemonOptions {
  /** Opens the data plane that the daemon then owns and closes. */
  readonly openDataPlane: (events: DataPlaneEvents) => DataPlane;
  /** Default: OpenSSL, as Node brings it. */
  readonly crypto?: IkeCrypto;
  /** What is not given is `defaultIkeSettings`. */
  readonly settings?: Partial<IkeSettings>;
  /** Keeps the keys of CHILD_SAs for `keys()`, to decode captures with. Default: they are wiped as soon as the data plane has them. */
  readonly keepKeys?: boolean;
}

/** Each IkeEvent under its own name, and what the data plane has to say. */
export type IkeDaemonEvents = {
  [N in IkeEvent['name']]: [event: Extract<IkeEvent, { name: N }>];
} & {
  drop: [event: DropEvent];
  /** The data plane can carry nothing (its device was deleted, say) until it has `recovered`. */
  failed: [error: Error];
  recovered: [];
};

/** How often traffic is looked for that proves a peer alive (RFC 7296 2.4), and faster while a rekey waits for it (2.8). */
const heardMs = 1000;
const heardWhileWaitingMs = 20;

/** How long `close()` waits for peers to answer its deletes. */
const closeMs = 2000;

/**
 * IKEv2 over a data plane: owns the clock, the timers and the SAs. Nothing that a peer sends makes a method or the
 * event loop throw. Emits `IkeDaemonEvents`.
 */
export class IkeDaemon extends EventEmitter<IkeDaemonEvents> {
  readonly dataPlane: DataPlane;
  readonly #engine: IkeEngine;
  readonly #timers: Timers;
  readonly #children: InstalledChildren;
  readonly #sources = new SourceAddresses();
  readonly #queue: Action[] = [];
  readonly #carriers = new Map<number, { peer: string; child: string }>();
  #running = false;
  #closing: Promise<void> | undefined;

  constructor(options: IkeDaemonOptions) {
    super();
    this.#timers = new Timers((id) => this.#timer(id));
    this.dataPlane = options.openDataPlane({
      ike: (datagrams) => this.#datagrams(datagrams),
      acquire: (event) => this.#acquire(event),
      expire: (event) => this.#expire(event),
      mapping: (event) => this.#mapping(event),
      drop: (event) => this.#tell('drop', event),
      failed: (error) => this.#tell('failed', error),
      recovered: () => this.#tell('recovered', undefined),
    });
    this.#children = new InstalledChildren(this.dataPlane, options.keepKeys);
    this.#engine = new Ike(
      // What the kernel hands over in super-packets is UDP; protocol 50 goes packet by packet.
      { ...defaultIkeSettings, prefersEncapsulation: this.dataPlane.kind === 'userspace', ...options.settings },
      {
        crypto: options.crypto ?? new OpensslCrypto(),
        allocateSpi: (dst, protocol) => this.dataPlane.allocateSpi(dst, protocol),
        localAddress: (remote) => this.sourceAddress(remote),
        hasEarlierSas: (remote) => this.dataPlane.hasAdopted?.(remote) ?? false,
      },
    );
  }

  /** The address that this host sends from to reach `remote`; undefined without a route. */
  sourceAddress(remote: string): string | undefined {
    return this.#sources.get(remote);
  }

  /** Milliseconds of the clock that snapshots count in. */
  now(): number {
    return this.#timers.now();
  }

  /**
   * Replaces peers and policies. Unchanged peers keep their SAs; those gone or changed lose them. Without `spd` the
   * policies are those of the peers' children. Throws ClosedError, or what the data plane says against the policies:
   * then nothing has changed.
   */
  setPeers(peers: readonly PeerConfig[], spd: readonly SpdEntry[] = policiesOf(peers)): void {
    if (this.#closing !== undefined) throw new ClosedError('IkeDaemon');
    this.#children.setSpd(spd);
    this.#carriers.clear();
    for (const peer of peers) {
      for (const child of peer.children) {
        if (!child.template && !this.#carriers.has(child.reqid)) {
          this.#carriers.set(child.reqid, { peer: peer.name, child: child.name });
        }
      }
    }
    this.#run((now) => this.#engine.setPeers(peers, now));
  }

  /** Starts an IKE_SA with this peer and its children if there is none. */
  initiate(peer: string): void {
    this.#run((now) => this.#engine.initiate(peer, now));
  }

  rekeyChild(childSa: number): void {
    this.#run((now) => this.#engine.rekeyChild(childSa, now));
  }

  rekeyIke(ikeSa: number): void {
    this.#run((now) => this.#engine.rekeyIke(ikeSa, now));
  }

  /** Closes one IKE_SA (by number) or all of a peer (by name), with a delete to the peer. */
  terminate(target: number | string): void {
    this.#run((now) => this.#engine.terminate(target, now));
  }

  /** Closes one CHILD_SA, with a delete to the peer. */
  closeChild(childSa: number): void {
    this.#run((now) => this.#engine.expire(childSa, true, now));
  }

  ikeSas(): readonly IkeSaSnapshot[] {
    return this.#engine.ikeSas();
  }

  children(): readonly InstalledChild[] {
    return this.#children.all();
  }

  /** The keys of a CHILD_SA; undefined unless `keepKeys` was asked for. */
  keys(childSa: number): { readonly in: SaKeys; readonly out: SaKeys } | undefined {
    return this.#children.keys(childSa);
  }

  /** Deletes every SA at the peers, waiting at most 2 s for their answers, and closes the data plane. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /**
   * Ends without a word to the peers, and leaves SAs and policies at work where the data plane can: a next daemon adopts them and
   * traffic goes on. Idempotent.
   */
  detach(): void {
    if (this.#closing !== undefined) return;
    this.#closing = Promise.resolve();
    this.#timers.clearAll();
    this.#sources.close();
    if (this.dataPlane.detach === undefined) this.dataPlane.close();
    else this.dataPlane.detach();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    this.#run((now) => this.#engine.shutdown(now));
    const deadline = this.now() + closeMs;
    while (this.#engine.ikeSas().length > 0 && this.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    this.#timers.clearAll();
    this.#sources.close();
    this.dataPlane.close();
  }

  #datagrams(datagrams: readonly IkeDatagram[]): void {
    for (const datagram of datagrams) this.#run((now) => this.#engine.handleDatagram(datagram, now));
  }

  #acquire(event: AcquireEvent): void {
    const carrier = this.#carriers.get(event.reqid);
    if (carrier === undefined) return;
    this.#run((now) => this.#engine.acquire(carrier.peer, carrier.child, toTrafficSelectors(event.packet), now));
  }

  #expire(event: ExpireEvent): void {
    const child = this.#children.find(event.sa);
    if (child !== undefined) this.#run((now) => this.#engine.expire(child.childSa, event.hard, now));
  }

  #mapping(event: MappingEvent): void {
    const child = this.#children.find(event.sa);
    if (child !== undefined) this.#run((now) => this.#engine.moved(child.childSa, event.remote, now));
  }

  #timer(id: string): void {
    if (id === '') this.#heard();
    else this.#run((now) => this.#engine.handleTimer(id, now));
  }

  #heard(): void {
    try {
      for (const childSa of this.#children.heard()) this.#run((now) => this.#engine.heard(childSa, now));
    } catch (error) {
      this.#error(error);
    }
    this.#listen();
  }

  /** The timer of no name is our own; engine timers have names. */
  #listen(): void {
    if (this.#children.all().length === 0) this.#timers.clear('');
    else this.#timers.set('', this.now() + (this.#children.waiting ? heardWhileWaitingMs : heardMs));
  }

  /** What the engine answers is done in order, also what it answers to while that is being done. */
  #run(ask: (now: number) => readonly Action[]): void {
    try {
      this.#queue.push(...ask(this.now()));
    } catch (error) {
      this.#error(error);
    }
    if (this.#running) return;
    this.#running = true;
    try {
      for (let action = this.#queue.shift(); action !== undefined; action = this.#queue.shift()) this.#perform(action);
    } finally {
      this.#running = false;
    }
  }

  #perform(action: Action): void {
    try {
      switch (action.type) {
        case 'send':
          this.dataPlane.sendIke(action.local, action.remote, action.data);
          break;
        case 'natKeepalive':
          this.dataPlane.sendIke(action.local, action.remote, Uint8Array.of(0xff));
          break;
        case 'setTimer':
          this.#timers.set(action.id, action.at);
          break;
        case 'clearTimer':
          this.#timers.clear(action.id);
          break;
        case 'installChildSa':
          this.#refusable(action.sa.childSa, () => this.#children.install(action.sa));
          this.#listen();
          break;
        case 'activateChildSa':
          this.#refusable(action.childSa, () => this.#children.activate(action.childSa));
          break;
        case 'deactivateChildSa':
          this.#children.deactivate(action.childSa);
          break;
        case 'removeChildSa':
          this.#children.remove(action.childSa);
          break;
        case 'updateChildSa':
          this.#children.update(action);
          break;
        case 'event':
          this.#tell(action.event.name, action.event);
          break;
      }
    } catch (error) {
      this.#error(error);
    }
  }

  /** A CHILD_SA that the data plane refuses is closed at the peer too, lest it send into nothing. */
  #refusable(childSa: number, body: () => void): void {
    try {
      body();
    } catch (error) {
      this.#log(`the data plane refused CHILD_SA ${childSa}: ${reason(error)}`);
      this.#run((now) => this.#engine.expire(childSa, true, now));
    }
  }

  #error(error: unknown): void {
    this.#log(reason(error));
  }

  #log(message: string): void {
    this.#tell('log', { name: 'log', topics: 'ipsec,error', level: 'error', message });
  }

  /** A listener that throws harms no one but itself. */
  #tell(name: keyof IkeDaemonEvents, event: IkeEvent | DropEvent | Error | undefined): void {
    try {
      (this as EventEmitter).emit(name, event);
    } catch (error) {
      process.emitWarning(error instanceof Error ? error : String(error));
    }
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
