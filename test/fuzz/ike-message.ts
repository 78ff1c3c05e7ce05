/**
 * Mutation fuzzing of the IKE message decoder and of what reads its results before anything is authentic. The corpus
 * is kept in `test/fuzz/corpus/ike-message`; an input that breaks a rule is saved there and is then part of every run.
 *
 *     node build/test/fuzz/ike-message.js [seconds [seed]]
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { IntegrityError, ProtocolError, WireError } from '#lib/errors.js';
import type { IkeCrypto } from '#lib/ike/crypto-provider.js';
import { IKE_HEADER_BYTES } from '#lib/ike/header.js';
import {
  decodeMessage,
  encodeMessage,
  type IkeMessage,
  peekHeader,
  protectMessage,
  type SkKeys,
  unprotectMessage,
} from '#lib/ike/message.js';
import { MAX_PAYLOADS } from '#lib/ike/payloads/chain.js';
import { PayloadType } from '#lib/ike/payloads/constants.js';
import { MAX_PROPOSALS } from '#lib/ike/payloads/sa.js';
import {
  acceptChildProposal,
  acceptIkeProposal,
  describeProposals,
  selectChildProposal,
  selectIkeProposal,
} from '#lib/ike/proposal.js';
import { padLength, sealSk, skLength } from '#lib/ike/sk.js';
import {
  anyTrafficSelector,
  describeTrafficSelectors,
  narrowTrafficSelectors,
  trafficSelectorPrefixes,
} from '#lib/ike/traffic-selector.js';
import { Writer } from '#lib/wire/index.js';
import { Mutator } from './mutator.js';

export const corpusDirectory = fileURLToPath(new URL('../../../test/fuzz/corpus/ike-message/', import.meta.url));

/** Inputs longer than this only repeat what shorter ones do. */
const MAX_INPUT_BYTES = 4096;
const MAX_POOL = 2000;

const crypto: IkeCrypto = new OpensslCrypto();
const suites: readonly SkKeys[] = [
  {
    encryption: 'aes-128-gcm',
    integrity: 'none',
    encryptionKey: new Uint8Array(20).fill(1),
    integrityKey: new Uint8Array(0),
  },
  {
    encryption: 'aes-256-cbc',
    integrity: 'sha256-128',
    encryptionKey: new Uint8Array(32).fill(2),
    integrityKey: new Uint8Array(32).fill(3),
  },
];
const ikeConfig = {
  encryption: ['aes-128-cbc', 'aes-128-gcm'],
  integrity: ['sha256-128'],
  prf: ['hmac-sha256'],
  dhGroups: ['modp2048', 'ecp256'],
} as const;
const childConfig = {
  protocol: 'esp',
  encryption: ['aes-128-gcm', 'aes-128-cbc', 'null'],
  integrity: ['sha256-128', 'none'],
  dhGroups: ['none', 'modp2048'],
  esn: ['no', 'yes'],
} as const;

/** Every rule, for one input. Returns what kind of input it was; throws if a rule is broken. */
export function check(data: Uint8Array): string {
  try {
    peekHeader(data);
  } catch (error) {
    expectKind(error, WireError);
  }
  for (const keys of suites) {
    try {
      unprotectMessage(crypto, keys, data);
    } catch (error) {
      expectKind(error, IntegrityError);
    }
  }
  checkProtected(data);
  let message: IkeMessage;
  try {
    message = decodeMessage(data);
  } catch (error) {
    return expectKind(error, WireError);
  }
  checkMessage(message, data.length);
  const again = encodeMessage(message);
  assert.ok(again.length <= data.length);
  const decoded = decodeMessage(again);
  assert.deepEqual(decoded, message);
  assert.deepEqual(encodeMessage(decoded), again);
  return message.payloads.map(({ type }) => type).join();
}

/** The octets after the header as the inside of an authentic SK payload. */
function checkProtected(data: Uint8Array): void {
  const inside = data.subarray(IKE_HEADER_BYTES);
  const next = data[16] ?? PayloadType.none;
  const keys = suites[data.length % 2]!;
  const padBytes = padLength(keys, inside.length);
  const plaintext = Buffer.concat([inside, new Uint8Array(padBytes), Uint8Array.of(padBytes)]);
  const w = new Writer();
  const envelope = {
    initiatorSpi: 1n,
    responderSpi: 2n,
    exchangeType: 37,
    initiator: true,
    response: false,
    messageId: 1,
  };
  // The header and the generic header of a protected message, with their lengths and the first payload's type put in.
  w.bytes(protectMessage(crypto, keys, { ...envelope, payloads: [] }).subarray(0, IKE_HEADER_BYTES + 4));
  const skBytes = skLength(keys, plaintext.length);
  w.patchU32(IKE_HEADER_BYTES - 4, IKE_HEADER_BYTES + skBytes);
  w.patchU8(IKE_HEADER_BYTES, next);
  w.patchU16(IKE_HEADER_BYTES + 2, skBytes);
  sealSk(crypto, keys, w, plaintext, envelope);
  let message: IkeMessage;
  try {
    message = unprotectMessage(crypto, keys, w.finish());
  } catch (error) {
    expectKind(error, WireError);
    return;
  }
  checkMessage(message, data.length);
  assert.deepEqual(unprotectMessage(crypto, keys, protectMessage(crypto, keys, message)), message);
}

