import type { EncryptionAlgorithm, IntegrityAlgorithm } from '../dataplane/dataplane.ts';
import { native } from '../native.ts';

export interface MeasureSpec {
  /** `routeplane:vaes`, `node-openssl`... */
  readonly engine: string;
  /** Path of a shared object with a further engine, or empty. */
  readonly library: string;
  readonly encryption: EncryptionAlgorithm;
  readonly encryptionKeyBytes: number;
  readonly icvBytes: number;
  readonly integrity: IntegrityAlgorithm;
  readonly integrityKeyBytes: number;
  readonly open: boolean;
  /** Compare the engine's bytes with those of the portable implementation before its time is taken. */
  readonly verify: boolean;
  /** Packet i belongs to SA i mod `sas`. */
  readonly sas: number;
  /** Packets that the engine gets at once; 0: all. */
  readonly batch: number;
  readonly budgetNs: number;
  /** Bytes of text of each packet of a lot. */
  readonly textBytes: Uint32Array;
}

export interface Engine {
  readonly name: string;
  readonly version: string;
  /** Why it is not here; empty if it is. */
  readonly absent: string;
}

/** Datagrams in the clear, or ESP with one SA per host. IPv4. */
export interface TrafficSpec {
  readonly local: string;
  /** Where packets in the clear go to, where the inner packets of ESP come from. */
  readonly hosts: readonly string[];
  /** Lengths of IP packets, one after the other. */
  readonly sizes: Uint32Array;
  /** Packets of one super-packet. */
  readonly segments: number;
  readonly seconds: number;
  /** 0: as fast as it goes. */
  readonly packetsPerSecond: number;
  readonly esp?: {
    readonly remote: string;
    readonly innerDestination: string;
    /** Of the first SA; the others count on. */
    readonly spi: number;
    /** Each byte of every key. */
    readonly key: number;
    /** AES-128-CBC with HMAC-SHA-256-128 in the place of AES-128-GCM. */
    readonly cbc: boolean;
    /** Plain ESP, each packet a frame of this interface to this MAC address; in UDP if not given. */
    readonly frames?: { readonly interface: string; readonly mac: string };
  };
}

export interface Traffic {
  readonly packets: number;
  readonly bytes: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

export const addon = native.bench as {
  /** Nanoseconds of each lot of packets, in order. */
  measure(spec: MeasureSpec): Float64Array;
  engines(library: string): Engine[];
  /** Core cycles per nanosecond, of chains of dependent additions. */
  spin(budgetNs: number): Float64Array;
  /** Sends from one core until the time is over. */
  traffic(spec: TrafficSpec): Traffic;
  clock(): { readonly source: string; readonly ticksPerNs: number; readonly overheadNs: number };
  compilers(): { readonly unit: string; readonly version: string }[];
};
