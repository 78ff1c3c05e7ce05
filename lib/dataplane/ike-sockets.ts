import { callNative, native } from '../native.ts';
import type { Endpoint, IkeDatagram } from './dataplane.ts';

interface NativeIkeSockets {
  send(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean;
  close(): void;
  readonly lacksIpv6: boolean;
}

const addon = native.ike as {
  readonly IkeSockets: new (
    options: { readonly ikePort: number; readonly natPort: number; readonly mark: number },
    listener: (datagrams: readonly IkeDatagram[]) => void,
  ) => NativeIkeSockets;
};

/**
 * UDP 500 and 4500 for IKE beside the kernel's IPsec: the kernel takes ESP out of 4500 (RFC 3948), and both pass by every policy,
 * so that none can cut IKE off.
 */
export class IkeSockets {
  readonly #native: NativeIkeSockets;

  /** Throws SystemError naming address and port if one is taken, or what it may not do. */
  constructor(
    options: { readonly ikePort: number; readonly natPort: number; readonly mark: number },
    listener: (datagrams: readonly IkeDatagram[]) => void,
  ) {
    this.#native = callNative(() => new addon.IkeSockets(options, listener));
  }

  get lacksIpv6(): boolean {
    return callNative(() => this.#native.lacksIpv6);
  }

  send(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean {
    return callNative(() => this.#native.send(local, remote, data));
  }

  close(): void {
    this.#native.close();
  }
}
