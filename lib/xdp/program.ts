import { callNative } from '../native.ts';
import { addon, type NativeProgram } from './addon.ts';
import type { XdpSocket } from './socket.ts';

/** What goes to the sockets; everything else the kernel gets, untouched. */
export interface Steering {
  /** Everything. */
  readonly all?: boolean;
  /** Ethernet types, such as 0x88f7. */
  readonly etherTypes?: readonly number[];
  /** IP protocols: 50 (ESP), 51 (AH), 47 (GRE), 4 (IPIP), 41 (6to4)... Not fragments, nor behind IPv6 extension headers. */
  readonly protocols?: readonly number[];
  /** UDP destination ports. */
  readonly udpPorts?: readonly number[];
  /** UDP destination ports that ESP with an SPI goes to; IKE and keepalives there (RFC 3948) stay the kernel's. */
  readonly espInUdpPorts?: readonly number[];
  /** Destination addresses that are ours; without the list, every destination is. Not asked for `etherTypes`. */
  readonly addresses?: readonly string[];
}

export interface ProgramOptions {
  /** Its name, in the network namespace of the calling thread. */
  readonly interface: string;
  readonly steer: Steering;
  /** In the driver (`native`), after it (`generic`), or in the driver if it can (`any`, the default). */
  readonly hook?: 'any' | 'native' | 'generic';
}

/** The XDP program of one interface. It goes with this object, and with the process. Needs CAP_NET_ADMIN and CAP_BPF. */
export class XdpProgram {
  readonly interface: string;
  /** Where it runs. */
  readonly hook: 'native' | 'generic';
  /** Why it is not in the driver, or ''. */
  readonly fallback: string;
  readonly #native: NativeProgram;

  /**
   * Throws SystemError naming the interface (EBUSY if it has a program already, EPERM without the capabilities),
   * UnsupportedError before Linux 5.9, TypeError naming the option that cannot be.
   */
  constructor(options: ProgramOptions) {
    const { addresses, ...steer } = options.steer;
    const native = callNative(
      () =>
        new addon.Program(
          options.interface,
          { ...steer, onlyAddresses: addresses !== undefined },
          options.hook ?? 'any',
        ),
    );
    try {
      for (const address of addresses ?? []) callNative(() => native.addAddress(address));
    } catch (error) {
      native.close();
      throw error;
    }
    this.#native = native;
    this.interface = options.interface;
    this.hook = native.native() ? 'native' : 'generic';
    this.fallback = native.fallback();
  }

  /** The socket gets the packets of its queue. */
  add(socket: XdpSocket): void {
    callNative(() => this.#native.add(socket.handle));
  }

  /** The kernel gets them again. */
  remove(socket: XdpSocket): void {
    callNative(() => this.#native.remove(socket.handle));
  }

  /** One more destination that is ours. Of no effect on a program that was made without a list. */
  addAddress(address: string): void {
    callNative(() => this.#native.addAddress(address));
  }

  removeAddress(address: string): void {
    callNative(() => this.#native.removeAddress(address));
  }

  /** The kernel gets everything again. */
  close(): void {
    this.#native.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
