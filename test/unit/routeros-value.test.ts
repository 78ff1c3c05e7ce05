import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { allMenus, formatTime, parseTime, protocolNumber, secretBytes } from '#lib/routeros/index.js';
import { compileRegexp } from '#lib/routeros/regexp.js';
import { ValueError } from '#lib/routeros/schema.js';

/** The type of a property, by menu and name. */
function type(path: string, name: string) {
  const found = allMenus.find((m) => m.path === path)?.properties.find((p) => p.name === name);
  assert.ok(found, `${path} ${name}`);
  return found.type;
}

describe('canonical text', () => {
  for (const [path, name, ...pairs] of [
    [
      '/ip ipsec profile',
      'lifetime',
      '1d',
      '1d',
      '24h',
      '1d',
      '86400',
      '1d',
      '1w2d3h4m5s',
      '1w2d3h4m5s',
      '00:30:00',
      '30m',
      '1d00:00:01',
      '1d1s',
      '1500ms',
      '1s500ms',
      '90s',
      '1m30s',
      '9:00:00',
      '9h',
      '00:00:01.2',
      '1s200ms',
      '1m5',
      '1m5s',
    ],
    ['/ip ipsec profile', 'dpd-interval', 'disable-dpd', 'disable-dpd', '2m', '2m'],
    [
      '/ip ipsec profile',
      'enc-algorithm',
      'aes-128',
      'aes-128',
      'aes-128-cbc,3des,aes-128',
      'aes-128,3des',
      'aes-256gcm',
      'aes-256-gcm',
      'chacha20-poly1305',
      'chacha20poly1305',
    ],
    ['/ip ipsec profile', 'dh-group', 'curve25519,modp2048', 'x25519,modp2048'],
    ['/ip ipsec profile', 'lifebytes', '4294967295', '4294967295', '0x10', '16'],
    ['/ip ipsec profile', 'nat-traversal', 'yes', 'yes', 'true', 'yes', 'n', 'no'],
    ['/ip ipsec proposal', 'enc-algorithms', 'aes-128gcm', 'aes-128-gcm', 'null', 'null', 'aes-128', 'aes-128-cbc'],
    [
      '/ip ipsec peer',
      'address',
      '10.0.0.1',
      '10.0.0.1/32',
      '10.1.2.3/8',
      '10.0.0.0/8',
      '2001:DB8::1',
      '2001:db8::1/128',
      '::/0',
      '::/0',
      'N.MyNetName.net',
      'n.mynetname.net',
    ],
    ['/ip ipsec peer', 'exchange-mode', 'ike2', 'ike2', 'agg', 'aggressive'],
    ['/ip ipsec policy', 'protocol', 'all', 'all', '17', 'udp', '0', 'all', '200', '200', 'ipsec-esp', 'ipsec-esp'],
    ['/ip ipsec policy', 'src-port', 'any', 'any', '1701', '1701'],
    [
      '/ip ipsec identity',
      'my-id',
      'auto',
      'auto',
      'fqdn:VPN.example.org',
      'fqdn:vpn.example.org',
      'address:2001:DB8::1',
      'address:2001:db8::1',
      'key-id:a:b',
      'key-id:a:b',
    ],
    ['/ip ipsec identity', 'remote-id', 'ignore', 'ignore'],
    ['/ip address', 'address', '10.0.0.1/24', '10.0.0.1/24', '10.0.0.1', '10.0.0.1/32'],
    ['/ipv6 address', 'address', '2001:db8::1', '2001:db8::1/64'],
    ['/ip route', 'gateway', '10.0.0.1', '10.0.0.1', '10.0.0.1%ether1,ether2', '10.0.0.1%ether1,ether2'],
    ['/interface bridge', 'admin-mac', '00-11-22-aa-bb-cc', '00:11:22:AA:BB:CC'],
    ['/interface bridge port', 'priority', '128', '0x80', '0x90', '0x90'],
  ] as const)
    test(`${path} ${name}`, () => {
      for (let i = 0; i < pairs.length; i += 2) assert.equal(type(path, name).parse(pairs[i]!), pairs[i + 1], pairs[i]);
    });
});

describe('refused', () => {
  for (const [path, name, ...texts] of [
    ['/ip ipsec profile', 'lifetime', '', 'x', '1x', '1d1w', '10:99:00', '-1s', '1.5s', '99999999999999s', 's'],
    ['/ip ipsec profile', 'dpd-interval', '2h', 'disable'],
    ['/ip ipsec profile', 'dpd-maximum-failures', '0', '101', '1.5', '', 'ten', '0x', '1e1'],
    ['/ip ipsec profile', 'enc-algorithm', '', 'aes-', 'aes-128,', 'aes'],
    ['/ip ipsec peer', 'address', '10.0.0.300', '10.0.0.1/33', '10.0.0.1/', '::1/129', 'a b', '-x.org', '10.0.0.1/8/8'],
    ['/ip ipsec peer', 'port', '65536', '-1'],
    ['/ip ipsec policy', 'protocol', '256', 'upd', ''],
    ['/ip ipsec identity', 'my-id', 'fqdn', 'fqdn:a b', 'address:x', 'user:x', ''],
    ['/ip ipsec identity', 'secret', '0x', '0x1', '0xgg'],
    ['/ip address', 'address', '10.0.0.1/33', '::1/64', '10.0.0/24'],
    ['/ip route', 'gateway', '10.0.0.300', '::1', '%ether1', '10.0.0.1%', 'a b'],
    ['/interface bridge', 'admin-mac', '00:11:22:aa:bb', '00:11:22:aa:bb:zz'],
  ] as const)
    test(`${path} ${name}`, () => {
      for (const text of texts) assert.throws(() => type(path, name).parse(text), ValueError, text);
    });
});

