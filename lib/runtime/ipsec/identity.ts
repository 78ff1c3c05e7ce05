import type { AuthConfig, IdentificationConfig } from '../../ike/config.ts';
import type { Item } from '../../routeros/item.ts';
import { secretBytes } from '../../routeros/value/index.ts';
import { Refusal, text } from './item.ts';

/** `/ip ipsec identity`: who each side is and how it proves it. */

/** `fqdn:vpn.example.com`; undefined for `auto` and `ignore`. */
export function identification(identity: Item, property: 'my-id' | 'remote-id'): IdentificationConfig | undefined {
  const value = text(identity, property);
  if (value === '' || value === 'auto' || value === 'ignore') return undefined;
  const colon = value.indexOf(':');
  const type = value.slice(0, colon);
  const rest = value.slice(colon + 1);
  switch (type) {
    case 'address':
      return { type, value: rest };
    case 'fqdn':
    case 'user-fqdn':
      return { type, value: rest };
    case 'key-id':
      return { type, value: Buffer.from(rest, 'utf8') };
    default:
      throw new Refusal(`${property}=${value} is not supported yet`, identity, property);
  }
}

/** Throws Refusal for a method that is not there yet, by name. */
export function authentication(identity: Item): AuthConfig {
  const method = text(identity, 'auth-method');
  if (method !== 'pre-shared-key') {
    const message = `auth-method=${method} is not supported yet; use pre-shared-key`;
    throw new Refusal(message, identity, 'auth-method');
  }
  for (const property of ['username', 'password', 'certificate', 'remote-certificate', 'key', 'remote-key']) {
    if (text(identity, property) === '') continue;
    throw new Refusal(`${property} has no meaning with auth-method=${method}`, identity, property);
  }
  if (identity.set['eap-methods'] !== undefined) {
    throw new Refusal(`eap-methods has no meaning with auth-method=${method}`, identity, 'eap-methods');
  }
  const modeConfig = text(identity, 'mode-config');
  if (modeConfig !== '' && modeConfig !== 'none') {
    throw new Refusal(`mode-config=${modeConfig} is not supported yet; use none`, identity, 'mode-config');
  }
  const secret = secretBytes(text(identity, 'secret'));
  if (secret.length === 0) throw new Refusal('secret is empty', identity, 'secret');
  return { method: 'psk', secret };
}
