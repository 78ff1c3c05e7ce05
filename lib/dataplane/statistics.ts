import { addon } from './addon.ts';
import type { IpsecStatistics } from './dataplane.ts';

/** What the packet threads moved. "Plain" is the device's side, "cipher" the sockets'. */
export interface ThreadStatistics {
  /** From the device, the segments of super-packets counted one by one. */
  readonly plainInPackets: bigint;
  readonly plainInBytes: bigint;
  readonly plainOutPackets: bigint;
  readonly plainOutBytes: bigint;
  /** ESP packets, SPI to ICV. */
  readonly cipherInPackets: bigint;
  readonly cipherInBytes: bigint;
  readonly cipherOutPackets: bigint;
  readonly cipherOutBytes: bigint;
  /** Sent on in the clear: level `use` without an SA, or caught by a rule that is wider than its policy. */
  readonly passedPackets: bigint;
  /** RFC 3948 2.3. */
  readonly keepalives: bigint;
  /** Dummy packets of the peers' (RFC 4303 2.6), dropped as they are meant to be. */
  readonly dummies: bigint;
  readonly ikeReceived: bigint;
  /** IKE datagrams dropped because the event loop was behind. */
  readonly ikeOverflows: bigint;
  /** System calls, to see how well packets batch. */
  readonly deviceReads: bigint;
  readonly deviceWrites: bigint;
  readonly socketReads: bigint;
  readonly socketWrites: bigint;
  /** Of the cipher side, past the kernel (AF_XDP). */
  readonly xdpInPackets: bigint;
  readonly xdpOutPackets: bigint;
}

/** Reads the counters that the packet threads write, out of the memory they write them to. */
export class CounterView {
  readonly #pages: readonly BigUint64Array[];
  constructor(memory: ArrayBuffer) {
    const page = addon.counterPageBytes;
    this.#pages = Array.from(
      { length: memory.byteLength / page },
      (_, thread) => new BigUint64Array(memory, thread * page, addon.counterNames.length),
    );
  }

  ipsec(): IpsecStatistics {
    return this.#read(0, addon.ipsecStatistics) as unknown as IpsecStatistics;
  }

  thread(): ThreadStatistics {
    return this.#read(addon.ipsecStatistics, addon.counterNames.length) as unknown as ThreadStatistics;
  }

  #read(first: number, end: number): Record<string, bigint> {
    const counters: Record<string, bigint> = {};
    for (let i = first; i < end; i++)
      counters[addon.counterNames[i]!] = this.#pages.reduce((sum, page) => sum + page[i]!, 0n);
    return counters;
  }
}
