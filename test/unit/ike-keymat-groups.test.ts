import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { ClosedError, UnsupportedError } from '#lib/errors.js';
import type { DhGroupName } from '#lib/ike/config.js';
import type { IkeCrypto } from '#lib/ike/crypto-provider.js';
import { dhGroupName, dhGroups } from '#lib/ike/transform.js';

const crypto = new OpensslCrypto();
const provider: IkeCrypto = crypto;
const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex, 'hex'));
const hex = (value: Uint8Array | undefined): string => Buffer.from(value ?? []).toString('hex');
const big = (value: Uint8Array): bigint => BigInt(`0x${hex(value)}`);
const fixed = (value: bigint, length: number): Uint8Array => bytes(value.toString(16).padStart(2 * length, '0'));

const { vectors } = JSON.parse(
  readFileSync(new URL('../../../test/vectors/ike/groups.json', import.meta.url), 'utf8'),
) as { vectors: { group: DhGroupName; i: string; gi?: string; r: string; gr?: string; gir: string }[] };

for (const { group, i, gi, r, gr, gir } of vectors) {
  test(`${group} gives the RFC's values`, () => {
    const initiator = crypto.diffieHellman(group, bytes(i));
    const responder = crypto.diffieHellman(group, bytes(r));
    if (gi !== undefined) assert.equal(hex(initiator.publicValue), gi);
    if (gr !== undefined) assert.equal(hex(responder.publicValue), gr);
    assert.equal(hex(initiator.computeSecret(responder.publicValue)), gir);
    assert.equal(hex(responder.computeSecret(initiator.publicValue)), gir);
  });
}

/** floor(2^bits * pi), by Machin's formula with guard bits. */
function scaledPi(bits: number): bigint {
  const guard = 64n;
  const one = 1n << (BigInt(bits) + guard);
  const arctan = (inverse: bigint): bigint => {
    let sum = 0n;
    let power = one / inverse;
    for (let n = 1n, sign = 1n; power !== 0n; n += 2n, sign = -sign) {
      sum += (sign * power) / n;
      power /= inverse * inverse;
    }
    return sum;
  };
  return (4n * (4n * arctan(5n) - arctan(239n))) >> guard;
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus) {
    if (e & 1n) result = (result * b) % modulus;
  }
  return result;
}

// RFC 2409 6.1, 6.2 and RFC 3526 2 to 7: 2^n - 2^(n-64) - 1 + 2^64 * ([2^(n-130) pi] + k).
const primes: [DhGroupName, number, bigint][] = [
  ['modp768', 768, 149686n],
  ['modp1024', 1024, 129093n],
  ['modp1536', 1536, 741804n],
  ['modp2048', 2048, 124476n],
  ['modp3072', 3072, 1690314n],
  ['modp4096', 4096, 240904n],
  ['modp6144', 6144, 929484n],
  ['modp8192', 8192, 4743158n],
];

for (const [group, bits, k] of primes) {
  test(`${group} is 2^x modulo the RFC's prime, and takes only 2..p-2`, () => {
    const n = BigInt(bits);
    const p = 2n ** n - 2n ** (n - 64n) - 1n + 2n ** 64n * (scaledPi(bits - 130) + k);
    const length = bits / 8;
    const [x, y] = [crypto.random(24), crypto.random(24)];
    using mine = crypto.diffieHellman(group, Uint8Array.from(x));
    using other = crypto.diffieHellman(group, Uint8Array.from(y));
    assert.equal(mine.publicValue.length, length);
    assert.equal(big(mine.publicValue), power(2n, big(x), p));
    const secret = mine.computeSecret(other.publicValue)!;
    assert.equal(secret.length, length);
    assert.equal(big(secret), power(big(other.publicValue), big(x), p));
    for (const refused of [0n, 1n, p - 1n, p, p + 1n, 2n ** n - 1n]) {
      assert.equal(mine.computeSecret(fixed(refused, length)), undefined);
    }
    for (const taken of [2n, p - 2n]) assert.ok(mine.computeSecret(fixed(taken, length)));
    // A secret with leading zeros keeps its length (RFC 7296 2.14).
    using small = crypto.diffieHellman(group, Uint8Array.of(3));
    assert.equal(hex(small.publicValue), hex(fixed(8n, length)));
    assert.equal(hex(small.computeSecret(fixed(2n, length))), hex(fixed(8n, length)));
  });
}

test('fresh keys differ, agree, and are gone after dispose', () => {
  for (const [group, { publicBytes }] of Object.entries(dhGroups) as [DhGroupName, { publicBytes: number }][]) {
    if (group === 'none') continue;
    const one = provider.diffieHellman(group);
    const two = provider.diffieHellman(group);
    assert.equal(one.publicValue.length, publicBytes, group);
    assert.notEqual(hex(one.publicValue), hex(two.publicValue));
    const secret = one.computeSecret(two.publicValue)!;
    assert.equal(hex(two.computeSecret(one.publicValue)), hex(secret));
    for (const length of [0, publicBytes - 1, publicBytes + 1]) {
      assert.equal(one.computeSecret(new Uint8Array(length).fill(2)), undefined);
    }
    one.dispose();
    one.dispose();
    assert.throws(() => one.computeSecret(two.publicValue), ClosedError);
  }
  assert.throws(() => provider.diffieHellman('none'), TypeError);
});

test('a key in use is wiped where it lies', () => {
  const key = crypto.random(32);
  crypto.diffieHellman('modp2048', key).dispose();
  assert.ok(key.every((byte) => byte === 0));
});

test('points off the curve are refused, and so is a secret of zeros', () => {
  for (const group of ['ecp256', 'ecp384', 'ecp521'] as const) {
    const mine = provider.diffieHellman(group);
    const point = Uint8Array.from(provider.diffieHellman(group).publicValue);
    point[point.length - 1]! ^= 1;
    assert.equal(mine.computeSecret(point), undefined);
    assert.equal(mine.computeSecret(new Uint8Array(point.length)), undefined);
    assert.equal(mine.computeSecret(new Uint8Array(point.length).fill(0xff)), undefined);
  }
  // Points of small order (RFC 7748 6.1).
  const orders = [
    '00',
    '01',
    'e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800',
    '5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157',
    'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
    'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  ];
  const mine = provider.diffieHellman('curve25519');
  for (const order of orders) assert.equal(mine.computeSecret(bytes(order.padEnd(64, '0'))), undefined, order);
  const wide = provider.diffieHellman('curve448');
  const minusOne = `fe${'ff'.repeat(27)}fe${'ff'.repeat(27)}`;
  for (const order of ['00', '01', minusOne]) {
    assert.equal(wide.computeSecret(bytes(order.padEnd(112, '0'))), undefined, order);
  }
});

test('the EC2N groups 3 and 4 are refused by name and by number', () => {
  for (const group of ['ec2n155', 'ec2n185']) {
    assert.throws(
      () => crypto.diffieHellman(group),
      (error) => error instanceof UnsupportedError && error.message.includes(group),
    );
  }
  for (const id of [3, 4]) assert.equal(dhGroupName(id), undefined);
});
