import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { casesOf, keyOf } from '#lib/bench/cases.js';
import { BenchOptionError, parseOptions } from '#lib/bench/options.js';
import { packetBytes, textBytes } from '#lib/bench/packets.js';
import { steadyTurns } from '#lib/bench/schedule.js';
import { suites } from '#lib/bench/suites.js';

const available = {
  implementations: ['routeplane:portable', 'routeplane:aesni', 'routeplane:vaes'],
  inUse: 'routeplane:aesni',
  peers: ['node-openssl', 'libgcrypt', 'node-crypto'],
};
const parse = (...args: string[]) => parseOptions(args, available);
const refused = (message: RegExp, ...args: string[]) =>
  assert.throws(
    () => parse(...args),
    (error: Error) => error instanceof BenchOptionError && message.test(error.message),
  );

describe('bench options', () => {
  it('nothing means everything that is here', () => {
    const { command, selection, outputs } = parse();
    assert.equal(command, 'run');
    assert.deepEqual(selection.suites, suites);
    assert.deepEqual(selection.sizes, [64, 128, 256, 512, 1024, 1400, 1518, 8192, 'imix']);
    assert.deepEqual(selection.directions, ['encrypt', 'decrypt']);
    assert.deepEqual(selection.implementations, [...available.implementations, ...available.peers]);
    assert.deepEqual(outputs, []);
  });
  it('a cipher by its full name, or all with it', () => {
    const names = (cipher: string) => parse(`--cipher=${cipher}`).selection.suites.map(({ name }) => name);
    assert.deepEqual(names('aes-128-gcm'), ['aes-128-gcm']);
    assert.deepEqual(names('aes-128-cbc'), ['aes-128-cbc+sha1', 'aes-128-cbc+sha256']);
    assert.deepEqual(names('null+md5,aes-128-gcm,null+md5'), ['null+md5', 'aes-128-gcm']);
  });
  it('sizes, directions, implementations and peers', () => {
    const { selection, effort } = parse(
      '--size=imix,65',
      '--direction',
      'decrypt',
      '--implementation=vaes,routeplane:portable',
      '--peer=libgcrypt',
      '--seconds-per-case=0.5',
    );
    assert.deepEqual(selection.sizes, ['imix', 65]);
    assert.deepEqual(selection.directions, ['decrypt']);
    assert.deepEqual(selection.implementations, ['routeplane:vaes', 'routeplane:portable', 'libgcrypt']);
    assert.ok(Math.abs(effort.turnSeconds * effort.maximumTurns - 0.5) < 1e-9);
    assert.equal(effort.untilSteady, false, 'as long as was asked for');
    assert.deepEqual(parse('--peer=none').selection.implementations, available.implementations);
  });
  it('quick is what is in use, and as many seconds as a minute has', () => {
    const { selection, effort } = parse('--quick');
    assert.ok(effort.maximumSeconds! < 60);
    assert.ok(casesOf(selection).length * effort.turnSeconds < 30);
    assert.deepEqual(selection.implementations, ['routeplane:aesni', ...available.peers]);
    assert.ok(selection.suites.length < suites.length);
    assert.deepEqual(parse('--quick', '--size=100').selection.sizes, [100]);
  });
  it('everything in less than ten minutes, or as many as are given', () => {
    const { effort, selection } = parse();
    assert.ok(effort.untilSteady && effort.maximumSeconds! < 600);
    assert.ok(casesOf(selection).length * steadyTurns * effort.turnSeconds < 300);
    assert.equal(parse('--minutes=90').effort.maximumSeconds, 5400);
    assert.equal(parse('--seconds-per-case=1').effort.maximumSeconds, undefined);
    assert.equal(parse('--seconds-per-case=1', '--minutes=2').effort.maximumSeconds, 120);
  });
  it('batches of fewer packets', () => {
    assert.deepEqual(parse().selection.batches, [0]);
    assert.deepEqual(parse('--batch=1,8,1').selection.batches, [1, 8]);
  });
  it("MikroTik's form", () => {
    const { selection, mikrotik } = parse('--mikrotik');
    assert.equal(mikrotik, true);
    assert.deepEqual(selection.sizes, [1400, 512, 64]);
    assert.deepEqual(selection.tunnels, [1, 256]);
    assert.deepEqual(selection.implementations, ['routeplane:aesni']);
    assert.deepEqual(
      selection.suites.map(({ name }) => name),
      [
        'aes-128-cbc+sha1',
        'aes-256-cbc+sha1',
        'aes-128-cbc+sha256',
        'aes-256-cbc+sha256',
        'aes-128-gcm',
        'aes-256-gcm',
      ],
    );
  });
  it('reports and their files', () => {
    assert.deepEqual(parse('--json', '--html=a.html').outputs, [
      { form: 'json', file: '' },
      { form: 'html', file: 'a.html' },
    ]);
    const { command, files } = parse('--compare', 'a.json', 'b.json');
    assert.deepEqual([command, files], ['compare', ['a.json', 'b.json']]);
    assert.equal(parse('--list').command, 'list');
    assert.equal(parse('-h').command, 'help');
  });
  it('what cannot be names the option and the nearest value', () => {
    refused(/no option --ciper; did you mean "--cipher"/, '--ciper=x');
    refused(/no option -x/, '-x');
    refused(/no option --constructor/, '--constructor');
    refused(/--cipher=aes-128-gc: .*did you mean "aes-128-gcm"/, '--cipher=aes-128-gc');
    refused(/--direction=encrpt: .*did you mean "encrypt"/, '--direction=encrpt');
    refused(/--implementation=avx9: this machine has portable, aesni, vaes/, '--implementation=avx9');
    refused(/--peer=libgcryp: .*did you mean "libgcrypt"/, '--peer=libgcryp');
    refused(/--size=70000: the nearest that can be is 16384/, '--size=70000');
    refused(/--size=0: the nearest that can be is 1/, '--size=0');
    refused(/--size=imux: .*did you mean "imix"/, '--size=imux');
    refused(/--seconds-per-case=no/, '--seconds-per-case=no');
    refused(/--minutes=0: more than 0/, '--minutes=0');
    refused(/--batch=0: packets, 1 to 64/, '--batch=0');
    refused(/--batch=65/, '--batch=1,65');
    refused(/--size wants a value/, '--size');
    refused(/empty/, '--size=64,,128');
    refused(/--quick takes no value/, '--quick=yes');
    refused(/given twice/, '--size=64', '--size=128');
    refused(/cannot both go to standard output: --html=FILE/, '--json', '--html');
    refused(/two files of --json, got 1/, '--compare', 'a.json');
    refused(/what is fast/, 'fast');
  });
});

