/**
 * Mutation fuzzing of the PTP message and TLV decoders. The corpus is kept in `test/fuzz/corpus/ptp-message`; an input
 * that breaks a rule is saved there and is then part of every run.
 *
 *     node build/test/fuzz/ptp-message.js [seconds [seed]]
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WireError } from '#lib/errors.js';
import {
  decodeMessage,
  encodeMessage,
  followUpInformation,
  type Message,
  messageIntervalRequest,
  synchronizationMetadata,
} from '#lib/ptp/index.js';
import { Mutator } from './mutator.js';

export const corpusDirectory = fileURLToPath(new URL('../../../test/fuzz/corpus/ptp-message/', import.meta.url));

const HEADER_BYTES = 34;
/** More than any message of PTP has. */
const MAX_INPUT_BYTES = 1600;
const MAX_POOL = 2000;

export function corpus(): Uint8Array[] {
  return readdirSync(corpusDirectory)
    .sort()
    .map((name) => Uint8Array.from(readFileSync(join(corpusDirectory, name))));
}

/** Every rule, for one input. Returns what kind of input it was; throws if a rule is broken. */
export function check(data: Uint8Array): string {
  let message: Message;
  try {
    message = decodeMessage(data);
  } catch (error) {
    return refusal(error);
  }
  const kinds: string[] = [message.messageType, ...message.tlvs.map(({ type }) => type)];
  assert.ok(message.tlvs.length <= data.length / 4);
  for (const read of [followUpInformation, messageIntervalRequest, synchronizationMetadata]) {
    try {
      if (read(message.tlvs) !== undefined) kinds.push(read.name);
    } catch (error) {
      kinds.push(refusal(error));
    }
  }
  const again = encodeMessage(message);
  const decoded = decodeMessage(again);
  assert.deepEqual(decoded, message);
  assert.deepEqual(encodeMessage(decoded), again);
  return kinds.join();
}

function refusal(error: unknown): string {
  if (!(error instanceof WireError)) throw error;
  return error.message.replaceAll(/[0-9]+/g, '#');
}

/** With the right length in the header, or hardly any input would get behind it. */
export function withLength(data: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (data.length >= HEADER_BYTES) new DataView(data.buffer, data.byteOffset, data.length).setUint16(2, data.length);
  return data;
}

export interface FuzzResult {
  readonly inputs: number;
  readonly kinds: number;
}

/** Runs for `milliseconds`, or `inputs` inputs if that is less. */
export function fuzz(milliseconds: number, seed: number, inputs = Number.POSITIVE_INFINITY): FuzzResult {
  const mutator = new Mutator(seed);
  const pool = corpus();
  const kinds = new Set(pool.map(checkAndSave));
  const end = performance.now() + milliseconds;
  let count = 0;
  while (count < inputs && performance.now() < end) {
    const data = mutator.mutate(mutator.pick(pool), mutator.pick(pool), MAX_INPUT_BYTES);
    const kind = checkAndSave(mutator.next(8) > 0 ? withLength(data) : data);
    count++;
    if (kinds.has(kind)) continue;
    kinds.add(kind);
    // What is new is a good start for more.
    if (pool.length < MAX_POOL) pool.push(data);
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
