import type { Action, Address } from './action.ts';
import type { PeerConfig, TrafficSelector } from './config.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import type { IkeSaSnapshot } from './snapshot.ts';

/** An IKE message as it arrived, non-ESP marker removed (RFC 3948 2.2). */
export interface Datagram {
  readonly local: Address;
  readonly remote: Address;
  readonly data: Uint8Array;
}

/** The packet that asked for a CHILD_SA: the first selector of TSi and of TSr (RFC 7296 2.9). */
export interface PacketSelectors {
  readonly local: TrafficSelector;
  readonly remote: TrafficSelector;
}

/** What the engine is given. */
export interface IkeEnvironment {
  readonly crypto: IkeCrypto;
  /** An inbound SPI that no SA of the data plane has. `dst` is the local address. */
  allocateSpi(dst: string, protocol: 'esp' | 'ah'): number;
  /** Where packets to `remote` would leave from, for peers without `localAddress`; undefined without a route. */
  localAddress(remote: string): string | undefined;
  /** True while SAs of an earlier run with `remote` carry traffic: INITIAL_CONTACT would have it delete them. */
  hasEarlierSas?(remote: string): boolean;
}

/**
 * The IKEv2 engine, sans-IO. Every method takes the time, never throws for what a peer sent, and returns what is to
 * be done, in order.
 * `now` is in milliseconds and never goes back.
 * `new Ike(settings, environment)` makes one.
 */
export interface IkeEngine {
  /** Replaces the configuration. A peer that did not change keeps its SAs, one that is gone or changed loses them. */
  setPeers(peers: readonly PeerConfig[], now: number): readonly Action[];
  handleDatagram(datagram: Datagram, now: number): readonly Action[];
  /** A timer of `setTimer` is due. Unknown ids are ignored. */
  handleTimer(id: string, now: number): readonly Action[];
  /** The data plane has a packet for this child and no SA. */
  acquire(peer: string, child: string, packet: PacketSelectors | undefined, now: number): readonly Action[];
  /** A lifetime of the data plane ran out: soft rekeys, hard closes. */
  expire(childSa: number, hard: boolean, now: number): readonly Action[];
  /**
   * Inbound traffic passed this CHILD_SA: proof of life (RFC 7296 2.4), and the word to activate an `inboundOnly`
   * one.
   */
  heard(childSa: number, now: number): readonly Action[];
  /**
   * An authentic packet of this CHILD_SA came from elsewhere: followed if the peer is behind a NAT and we are not
   * (RFC 7296 2.23).
   */
  moved(childSa: number, remote: Address, now: number): readonly Action[];
  /** Starts an IKE_SA with this peer and its children if there is none. */
  initiate(peer: string, now: number): readonly Action[];
  rekeyChild(childSa: number, now: number): readonly Action[];
  rekeyIke(ikeSa: number, now: number): readonly Action[];
  /** Closes one IKE_SA (by number) or all of a peer (by name). */
  terminate(target: number | string, now: number): readonly Action[];
  /** Closes every IKE_SA and starts none: done when `ikeSas()` is empty. */
  shutdown(now: number): readonly Action[];
  ikeSas(): readonly IkeSaSnapshot[];
  /** How often each kind of bad input was seen, `malformed message` for one. */
  counters(): ReadonlyMap<string, number>;
}