describe('bench packets', () => {
  it('IMIX is 7:4:1', () => {
    const lengths = packetBytes('imix');
    const count = (bytes: number) => lengths.filter((length) => length === bytes).length / (lengths.length / 12);
    assert.deepEqual([64, 594, 1518].map(count), [7, 4, 1]);
  });
  it('batches fill the lanes and stay in the cache', () => {
    for (const size of [1, 64, 1400, 8192, 16384]) {
      const lengths = packetBytes(size);
      assert.ok(lengths.length >= 16 && lengths.length <= 64 && lengths.length * size <= 16 * 16384, String(size));
    }
  });
  it('the text has the ESP trailer, padded (RFC 4303 2.4)', () => {
    assert.equal(textBytes(64, 4), 68);
    assert.equal(textBytes(64, 16), 80);
    assert.equal(textBytes(62, 16), 64);
    assert.equal(textBytes(6, 8), 8);
    assert.equal(textBytes(7, 8), 16);
  });
  it('every suite has its own name, every case its own key', () => {
    assert.equal(new Set(suites.map(({ name }) => name)).size, suites.length);
    const cases = casesOf(parse('--quick').selection);
    assert.equal(new Set(cases.map((c) => keyOf({ ...c, suite: c.suite.name }))).size, cases.length);
  });
});
