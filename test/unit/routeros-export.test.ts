import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  allMenus,
  ConfigError,
  Configuration,
  Console,
  type Item,
  load,
  type MenuSchema,
} from '#lib/routeros/index.js';

function everything(configuration: Configuration): Record<string, unknown> {
  const plain = (item: Item) => ({ set: item.set, isDefault: item.isDefault });
  return Object.fromEntries(
    allMenus
      .filter((m) => m.kind === 'list' || m.kind === 'settings')
      .map((m) => [m.path, configuration.items(m.path).map(plain)]),
  );
}

function exported(configuration: Configuration, words = 'show-sensitive'): string {
  return new Console(configuration).execute(`/export ${words}`).output;
}

test('nothing but what differs from the default', () => {
  assert.equal(exported(new Configuration()), '');
  const configuration = new Configuration();
  load(
    configuration,
    '/ip ipsec profile\nset default dh-group=modp2048 lifetime=24h\n/system identity set name="head quarters"\n',
  );
  assert.equal(
    exported(configuration),
    '/ip ipsec profile\nset [ find default=yes ] dh-group=modp2048\n/system identity\nset name="head quarters"\n',
  );
});

test('secrets only when asked for', () => {
  const configuration = new Configuration();
  load(configuration, '/ip ipsec peer add name=a\n/ip ipsec identity add peer=a secret=abc');
  assert.match(exported(configuration), /secret=abc/);
  assert.equal(exported(configuration, ''), '/ip ipsec peer\nadd name=a\n/ip ipsec identity\nadd peer=a\n');
  assert.doesNotMatch(exported(configuration, 'hide-sensitive verbose'), /abc/);
});

test('lines as long as RouterOS makes them', () => {
  const configuration = new Configuration();
  load(
    configuration,
    `/ip ipsec peer
add comment="an office that has a comment far too long to be written in a line of a text of eighty columns, as this one" name=a
add address=2001:db8:1111:2222:3333:4444:5555:6666 comment=defconf exchange-mode=ike2 local-address=2001:db8::1 name=b`,
  );
  assert.equal(
    exported(configuration),
    `/ip ipsec peer
add comment=\\
    "an office that has a comment far too long to be written in a line of a tex\\
    t of eighty columns, as this one" name=a
add address=2001:db8:1111:2222:3333:4444:5555:6666/128 comment=defconf \\
    exchange-mode=ike2 local-address=2001:db8::1 name=b
`,
  );
});

test('a menu, or all below one', () => {
  const configuration = new Configuration();
  load(configuration, '/ip ipsec peer add name=a\n/ip ipsec policy group add name=g\n/system identity set name=x');
  const console = new Console(configuration);
  assert.equal(console.execute('/ip ipsec policy export').output, '/ip ipsec policy group\nadd name=g\n');
  assert.equal(
    console.execute('/ip export').output,
    '/ip ipsec policy group\nadd name=g\n/ip ipsec peer\nadd name=a\n',
  );
  assert.equal(console.execute('/system identity export terse').output, '/system identity set name=x\n');
});

test('the date comes from the router', () => {
  const configuration = new Configuration({ provider: { clock: () => '2026-04-17 10:00:00' } });
  assert.equal(exported(configuration), '# 2026-04-17 10:00:00 by routeplane\n');
});

/** Text of every kind; names without what selects items by other means. */
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 120 }),
  fc.stringMatching(/^[ -~]{0,100}$/),
  fc.constantFrom(
    'a b',
    '  lead',
    'trail  ',
    '$x',
    '"',
    '\\',
    'a\nb',
    '#',
    '{',
    '[find]',
    '\u00e9',
    '?',
    '; /',
    "it's",
    '\u0000\u0007',
    '\\_',
  ),
);
const anyName = anyText.filter((text) => text !== '');
const SAMPLES = (
  '0 1 7 80 200 500 1300 4095 32768 70000 0x80 0xF0 yes no any none auto 1d 00:10:00 8s 15s 1w2d3h 500ms ' +
  'fqdn:vpn.example.org address:10.0.0.1 key-id:abc user-fqdn:a@b.org ignore 0x00ff ether1 10.0.0.1%ether1 10.0.0.1 10.0.0.9/24 ' +
  '10.0.0.0/8 0.0.0.0/0 255.255.255.255 2001:db8::1 2001:db8:1111:2222:3333:4444:5555:6666/64 ::/0 fe80::1%ether1 n.mynetname.net ' +
  '10.0.0.1,ether1 10.0.0.0/8,2001:db8::/32 10.0.0.1,2001:db8::1 00:11:22:AA:BB:CC udp 17 200 a,b,c'
).split(' ');

