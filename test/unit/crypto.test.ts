import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { type CipherGCMTypes, createCipheriv, createHmac, randomBytes } from 'node:crypto';
import { describe, it } from 'node:test';
import { inspect } from 'node:util';
import {
  ClosedError,
  cpuFeatures,
  defaultImplementation,
  implementations,
  Suite,
  type SuiteSpec,
  UnsupportedError,
} from '#lib/crypto/index.js';

type Names = Pick<SuiteSpec, 'encryption' | 'integrity'> & { key: number; mac: number };

const none = { integrity: 'none', mac: 0 } as const;
const suites: readonly Names[] = [
  ...[20, 28, 36].map((key) => ({ encryption: 'aes-gcm', key, ...none }) as const),
  { encryption: 'chacha20-poly1305', key: 36, ...none },
  { encryption: 'aes-cbc', key: 16, integrity: 'sha1-96', mac: 20 },
  { encryption: 'aes-cbc', key: 24, integrity: 'sha384-192', mac: 48 },
  { encryption: 'aes-cbc', key: 32, integrity: 'sha256-128', mac: 32 },
  { encryption: 'aes-ctr', key: 20, integrity: 'sha512-256', mac: 64 },
  { encryption: 'aes-ctr', key: 28, integrity: 'sha1-96', mac: 20 },
  { encryption: 'aes-ctr', key: 36, integrity: 'sha256-128', mac: 32 },
  { encryption: 'null', key: 0, integrity: 'md5-96', mac: 16 },
];

