import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import type { IkeCrypto } from '#lib/ike/crypto-provider.js';
import {
  type ChildSaKeymat,
  deriveChildSaKeys,
  deriveIkeSaKeys,
  deriveRekeyedIkeSaKeys,
  type IkeSaKeys,
  type IkeSuite,
  pskAuth,
  signedOctets,
} from '#lib/ike/keymat.js';
import {
  decodeMessage,
  encodeMessage,
  type IkeMessage,
  peekHeader,
  protectMessage,
  type SkKeys,
  unprotectMessage,
} from '#lib/ike/message.js';
import { ExchangeType, ProtocolId } from '#lib/ike/payloads/constants.js';
import type { Payload, SaPayload } from '#lib/ike/payloads/payload.js';
import { acceptChildProposal, acceptIkeProposal } from '#lib/ike/proposal.js';

interface Conversation {
  readonly ike: string;
  readonly esp: string;
  readonly secret: string;
  readonly messages: readonly { readonly from: 'one' | 'two'; readonly data: string }[];
  /** What the initiator logged, in its order. */
  readonly keys: readonly (readonly [string, string])[];
}

const file = new URL('../../../test/vectors/ike/strongswan.json', import.meta.url);
const { conversations } = JSON.parse(readFileSync(file, 'utf8')) as { conversations: Conversation[] };
const crypto: IkeCrypto = new OpensslCrypto();
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array): string => Buffer.from(value).toString('hex');

function find<T extends Payload['type']>(message: IkeMessage, type: T): Extract<Payload, { type: T }> | undefined {
  return message.payloads.find((payload) => payload.type === type) as Extract<Payload, { type: T }> | undefined;
}

interface IkeSa {
  readonly suite: IkeSuite;
  readonly keys: IkeSaKeys;
  /** The two messages of IKE_SA_INIT, for AUTH. */
  readonly init?: { readonly request: Uint8Array; readonly response: Uint8Array };
  readonly ni: Uint8Array;
  readonly nr: Uint8Array;
}

/** One pass over a conversation that proves every message and every key. */
class Replay {
  readonly sas = new Map<bigint, IkeSa>();
  readonly seen: string[] = [];
  readonly #conversation: Conversation;
  #next = 0;

  constructor(conversation: Conversation) {
    this.#conversation = conversation;
  }

  /** The next key of the log, which has to have this title. */
  log(title: string): Uint8Array {
    const [name, value] = this.#conversation.keys[this.#next++]!;
    assert.equal(name, title);
    return bytes(value);
  }