/** Texts that a property may take. */
function valueText(menu: MenuSchema, name: string): fc.Arbitrary<string> {
  const { type } = menu.properties.find((p) => p.name === name)!;
  const takes = (text: string) => {
    try {
      type.parse(text);
      return true;
    } catch {
      return false;
    }
  };
  const samples = [...SAMPLES, ...(type.words ?? [])].filter(takes);
  assert.ok(samples.length > 0, `${menu.path} ${name}`);
  const kinds: fc.Arbitrary<string>[] = [fc.constantFrom(...samples)];
  if (type.words && type.words.length > 1 && takes(type.words.slice(0, 2).join(',')))
    kinds.push(
      fc
        .shuffledSubarray([...type.words], { minLength: 1 })
        .map((w) => w.join(','))
        .filter(takes),
    );
  if (takes('" $\n')) kinds.push(anyText);
  return fc.oneof(...kinds);
}

const lists = allMenus.filter((m) => m.kind === 'list' && !m.hardware);
const step = fc.constantFrom(...lists).chain((menu) => {
  const names = menu.properties.filter((p) => !p.readOnly && !p.type.reference).map((p) => p.name);
  return fc
    .uniqueArray(fc.constantFrom(...names), { maxLength: 6 })
    .chain((chosen) =>
      fc.tuple(
        fc.constant(menu.path),
        fc.constantFrom('add', 'add', 'add', 'set', 'move'),
        fc.record(Object.fromEntries(chosen.map((name) => [name, name === 'name' ? anyName : valueText(menu, name)]))),
        fc.nat(20),
      ),
    );
});

/** Whatever of it the store takes. */
function build(steps: readonly (readonly [string, string, Record<string, string>, number])[]): Configuration {
  const configuration = new Configuration();
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
    }
  };
  for (const [path, command, values, index] of steps)
    attempt(() =>
      configuration.transaction((draft) => {
        const menu = configuration.tree.menu(path);
        const items = draft.items(menu.path);
        const item = items[index % Math.max(1, items.length)];
        if (command === 'add') {
          const references = menu.properties.filter((p) => p.type.reference && (p.required || p.requiredWhen));
          const some = references.map((p) => {
            const target = p.type.reference!;
            const known = allMenus.find((m) => m.path === target)?.hardware ? [] : draft.items(target);
            return [p.name, known[index % Math.max(1, known.length)]?.values['name'] ?? 'ether1'];
          });
          draft.add(menu.path, { ...values, ...Object.fromEntries(some) });
        } else if (item && command === 'set') draft.set(menu.path, item.id, values);
        else if (item) draft.move(menu.path, item.id, items[(index * 7) % items.length]?.id);
      }),
    );
  return configuration;
}

describe('what is exported reads back the same', () => {
  for (const words of ['show-sensitive', 'show-sensitive verbose', 'show-sensitive terse'])
    test(words, () => {
      let items = 0;
      fc.assert(
        fc.property(fc.array(step, { maxLength: 25, size: 'max' }), (steps) => {
          const configuration = build(steps);
          const text = exported(configuration, words);
          const again = new Configuration();
          load(again, text, 'export.rsc');
          assert.deepEqual(everything(again), everything(configuration), text);
          assert.equal(exported(again, words), text);
          for (const menu of lists) items += again.items(menu.path).filter((item) => !item.isDefault).length;
        }),
        { numRuns: 60 },
      );
      assert.ok(items > 100, `only ${items} items came about`);
    });
});

test('every beginning of an export is taken or refused, never more', () => {
  const configuration = new Configuration();
  load(
    configuration,
    `/ip ipsec profile set default dh-group=ecp256,modp2048 enc-algorithm=aes-256,aes-192,aes-128
/ip ipsec peer add name="a \\"b\\" \\C3\\A9" address=10.0.0.1 comment="a long comment that needs more than a line of eighty columns to be written down"
/ip ipsec identity add peer=[/ip ipsec peer get 0 name] secret=0x00112233
/ip ipsec policy add peer=[/ip ipsec peer get 0 name] place-before=0 tunnel=yes
/ip route
add blackhole dst-address=10.0.0.0/8
add gateway=10.0.0.1%ether1,ether2`,
  );
  const text = exported(configuration);
  for (let length = 0; length <= text.length; length++) {
    try {
      load(new Configuration(), text.slice(0, length), 'export.rsc');
    } catch (error) {
      assert.ok(error instanceof ConfigError && error.line > 0, `${length}: ${error}`);
    }
  }
});
