import { ChildSa } from './child-sa.ts';
import type { ChildConfig, DhGroupName, TrafficSelector } from './config.ts';
import type { DiffieHellman } from './crypto-provider.ts';
import type { IkeSa } from './ike-sa.ts';
import { type ChildSaKeymat, deriveChildSaKeys } from './keymat.ts';
import { lowerNonce } from './nonce.ts';
import { payloadOf, Refusal } from './notify.ts';
import type { Payload } from './payloads/payload.ts';
import type { ChildChoice } from './proposal.ts';
import { dhGroups } from './transform.ts';

/** A CHILD_SA as negotiated, not installed yet. */
export interface NegotiatedChild {
  readonly child: ChildSa;
  readonly keymat: ChildSaKeymat;
}

export interface Nonces {
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
}

/** The responder's key exchange; throws INVALID_KE_PAYLOAD with the group that it takes (RFC 7296 1.3). */
export function respondKe(
  sa: IkeSa,
  group: DhGroupName,
  request: readonly Payload[],
): { readonly dh?: Payload; readonly sharedSecret?: Uint8Array } {
  if (group === 'none') return {};
  const ke = payloadOf(request, 'KE');
  const { id } = dhGroups[group];
  if (ke?.group !== id) {
    throw new Refusal('INVALID_KE_PAYLOAD', `group ${group} it is`, { data: Uint8Array.of(id >> 8, id & 0xff) });
  }
  using dh = sa.core.crypto.diffieHellman(group);
  const sharedSecret = dh.computeSecret(ke.data);
  if (sharedSecret === undefined) throw new Refusal('INVALID_SYNTAX', 'invalid KE payload');
  return { dh: kePayload(dh), sharedSecret };
}

export function kePayload(dh: DiffieHellman): Payload {
  return { type: 'KE', group: dhGroups[dh.group].id, data: dh.publicValue };
}

/** Keys and record of a CHILD_SA that both sides have agreed on. Throws `Refusal` for an SPI that cannot be. */
export function negotiated(
  sa: IkeSa,
  config: ChildConfig,
  choice: ChildChoice,
  made: {
    readonly initiator: boolean;
    readonly initial: boolean;
    readonly spi: number;
    readonly mode: 'tunnel' | 'transport';
    readonly local: readonly TrafficSelector[];
    readonly remote: readonly TrafficSelector[];
    readonly nonces: Nonces;
    readonly sharedSecret: Uint8Array | undefined;
  },
): NegotiatedChild {
  const { suite, keys } = sa;
  if (suite === undefined || keys === undefined) throw new Error('a CHILD_SA needs an IKE_SA with keys');
  const { peerSpi } = choice;
  const spiOut = new DataView(peerSpi.buffer, peerSpi.byteOffset, peerSpi.byteLength).getUint32(0);
  if (spiOut < 256) throw new Refusal('INVALID_SYNTAX', 'a reserved SPI'); // RFC 4303 2.1
  const { ni, nr } = made.nonces;
  const keymat = deriveChildSaKeys(sa.core.crypto, suite.prf, keys.skD, choice.suite, {
    ni,
    nr,
    ...(made.sharedSecret !== undefined && { sharedSecret: made.sharedSecret }),
  });
  made.sharedSecret?.fill(0);
  const child = new ChildSa(sa, {
    config,
    initiator: made.initiator,
    initial: made.initial,
    suite: choice.suite,
    mode: made.mode,
    spiIn: made.spi,
    spiOut,
    localSelectors: made.local,
    remoteSelectors: made.remote,
    nonce: lowerNonce(ni, nr),
  });
  return { child, keymat };
}
