import { timingSafeEqual } from '../wire/index.ts';
import type { AuthConfig, PrfName } from './config.ts';
import type { IkeCrypto } from './crypto-provider.ts';
import { pskAuth } from './keymat.ts';
import { AuthMethod } from './payloads/constants.ts';
import type { AuthPayload } from './payloads/payload.ts';

/** Proves one side's identity to the other in IKE_AUTH, RFC 7296 2.15. */
export interface Authenticator {
  /** AUTH over our own signed octets. */
  sign(octets: Uint8Array): AuthPayload;
  /** True if the peer's AUTH is right for its signed octets. */
  verify(auth: AuthPayload, octets: Uint8Array): boolean;
}

/** Shared Key Message Integrity Code. */
class PskAuthenticator implements Authenticator {
  readonly #crypto: IkeCrypto;
  readonly #prf: PrfName;
  readonly #secret: Uint8Array;

  constructor(crypto: IkeCrypto, prf: PrfName, secret: Uint8Array) {
    this.#crypto = crypto;
    this.#prf = prf;
    this.#secret = secret;
  }

  sign(octets: Uint8Array): AuthPayload {
    return { type: 'AUTH', method: AuthMethod.SHARED_KEY_MIC, data: this.#mic(octets) };
  }

  verify(auth: AuthPayload, octets: Uint8Array): boolean {
    return auth.method === AuthMethod.SHARED_KEY_MIC && timingSafeEqual(auth.data, this.#mic(octets));
  }

  #mic(octets: Uint8Array): Uint8Array {
    return pskAuth(this.#crypto, this.#prf, this.#secret, octets);
  }
}

export function authenticator(crypto: IkeCrypto, prf: PrfName, auth: AuthConfig): Authenticator {
  switch (auth.method) {
    case 'psk':
      return new PskAuthenticator(crypto, prf, auth.secret);
  }
}
