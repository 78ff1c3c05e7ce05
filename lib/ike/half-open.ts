import type { Address } from './action.ts';
import type { IkeSa } from './ike-sa.ts';

/** What makes two IKE_SA_INIT requests one (RFC 7296 2.1). */
export function initialKey(remote: Address, initiatorSpi: bigint): string {
  return `${remote.address}|${remote.port}|${initiatorSpi}`;
}

/** IKE_SAs made by IKE_SA_INIT requests: all of them by request, the half-open ones counted. */
export class HalfOpen {
  readonly #byRequest = new Map<string, IkeSa>();
  readonly #halfOpen = new Map<IkeSa, string>();
  readonly #perSource = new Map<string, number>();

  get size(): number {
    return this.#halfOpen.size;
  }

  fromSource(address: string): number {
    return this.#perSource.get(address) ?? 0;
  }

  find(key: string): IkeSa | undefined {
    return this.#byRequest.get(key);
  }

  add(key: string, address: string, sa: IkeSa): void {
    this.#byRequest.set(key, sa);
    this.#halfOpen.set(sa, address);
    this.#perSource.set(address, this.fromSource(address) + 1);
  }

  /** It was authenticated, or is gone. */
  settle(sa: IkeSa): void {
    const address = this.#halfOpen.get(sa);
    if (address === undefined) return;
    this.#halfOpen.delete(sa);
    const left = this.fromSource(address) - 1;
    if (left > 0) this.#perSource.set(address, left);
    else this.#perSource.delete(address);
  }

  remove(key: string, sa: IkeSa): void {
    this.settle(sa);
    this.#byRequest.delete(key);
  }
}