/** What the engine does with a stranger's payloads. */
function checkMessage(message: IkeMessage, size: number): void {
  assert.ok(message.payloads.length <= MAX_PAYLOADS);
  for (const payload of message.payloads) {
    if (payload.type === 'SA') {
      assert.ok(payload.proposals.length <= MAX_PROPOSALS);
      assert.ok(payload.proposals.reduce((sum, { transforms }) => sum + transforms.length, 0) <= size / 8);
      for (const preference of ['local', 'peer'] as const) {
        const ike = selectIkeProposal([ikeConfig], payload.proposals, preference);
        if (ike !== undefined)
          assert.deepEqual(
            acceptIkeProposal(
              payload.proposals.filter(({ spi }) => spi === ike.peerSpi),
              [{ ...ike.proposal, spi: ike.peerSpi }],
            ).suite,
            ike.suite,
          );
        selectChildProposal([childConfig], payload.proposals, true, preference);
      }
      for (const accept of [acceptIkeProposal, acceptChildProposal]) {
        try {
          accept(payload.proposals, payload.proposals);
        } catch (error) {
          expectKind(error, ProtocolError);
        }
      }
      assert.ok(describeProposals(payload.proposals).length <= MAX_PROPOSALS * 8 * 32 * 40);
    } else if (payload.type === 'TSi' || payload.type === 'TSr') {
      assert.ok(payload.selectors.length + payload.unknown.length <= 255);
      narrowTrafficSelectors(payload.selectors, [anyTrafficSelector(4), anyTrafficSelector(6)]);
      describeTrafficSelectors(payload.selectors);
      trafficSelectorPrefixes(payload.selectors);
    } else if (payload.type === 'D') {
      assert.ok(payload.spis.length <= size);
    }
  }
}

function expectKind(error: unknown, kind: typeof WireError | typeof IntegrityError | typeof ProtocolError): string {
  if (!(error instanceof kind)) throw error;
  return error.message.replaceAll(/[0-9]+/g, '#');
}

export interface FuzzResult {
  readonly inputs: number;
  readonly kinds: number;
}

/** Runs for `milliseconds`, or `inputs` inputs if that is less. */
export function fuzz(milliseconds: number, seed: number, inputs = Number.POSITIVE_INFINITY): FuzzResult {
  const mutator = new Mutator(seed);
  const pool = readdirSync(corpusDirectory)
    .sort()
    .map((name) => Uint8Array.from(readFileSync(join(corpusDirectory, name))));
  const kinds = new Set(pool.map(checkAndSave));
  const end = performance.now() + milliseconds;
  let count = 0;
  while (count < inputs && performance.now() < end) {
    const data = mutator.mutate(mutator.pick(pool), mutator.pick(pool), MAX_INPUT_BYTES);
    // Mostly with the right length in the header, or hardly any input would get behind it.
    if (data.length >= IKE_HEADER_BYTES && mutator.next(8) > 0) {
      new DataView(data.buffer, data.byteOffset, data.length).setUint32(IKE_HEADER_BYTES - 4, data.length);
    }
    const kind = checkAndSave(data);
    count++;
    if (!kinds.has(kind)) {
      kinds.add(kind);
      // What is new is a good start for more.
      if (pool.length < MAX_POOL) pool.push(data);
    }
  }
  return { inputs: count, kinds: kinds.size };
}

function checkAndSave(data: Uint8Array): string {
  try {
    return check(data);
  } catch (error) {
    const name = `crash-${createHash('sha256').update(data).digest('hex').slice(0, 16)}.bin`;
    writeFileSync(join(corpusDirectory, name), data);
    throw new Error(`${name} breaks the decoder`, { cause: error });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [seconds = '10', seed = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
  console.log(`seed ${seed}`);
  const { inputs, kinds } = fuzz(Number(seconds) * 1000, Number(seed));
  console.log(`${inputs} inputs of ${kinds} kinds, no rule broken`);
}