  run(): void {
    let request: { message: IkeMessage; data: Uint8Array } | undefined;
    for (const { data: text } of this.#conversation.messages) {
      const data = bytes(text);
      const message = this.open(data);
      if (!message.response) {
        request = { message, data };
        continue;
      }
      assert.equal(message.messageId, request!.message.messageId);
      this.exchange(request!.message, message, request!.data, data);
    }
    assert.equal(this.#next, this.#conversation.keys.length, 'every logged key was met');
  }

  open(data: Uint8Array): IkeMessage {
    const header = peekHeader(data);
    const plain = decodeMessage(data);
    assert.deepEqual(hex(encodeMessage(plain)), hex(data), 'a message encodes to the bytes it came from');
    if (header.exchangeType === ExchangeType.IKE_SA_INIT) return plain;
    const sa = this.sas.get(header.initiatorSpi)!;
    const { suite, keys } = sa;
    const { encryption, integrity } = suite;
    const sk: SkKeys = plain.initiator
      ? { encryption, integrity, encryptionKey: keys.skEi, integrityKey: keys.skAi }
      : { encryption, integrity, encryptionKey: keys.skEr, integrityKey: keys.skAr };
    const message = unprotectMessage(crypto, sk, data);
    assert.deepEqual(unprotectMessage(crypto, sk, protectMessage(crypto, sk, message)), message);
    return message;
  }

  exchange(request: IkeMessage, response: IkeMessage, requestData: Uint8Array, responseData: Uint8Array): void {
    const ni = find(request, 'Nonce')?.data;
    const nr = find(response, 'Nonce')?.data;
    if (request.exchangeType === ExchangeType.IKE_SA_INIT) {
      const { suite } = acceptIkeProposal(find(request, 'SA')!.proposals, find(response, 'SA')!.proposals);
      const { initiatorSpi, responderSpi } = response;
      const sharedSecret = this.log('shared Diffie Hellman secret');
      const spis = { initiatorSpi, responderSpi };
      const keys = deriveIkeSaKeys(crypto, suite, { ni: ni!, nr: nr!, ...spis, sharedSecret });
      this.checkIkeKeys(crypto.prf(suite.prf, Buffer.concat([ni!, nr!]), [sharedSecret]), keys);
      const init = { request: requestData, response: responseData };
      this.sas.set(initiatorSpi, { suite, keys, init, ni: ni!, nr: nr! });
      this.seen.push('IKE_SA_INIT');
      return;
    }
    const sa = this.sas.get(request.initiatorSpi)!;
    if (request.exchangeType === ExchangeType.IKE_AUTH) {
      this.checkAuth(sa, request, response);
      this.checkChild(sa, find(request, 'SA')!, find(response, 'SA')!, sa.ni, sa.nr, false);
      this.seen.push('IKE_AUTH');
    } else if (find(request, 'SA')?.proposals[0]?.protocol === ProtocolId.ESP) {
      this.checkChild(sa, find(request, 'SA')!, find(response, 'SA')!, ni!, nr!, find(request, 'KE') !== undefined);
      this.seen.push('child rekey');
    } else if (request.exchangeType === ExchangeType.CREATE_CHILD_SA) {
      const offered = acceptIkeProposal(find(request, 'SA')!.proposals, find(response, 'SA')!.proposals);
      const initiatorSpi = Buffer.from(find(request, 'SA')!.proposals[0]!.spi).readBigUInt64BE();
      const responderSpi = Buffer.from(offered.peerSpi).readBigUInt64BE();
      const sharedSecret = this.log('shared Diffie Hellman secret');
      const made = { ni: ni!, nr: nr!, initiatorSpi, responderSpi, sharedSecret };
      const keys = deriveRekeyedIkeSaKeys(crypto, sa.suite.prf, sa.keys.skD, offered.suite, made);
      this.checkIkeKeys(crypto.prf(sa.suite.prf, sa.keys.skD, [sharedSecret, ni!, nr!]), keys);
      this.sas.set(initiatorSpi, { suite: offered.suite, keys, ni: ni!, nr: nr! });
      this.seen.push('IKE rekey');
    } else {
      assert.equal(request.exchangeType, ExchangeType.INFORMATIONAL);
      this.seen.push(`INFORMATIONAL ${request.payloads.map(({ type }) => type).join()}`);
    }
  }

  checkIkeKeys(skeyseed: Uint8Array, keys: IkeSaKeys): void {
    assert.equal(hex(skeyseed), hex(this.log('SKEYSEED')));
    assert.equal(hex(keys.skD), hex(this.log('Sk_d secret')));
    if (keys.skAi.length > 0) {
      assert.equal(hex(keys.skAi), hex(this.log('Sk_ai secret')));
      assert.equal(hex(keys.skAr), hex(this.log('Sk_ar secret')));
    }
    assert.equal(hex(keys.skEi), hex(this.log('Sk_ei secret')));
    assert.equal(hex(keys.skEr), hex(this.log('Sk_er secret')));
    assert.equal(hex(keys.skPi), hex(this.log('Sk_pi secret')));
    assert.equal(hex(keys.skPr), hex(this.log('Sk_pr secret')));
  }

  checkAuth(sa: IkeSa, request: IkeMessage, response: IkeMessage): void {
    const secret = Buffer.from(this.#conversation.secret);
    const { prf } = sa.suite;
    const sides = [
      {
        message: request,
        realMessage: sa.init!.request,
        peerNonce: sa.nr,
        skP: sa.keys.skPi,
        id: find(request, 'IDi')!,
      },
      {
        message: response,
        realMessage: sa.init!.response,
        peerNonce: sa.ni,
        skP: sa.keys.skPr,
        id: find(response, 'IDr')!,
      },
    ];
    for (const { message, ...input } of sides) {
      const octets = signedOctets(crypto, prf, input);
      assert.equal(hex(octets), hex(this.log("octets = message + nonce + prf(Sk_px, IDx')")));
      const auth = pskAuth(crypto, prf, secret, octets);
      assert.equal(hex(auth), hex(this.log('AUTH = prf(prf(secret, keypad), octets)')));
      assert.equal(hex(auth), hex(find(message, 'AUTH')!.data));
    }
  }

  checkChild(sa: IkeSa, offer: SaPayload, answer: SaPayload, ni: Uint8Array, nr: Uint8Array, pfs: boolean): void {
    const { suite } = acceptChildProposal(offer.proposals, answer.proposals);
    assert.equal(suite.dhGroup !== 'none', pfs);
    const sharedSecret = pfs ? this.log('DH secret') : undefined;
    const keys: ChildSaKeymat = deriveChildSaKeys(crypto, sa.suite.prf, sa.keys.skD, suite, { ni, nr, sharedSecret });
    assert.equal(hex(keys.initiator.encryption), hex(this.log('encryption initiator key')));
    assert.equal(hex(keys.responder.encryption), hex(this.log('encryption responder key')));
    if (suite.integrity !== 'none') {
      assert.equal(hex(keys.initiator.integrity), hex(this.log('integrity initiator key')));
      assert.equal(hex(keys.responder.integrity), hex(this.log('integrity responder key')));
    }
  }
}

for (const conversation of conversations) {
  test(`strongSwan speaks ${conversation.ike}, ${conversation.esp}`, () => {
    const replay = new Replay(conversation);
    replay.run();
    assert.deepEqual(replay.seen.slice(0, 4), ['IKE_SA_INIT', 'IKE_AUTH', 'child rekey', 'INFORMATIONAL D']);
    // A MOBIKE update may come between.
    const rest = replay.seen.slice(4).filter((what) => !what.startsWith('INFORMATIONAL N'));
    assert.deepEqual(rest, ['IKE rekey', 'INFORMATIONAL D', 'INFORMATIONAL D']);
  });
}
