import { concatBytes, parseAddress, timingSafeEqual, u64Bytes } from '../wire/index.ts';
import type { IkeCrypto } from './crypto-provider.ts';

/** How long a secret makes cookies; the one before it is good for as long again. */
const SECRET_MILLISECONDS = 60_000;

interface Secret {
  readonly version: number;
  readonly bytes: Uint8Array;
  readonly since: number;
}

/**
 * Stateless cookies, RFC 7296 2.6: Cookie = <VersionIDofSecret> | Hash(Ni | IPi | SPIi | <secret>).
 */
export class CookieJar {
  readonly #crypto: IkeCrypto;
  #current: Secret | undefined;
  #previous: Secret | undefined;

  constructor(crypto: IkeCrypto) {
    this.#crypto = crypto;
  }

  make(ni: Uint8Array, address: string, initiatorSpi: bigint, now: number): Uint8Array {
    return this.#cookie(this.#rotate(now), ni, address, initiatorSpi);
  }

  verify(cookie: Uint8Array, ni: Uint8Array, address: string, initiatorSpi: bigint, now: number): boolean {
    const current = this.#rotate(now);
    const secret = [current, this.#previous].find((known) => known?.version === cookie[0]);
    return secret !== undefined && timingSafeEqual(cookie, this.#cookie(secret, ni, address, initiatorSpi));
  }

  #cookie(secret: Secret, ni: Uint8Array, address: string, initiatorSpi: bigint): Uint8Array {
    const parts = [ni, parseAddress(address), u64Bytes(initiatorSpi)];
    return concatBytes(Uint8Array.of(secret.version), this.#crypto.prf('hmac-sha256', secret.bytes, parts));
  }

  #rotate(now: number): Secret {
    const current = this.#current;
    if (current !== undefined && now - current.since < SECRET_MILLISECONDS) return current;
    // A secret that has not made cookies for two periods is no longer good for checking them.
    const usable = current !== undefined && now - current.since < 2 * SECRET_MILLISECONDS;
    this.#previous = usable ? current : undefined;
    this.#current = {
      version: ((current?.version ?? 0) + 1) & 0xff,
      bytes: this.#crypto.random(32),
      since: now,
    };
    return this.#current;
  }
}