/** The same message, by OpenSSL. */
function reference(names: Names, key: Buffer, macKey: Buffer, head: Buffer, text: Buffer, high: number): Buffer {
  const { encryption, integrity } = names;
  const highBytes = Buffer.alloc(4);
  highBytes.writeUInt32BE(high);
  const iv = head.subarray(8);
  const bits = (encryption === 'aes-cbc' || encryption === 'null' ? key.length : key.length - 4) * 8;
  const salted = Buffer.concat([key.subarray(bits / 8), iv]);
  if (encryption === 'aes-gcm' || encryption === 'chacha20-poly1305') {
    const name = encryption === 'aes-gcm' ? `aes-${bits}-gcm` : encryption;
    const cipher = createCipheriv(name as CipherGCMTypes, key.subarray(0, bits / 8), salted, { authTagLength: 16 });
    cipher.setAAD(Buffer.concat([head.subarray(0, 4), highBytes, head.subarray(4, 8)]), {
      plaintextLength: text.length,
    });
    return Buffer.concat([head, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  }
  let sealed = text;
  if (encryption !== 'null') {
    const counter = Buffer.concat([salted, Buffer.from([0, 0, 0, 1])]);
    const block = encryption === 'aes-cbc' ? iv : counter;
    const cipher = createCipheriv(`aes-${bits}-${encryption.slice(4)}`, key.subarray(0, bits / 8), block);
    cipher.setAutoPadding(false);
    sealed = Buffer.concat([cipher.update(text), cipher.final()]);
  }
  const [hash, icvBits] = integrity.split('-') as [string, string];
  const mac = createHmac(hash, macKey).update(head).update(sealed).update(highBytes).digest();
  return Buffer.concat([head, sealed, mac.subarray(0, Number(icvBits) / 8)]);
}

for (const implementation of implementations()) {
  describe(`Suite, ${implementation}, against OpenSSL, lengths 0..2048`, () => {
    for (const names of suites) {
      it(`${names.encryption} ${names.key * 8} ${names.integrity}`, () => {
        const key = randomBytes(names.key);
        const macKey = randomBytes(names.mac);
        using suite = new Suite({ ...names, encryptionKey: key, integrityKey: macKey, implementation });
        assert.equal(suite.implementation, implementation);
        const { ivBytes, icvBytes, blockBytes } = suite;
        const lengths = Uint32Array.from({ length: 2048 / blockBytes + 1 }, (_, i) => i * blockBytes);
        const offsets = new Uint32Array(lengths.length);
        const wanted: Buffer[] = [];
        const plain: Buffer[] = [];
        const sequenceHigh = new Uint32Array(lengths.length);
        let end = 0;
        lengths.forEach((length, i) => {
          offsets[i] = end;
          sequenceHigh[i] = i * 0x1234567;
          const head = randomBytes(8 + ivBytes);
          const text = randomBytes(length);
          plain.push(Buffer.concat([head, text]));
          wanted.push(reference(names, key, macKey, head, text, sequenceHigh[i]!));
          end += head.length + length + icvBytes;
        });
        const arena = Buffer.alloc(end);
        plain.forEach((bytes, i) => {
          bytes.copy(arena, offsets[i]!);
        });
        const ok = new Uint8Array(lengths.length);
        const batch = { arena, offsets, textBytes: lengths, sequenceHigh, ok };
        assert.equal(suite.seal(batch), lengths.length);
        assert.ok(arena.equals(Buffer.concat(wanted)));

        arena[offsets[5]! + 2]! ^= 1;
        arena[offsets[9]! + wanted[9]!.length - 1]! ^= 0x80;
        assert.equal(suite.open(batch), lengths.length - 2);
        plain.forEach((bytes, i) => {
          const got = arena.subarray(offsets[i], offsets[i]! + bytes.length);
          assert.equal(ok[i], i === 5 || i === 9 ? 0 : 1);
          if (ok[i]) assert.ok(got.equals(bytes));
          else if (names.encryption !== 'null')
            assert.ok(!got.subarray(8 + ivBytes).equals(bytes.subarray(8 + ivBytes)));
        });
      });
    }
  });
}

const gcm: SuiteSpec = {
  encryption: 'aes-gcm',
  encryptionKey: new Uint8Array(20).fill(0xab),
  integrity: 'none',
  integrityKey: new Uint8Array(0),
};

describe('Suite', () => {
  const cases: [string, Partial<SuiteSpec>, RegExp][] = [
    ['short key', { encryptionKey: new Uint8Array(16) }, /encryptionKey: aes-gcm wants 20, 28 or 36 bytes, got 16/],
    ['key of another type', { encryptionKey: 'k' as never }, /encryptionKey: not a Uint8Array/],
    ['ICV length', { icvBytes: 9 as never }, /icvBytes: aes-gcm has 8, 12 or 16, got 9/],
    ['integrity beside an AEAD', { integrity: 'sha1-96', integrityKey: new Uint8Array(20) }, /integrity: /],
    ['integrity key without integrity', { integrityKey: new Uint8Array(1) }, /integrityKey: none wants 0 bytes/],
    [
      '3DES with one key twice',
      {
        encryption: '3des-cbc',
        encryptionKey: new Uint8Array(24),
        integrity: 'sha1-96',
        integrityKey: new Uint8Array(20),
      },
      /a weak key of 3des-cbc/,
    ],
    ['CCM key without salt', { encryption: 'aes-ccm' }, /aes-ccm wants 19, 27 or 35 bytes, got 20/],
    ['unknown name', { encryption: 'rot13' as never }, /encryption: no such algorithm: rot13/],
    ['no integrity', { encryption: 'aes-ctr' }, /integrity: aes-ctr wants one, got none/],
  ];
  for (const [what, change, message] of cases) {
    it(`refuses: ${what}`, () => assert.throws(() => new Suite({ ...gcm, ...change }), { name: 'TypeError', message }));
  }

  it('names the implementation that is not here', () => {
    assert.throws(
      () => new Suite({ ...gcm, implementation: 'abacus' }),
      (e: UnsupportedError) => {
        assert.ok(e instanceof UnsupportedError);
        assert.match(e.feature, /abacus/);
        return true;
      },
    );
  });

  // Lengths around every change of form: of a block, and of CCM's own encoding of the length (RFC 3610 2.2).
  for (const [encryption, cipher, nonceBytes] of [
    ['aes-gcm', 'aes-128-gcm', 12],
    ['aes-ccm', 'aes-128-ccm', 11],
    ['chacha20-poly1305', 'chacha20-poly1305', 12],
  ] as const) {
    it(`${encryption} has aad of any length`, () => {
      const key = randomBytes(encryption === 'chacha20-poly1305' ? 32 : 16);
      const nonce = randomBytes(nonceBytes);
      const encryptionKey = Buffer.concat([key, nonce.subarray(0, nonceBytes - 8)]);
      for (const implementation of implementations()) {
        using suite = new Suite({ ...gcm, encryption, encryptionKey, implementation });
        for (const aadBytes of [0, 1, 13, 14, 15, 16, 17, 30, 31, 255, 256, 0xfeff, 0xff00, 0xff01, 0xffff, 0x10008]) {
          const aad = randomBytes(aadBytes);
          const text = randomBytes(37);
          const other = createCipheriv(cipher as CipherGCMTypes, key, nonce, { authTagLength: 16 });
          other.setAAD(aad, { plaintextLength: text.length });
          const sealed = Buffer.concat([other.update(text), other.final(), other.getAuthTag()]);
          const arena = Buffer.concat([aad, nonce.subarray(-8), text, Buffer.alloc(16)]);
          const batch = { arena, offsets: Uint32Array.of(0), textBytes: Uint32Array.of(37), ok: new Uint8Array(1) };
          assert.equal(suite.seal({ ...batch, aadBytes }), 1);
          assert.ok(arena.subarray(aadBytes + 8).equals(sealed), `${implementation} ${aadBytes}`);
          assert.equal(suite.open({ ...batch, aadBytes }), 1);
          assert.ok(arena.subarray(aadBytes + 8, -16).equals(text), `${implementation} ${aadBytes}`);
        }
      }
    });
  }

  it('refuses messages beyond the arena and touches nothing', () => {
    using suite = new Suite(gcm);
    const arena = new Uint8Array(100).fill(7);
    const batch = { arena, offsets: Uint32Array.of(0, 69), textBytes: Uint32Array.of(0, 0), ok: new Uint8Array(2) };
    assert.throws(() => suite.seal(batch), { name: 'TypeError', message: /offsets\[1\]: beyond the arena/ });
    assert.ok(arena.every((b) => b === 7));
    for (const change of [
      { offsets: Uint32Array.of(0xffffffff) },
      { textBytes: Uint32Array.of(0xffffffff) },
      { aadBytes: 2 ** 31 },
      { ok: new Uint8Array(0) },
      { count: 3 },
      { arena: [] as never },
      { sequenceHigh: new Uint32Array(1), aadBytes: 12, count: 1 },
    ]) {
      assert.throws(() => suite.seal({ ...batch, ...change }), TypeError);
    }
    for (const change of [
      { aadBytes: -1 },
      { aadBytes: 1.5 },
      { aadBytes: 0xffffffff },
      { count: Number.NaN },
      { count: -1 },
    ]) {
      assert.throws(() => suite.seal({ ...batch, ...change }), RangeError);
    }
    assert.ok(arena.every((b) => b === 7));
    assert.equal(suite.seal({ ...batch, count: 1 }), 1);
  });

  it('refuses arrays that overlap and arrays that are detached, before anything is touched', () => {
    using suite = new Suite(gcm);
    const memory = new Uint8Array(256).fill(7);
    const arena = memory.subarray(0, 100);
    const words = (at: number) => new Uint32Array(memory.buffer, at, 1).fill(0);
    const batch = { arena, offsets: Uint32Array.of(0), textBytes: Uint32Array.of(0), ok: new Uint8Array(1) };
    for (const [change, message] of [
      [{ ok: memory.subarray(99, 100) }, /^ok: overlaps the arena/],
      [{ offsets: words(96) }, /^offsets: overlaps the arena/],
      [{ textBytes: words(0) }, /^textBytes: overlaps the arena/],
      [{ sequenceHigh: words(40) }, /^sequenceHigh: overlaps the arena/],
      [{ offsets: words(100), ok: memory.subarray(103, 104) }, /^offsets: overlaps ok/],
    ] as const) {
      for (const what of ['seal', 'open'] as const) {
        memory.fill(7);
        for (const array of Object.values(change)) if (array instanceof Uint32Array) array.fill(0);
        const before = Uint8Array.from(memory);
        assert.throws(() => suite[what]({ ...batch, ...change }), { name: 'TypeError', message });
        assert.deepEqual(memory, before);
      }
    }
    // Neighbours in one buffer are no overlap.
    assert.equal(suite.seal({ ...batch, offsets: words(100), ok: memory.subarray(104, 105) }), 1);

    const detached = <T extends Uint8Array | Uint32Array>(array: T): T => {
      structuredClone(array.buffer, { transfer: [array.buffer as ArrayBuffer] });
      return array;
    };
    for (const [change, message] of [
      [{ arena: detached(new Uint8Array(100)) }, /^arena: its buffer is detached/],
      [{ offsets: detached(new Uint32Array(1)), count: 1 }, /^offsets: its buffer is detached/],
      [{ textBytes: detached(new Uint32Array(1)) }, /^textBytes: its buffer is detached/],
      [{ ok: detached(new Uint8Array(1)) }, /^ok: its buffer is detached/],
      [{ sequenceHigh: detached(new Uint32Array(1)) }, /^sequenceHigh: its buffer is detached/],
    ] as const) {
      assert.throws(() => suite.open({ ...batch, ...change }), { name: 'TypeError', message });
    }
    const key = detached(new Uint8Array(20));
    assert.throws(() => new Suite({ ...gcm, encryptionKey: key }), /^TypeError: encryptionKey: its buffer is detached/);
  });

  it('does not seal text that leaves a block unfilled', () => {
    const spec = { ...gcm, encryption: 'aes-cbc', encryptionKey: new Uint8Array(16) } as const;
    using suite = new Suite({ ...spec, integrity: 'sha1-96', integrityKey: new Uint8Array(20) });
    const batch = { arena: new Uint8Array(99), offsets: Uint32Array.of(0), ok: new Uint8Array(1) };
    assert.equal(suite.seal({ ...batch, textBytes: Uint32Array.of(17) }), 0);
    assert.equal(batch.ok[0], 0);
  });

  it('forgets its keys on close, any number of times, and never shows them', () => {
    const suite = new Suite(gcm);
    assert.doesNotMatch(inspect(suite, { showHidden: true, depth: 9 }), /171|abab/i);
    suite.close();
    suite.close();
    const batch = { arena: new Uint8Array(0), offsets: new Uint32Array(0), textBytes: new Uint32Array(0) };
    assert.throws(() => suite.seal({ ...batch, ok: new Uint8Array(0) }), ClosedError);
  });
});

describe('the choice of an implementation', () => {
  const child = (env: NodeJS.ProcessEnv) =>
    execFileSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { implementations, defaultImplementation } from '#lib/crypto/index.js';
         let chosen; try { chosen = defaultImplementation(); } catch (e) { chosen = e.name; }
         console.log(JSON.stringify([implementations(), chosen]));`,
      ],
      { env: { ...process.env, ...env }, encoding: 'utf8' },
    );

  // Under user emulation no program can start another of its own kind.
  const skip =
    spawnSync(process.execPath, ['--version']).status !== 0 &&
    'the kernel cannot start a Node of this architecture (CONFIG_BINFMT_MISC)';

  it('is the last of the list, and portable is the first', () => {
    assert.equal(implementations()[0], 'portable');
    if (!process.env['ROUTEPLANE_CRYPTO']) assert.equal(defaultImplementation(), implementations().at(-1));
    assert.ok(cpuFeatures().every((name) => typeof name === 'string'));
  });
  it('follows ROUTEPLANE_CRYPTO', { skip }, () => {
    assert.equal(JSON.parse(child({ ROUTEPLANE_CRYPTO: 'portable' }))[1], 'portable');
    assert.equal(JSON.parse(child({ ROUTEPLANE_CRYPTO: 'abacus' }))[1], 'UnsupportedError');
  });
  it('leaves out an implementation that fails its known answers', { skip }, () => {
    for (const name of implementations()) {
      const [left] = JSON.parse(child({ ROUTEPLANE_CRYPTO_FAULT: name, ROUTEPLANE_CRYPTO: '' }));
      assert.deepEqual(
        left,
        implementations().filter((other) => other !== name),
      );
    }
  });
  it('leaves out several of them, and with none left nothing works', { skip }, () => {
    const [first, ...others] = implementations();
    const left = (names: readonly string[]) =>
      JSON.parse(child({ ROUTEPLANE_CRYPTO_FAULT: names.join(','), ROUTEPLANE_CRYPTO: '' }));
    if (others.length > 0) assert.deepEqual(left(others), [[first], first]);
    assert.deepEqual(left(implementations()), [[], 'UnsupportedError']);
    // A name in part is no name.
    assert.deepEqual(left([`${first}x`, first!.slice(1), ''])[0], implementations());
  });
  it('keeps the daemon from starting when none is left', { skip }, () => {
    for (const [env, message] of [
      [
        { ROUTEPLANE_CRYPTO_FAULT: implementations().join(','), ROUTEPLANE_CRYPTO: '' },
        /crypto \(the known-answer tests/,
      ],
      [{ ROUTEPLANE_CRYPTO: 'abacus' }, /crypto implementation abacus is not available here/],
    ] as const) {
      // The file is not there: it is not even looked for.
      const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/cli/main.js', 'run', '/nowhere.rsc'], {
        env: { ...process.env, ...env },
        encoding: 'utf8',
        timeout: 20_000,
      });
      assert.equal(status, 1);
      assert.match(stderr, message);
      assert.equal(stderr.trim().split('\n').length, 1);
      assert.equal(stdout, '');
    }
  });
});