test('every default is its own canonical text', () => {
  for (const menu of allMenus)
    for (const { name, type, default: fallback } of menu.properties)
      if (fallback) assert.equal(type.parse(fallback), fallback, `${menu.path} ${name}`);
});

test('canonical text is its own canonical text', () => {
  const types = allMenus.flatMap((m) => m.properties.map((p) => p.type));
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.oneof(
        fc.string(),
        fc.stringMatching(/^[0-9a-f:./]{1,20}$/),
        fc.constantFrom('1h1', '0x1F', '10.0.0.1', '::ffff:1.2.3.4', 'aes-128gcm'),
      ),
      (type, text) => {
        let once: string;
        try {
          once = type.parse(text);
        } catch (error) {
          assert.ok(error instanceof ValueError);
          return;
        }
        assert.equal(type.parse(once), once);
      },
    ),
    { numRuns: 1500 },
  );
});

test('times', () => {
  assert.equal(parseTime('1w2d3h4m5s600ms'), ((((7 + 2) * 24 + 3) * 60 + 4) * 60 + 5) * 1000 + 600);
  assert.equal(formatTime(0), '0s');
  fc.assert(fc.property(fc.nat({ max: 2 ** 31 - 1 }), (ms) => assert.equal(parseTime(formatTime(ms)), ms)));
});

test('secrets as octets', () => {
  assert.deepEqual(secretBytes('0x00ff10'), Uint8Array.of(0, 255, 16));
  assert.deepEqual(secretBytes('\u00e9'), Uint8Array.of(0xc3, 0xa9));
});

test('protocol numbers', () => {
  for (const [name, number] of [
    ['all', 0],
    ['icmp', 1],
    ['tcp', 6],
    ['udp', 17],
    ['gre', 47],
    ['icmpv6', 58],
    ['l2tp', 115],
    ['200', 200],
  ] as const)
    assert.equal(protocolNumber(name), number);
});

describe('regular expressions', () => {
  for (const [pattern, yes, no] of [
    ['abc', 'xabcx', 'ab'],
    ['^a.c$', 'abc', 'abcd'],
    ['a|b|^$', 'xb', 'xc'],
    ['(ab)+c?', 'ababc', 'ba'],
    ['[a-c]{2,3}$', 'xabc', 'a'],
    ['[^0-9]', '1a', '12'],
    ['[]a-]', ']', 'b'],
    ['\\.', 'a.b', 'ab'],
    ['x{0}y', 'y', 'x'],
    ['(a*)*b', 'aab', 'aaa'],
    ['', 'anything', undefined],
    ['.*', '', undefined],
  ] as const)
    test(pattern || '(empty)', () => {
      const match = compileRegexp(pattern);
      assert.equal(match(yes), true);
      if (no !== undefined) assert.equal(match(no), false);
    });
  test('agree with those of the language where both mean the same', () => {
    const atom = fc.constantFrom(
      'a',
      'b',
      '.',
      '[ab]',
      '[^a]',
      '(a|b)',
      '(ab)',
      '^',
      '$',
      'a*',
      'b+',
      'a?',
      '(a*b)+',
      'b{1,2}',
    );
    fc.assert(
      fc.property(fc.array(atom, { minLength: 1, maxLength: 6 }), fc.stringMatching(/^[abc]{0,8}$/), (atoms, text) => {
        const pattern = atoms.join('');
        assert.equal(compileRegexp(pattern)(text), new RegExp(pattern).test(text), `${pattern} on ${text}`);
      }),
      { numRuns: 1000 },
    );
  });
  test('those that would never end elsewhere', () => {
    /* Repeated nothing is nothing, however often. */
    assert.throws(() => compileRegexp('(){999}{999}{999}{999}{999}'), SyntaxError);
    assert.throws(() => compileRegexp('(((){0,999}){0,999}){0,999}'), SyntaxError);
    assert.equal(compileRegexp('^(){3}a(|b){2}$')('ab'), true);
    assert.equal(compileRegexp('^(a+)+$')(`${'a'.repeat(5000)}b`), false);
    assert.equal(compileRegexp('(a|a)*(a|aa)+c')('a'.repeat(5000)), false);
  });
  test('refused', () => {
    for (const pattern of ['(', ')', '[', 'a{2,1}', '*a', '\\', 'a{999}{999}', '('.repeat(100)])
      assert.throws(() => compileRegexp(pattern), SyntaxError, pattern);
  });
});
