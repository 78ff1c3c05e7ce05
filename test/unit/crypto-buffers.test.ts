// Memory that others may have too, or whose size changes: what cannot be right is refused, the rest comes out right.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { createAead, Suite } from '#lib/crypto/index.js';

// Node 20 has them, the ES2023 types do not.
const resizable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => ArrayBuffer & { resize(bytes: number): void };

const gcm = { encryption: 'aes-gcm', integrity: 'none', integrityKey: new Uint8Array(0) } as const;
const suiteOf = () => new Suite({ ...gcm, encryptionKey: new Uint8Array(20).fill(0xab) });
const TEXT = 40;
const MESSAGE = 8 + 8 + TEXT + 16;
const batchOf = (arena: Uint8Array) => ({
  arena,
  offsets: Uint32Array.of(0),
  textBytes: Uint32Array.of(TEXT),
  ok: new Uint8Array(1),
});

describe('shared memory', () => {
  it('is worked on as any other', () => {
    using suite = suiteOf();
    const plain = new Uint8Array(MESSAGE);
    assert.equal(suite.seal(batchOf(plain)), 1);
    const words = (value: number) => new Uint32Array(new SharedArrayBuffer(4)).fill(value);
    const shared = {
      arena: new Uint8Array(new SharedArrayBuffer(MESSAGE)),
      offsets: words(0),
      textBytes: words(TEXT),
      ok: new Uint8Array(new SharedArrayBuffer(1)),
    };
    assert.equal(suite.seal(shared), 1);
    assert.deepEqual(Uint8Array.from(shared.arena), plain);
    assert.equal(suite.open(shared), 1);
    assert.ok(shared.arena.subarray(16, 16 + TEXT).every((byte) => byte === 0));
  });
  it('is one memory by whatever object', () => {
    const memory = new SharedArrayBuffer(256);
    const arena = new Uint8Array(memory, 0, MESSAGE);
    const other = structuredClone(memory);
    assert.notEqual(other, memory);
    using suite = suiteOf();
    using aead = createAead('aes-128-gcm', new Uint8Array(16));
    const nonces = new Uint8Array(12);
    for (const [change, message] of [
      [{ ok: new Uint8Array(other, MESSAGE - 1, 1) }, /^ok: overlaps the arena/],
      [{ offsets: new Uint32Array(other, 64, 1) }, /^offsets: overlaps the arena/],
      [{ textBytes: new Uint32Array(other, 0, 1) }, /^textBytes: overlaps the arena/],
    ] as const) {
      const batch = { ...batchOf(arena), ...change };
      for (const what of ['seal', 'open'] as const)
        assert.throws(() => suite[what](batch), { name: 'TypeError', message });
      for (const what of ['sealBatch', 'openBatch'] as const)
        assert.throws(() => aead[what]({ ...batch, nonces }), { name: 'TypeError', message });
    }
    const sequenceHigh = new Uint32Array(other, 8, 1);
    assert.throws(
      () => suite.seal({ ...batchOf(arena), sequenceHigh }),
      /^TypeError: sequenceHigh: overlaps the arena/,
    );
    for (const [change, message] of [
      [{ nonces: new Uint8Array(other, 60, 12) }, /^TypeError: nonces: overlaps the arena/],
      [{ aad: new Uint8Array(other, 0, 1), aadEnds: Uint32Array.of(1) }, /^TypeError: aad: overlaps the arena/],
      [{ aadEnds: new Uint32Array(other, 4, 1) }, /^TypeError: aadEnds: overlaps the arena/],
    ] as const)
      assert.throws(() => aead.sealBatch({ ...batchOf(arena), nonces, ...change }), message);
    assert.ok(
      new Uint8Array(memory).every((byte) => byte === 0),
      'nothing was touched',
    );
    // Neighbours are no overlap.
    assert.equal(suite.seal({ ...batchOf(arena), ok: new Uint8Array(other, MESSAGE, 1) }), 1);
  });
  it('that another thread writes to does no harm', async () => {
    // Lengths and offsets change between the check and the work; whatever is read has to be checked.
    const words = new Uint32Array(new SharedArrayBuffer(8));
    const stop = new Int32Array(new SharedArrayBuffer(4));
    const worker = new Worker(
      `const { words, stop } = require('node:worker_threads').workerData;
       for (let i = 0; Atomics.load(stop, 0) === 0; i++) {
         words[0] = i & 1 ? 0xfffffff0 : 0;
         words[1] = i & 2 ? 0xffffffff : ${TEXT};
       }`,
      { eval: true, workerData: { words, stop } },
    );
    await new Promise((resolve) => worker.once('online', resolve));
    using suite = suiteOf();
    const memory = new Uint8Array(3 * MESSAGE);
    const seen = { done: 0, refused: 0 };
    for (let i = 0; i < 5000 || seen.done === 0 || seen.refused === 0; i++) {
      const batch = batchOf(memory.subarray(MESSAGE, 2 * MESSAGE));
      try {
        suite.seal({ ...batch, offsets: words.subarray(0, 1), textBytes: words.subarray(1) });
        seen.done++;
      } catch (error) {
        assert.match(String(error), /^TypeError: offsets\[0\]: beyond the arena/);
        seen.refused++;
      }
    }
    Atomics.store(stop, 0, 1);
    await new Promise((resolve) => worker.once('exit', resolve));
    assert.ok(memory.subarray(0, MESSAGE).every((byte) => byte === 0));
    assert.ok(memory.subarray(2 * MESSAGE).every((byte) => byte === 0));
  });
});

describe('memory whose size changes', () => {
  it('is worked on at the size that it has', () => {
    using suite = suiteOf();
    const buffer = new resizable(MESSAGE, { maxByteLength: 4 * MESSAGE });
    const arena = new Uint8Array(buffer);
    const batch = batchOf(arena);
    assert.equal(suite.seal(batch), 1);
    const sealed = Uint8Array.from(arena);
    buffer.resize(2 * MESSAGE);
    assert.equal(suite.open(batch), 1);
    assert.equal(suite.seal({ ...batch, offsets: Uint32Array.of(MESSAGE) }), 1);
    assert.deepEqual(arena.slice(MESSAGE), sealed);
  });
  it('is refused when it has become too small', () => {
    using suite = suiteOf();
    const buffer = new resizable(2 * MESSAGE, { maxByteLength: 2 * MESSAGE });
    const following = new Uint8Array(buffer);
    const fixed = new Uint8Array(buffer, MESSAGE, MESSAGE);
    const words = new Uint32Array(buffer, MESSAGE, 1);
    buffer.resize(MESSAGE - 1);
    assert.throws(() => suite.seal(batchOf(following)), /^TypeError: offsets\[0\]: beyond the arena/);
    assert.throws(() => suite.seal(batchOf(fixed)), /^TypeError: /);
    const arena = new Uint8Array(MESSAGE);
    assert.throws(() => suite.seal({ ...batchOf(arena), offsets: words, count: 1 }), /^TypeError: offsets: /);
    assert.throws(() => suite.seal({ ...batchOf(arena), ok: fixed }), /^TypeError: ok: /);
    assert.ok(arena.every((byte) => byte === 0));
    assert.throws(() => createAead('aes-128-gcm', fixed), /^TypeError: key: /);
  });
});
