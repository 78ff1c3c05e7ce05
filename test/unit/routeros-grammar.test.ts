import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, Configuration, Console, type Item } from '#lib/routeros/index.js';

function run(text: string): { configuration: Configuration; console: Console; output: string } {
  const configuration = new Configuration();
  const console = new Console(configuration);
  return { configuration, console, output: console.execute(text).output };
}

function names(items: readonly Item[]): string[] {
  return items.map((i) => i.values['name'] ?? '');
}

function refusal(text: string, source = ''): ConfigError {
  try {
    new Console(new Configuration()).execute(text, { source });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail(`not refused: ${text}`);
}

describe('menus', () => {
  test('slashes, blanks, both, and shortened', () => {
    for (const path of [
      '/ip ipsec peer',
      '/ip/ipsec/peer',
      'ip ipsec peer',
      '/ip ipsec/peer',
      '/ip ips pee',
      'ip/ipsec peer',
    ])
      assert.equal(run(path).console.path, '/ip ipsec peer', path);
  });
  test('.. and /', () => {
    assert.equal(run('/ip ipsec peer\n..').console.path, '/ip ipsec');
    assert.equal(run('/ip ipsec peer\n.. policy').console.path, '/ip ipsec policy');
    assert.equal(run('/ip ipsec peer\n../../address').console.path, '/ip address');
    assert.equal(run('/ip ipsec peer\n/').console.path, '/');
    assert.equal(run('..').console.path, '/');
  });
  test('a command with a path leaves the console where it is', () => {
    const { console } = run('/ip ipsec\n/ip address add address=10.0.0.1/24 interface=ether1\nsettings print');
    assert.equal(console.path, '/ip ipsec');
    assert.equal(console.prompt, '[admin@routeplane] /ip/ipsec> ');
  });
  test('an exact name wins over a longer one', () => {
    assert.equal(run('/ip ipsec policy').console.path, '/ip ipsec policy');
    assert.equal(run('/ip ipsec policy group').console.path, '/ip ipsec policy group');
  });
  test('ambiguity names the candidates', () => {
    assert.match(refusal('/ip ipsec p print').reason, /^"p" is ambiguous in \/ip ipsec: .*peer/);
  });
});

test('commands for a menu that is not there reach no other', () => {
  const configuration = new Configuration();
  const console = new Console(configuration);
  console.execute('/ip ipsec proposal');
  assert.throws(() => console.execute('/ip pool'), /^ConfigError: 1:5: menu \/ip pool is not supported yet/);
  assert.equal(console.path, '/ip pool');
  assert.throws(() => console.execute('add name=ranges'), /^ConfigError: 1:1: menu \/ip pool is not supported yet/);
  assert.throws(() => console.execute('export'), /menu \/ip pool is not supported yet/);
  assert.throws(
    () => console.execute('/user-manager user add name=x'),
    /1:15: menu \/user-manager user is not supported/,
  );
  assert.deepEqual(names(configuration.items('/ip ipsec proposal')), ['default']);
  console.execute('.. ipsec proposal add name=x');
  assert.equal(configuration.items('/ip ipsec proposal').length, 2);
});

describe('commands', () => {
  const peers =
    '/ip ipsec peer\nadd name=a address=10.0.0.1\nadd name=b address=10.0.0.2\nadd name=c address=10.0.0.3\n';

  test('set by name, number, id, list and find', () => {
    for (const [items, changed] of [
      ['b', ['b']],
      ['1', ['b']],
      ['*2', ['b']],
      ['0,2', ['a', 'c']],
      ['a,c', ['a', 'c']],
      ['[find name=b]', ['b']],
      ['[ find where address=10.0.0.2/32 ]', ['b']],
      ['[find]', ['a', 'b', 'c']],
      ['numbers=b', ['b']],
      ['[find name="none"]', []],
    ] as const) {
      const { configuration } = run(`${peers}set ${items} port=4000`);
      const found = configuration.items('/ip ipsec peer').filter((i) => i.values['port'] === '4000');
      assert.deepEqual(names(found), changed, items);
    }
  });
  test('numbers are those of the last print', () => {
    const { configuration } = run(`${peers}print where name!=a\nset 0 port=1\nprint count-only`);
    assert.equal(configuration.named('/ip ipsec peer', 'b')?.values['port'], '1');
  });
  test('enable, disable, comment, remove, move, unset, reset', () => {
    const { configuration, console } = run(`${peers}disable a,b\nenable a\ncomment b comment="x y"\nremove c`);
    assert.equal(configuration.named('/ip ipsec peer', 'a')?.values['disabled'], 'no');
    assert.equal(configuration.named('/ip ipsec peer', 'b')?.values['disabled'], 'yes');
    assert.equal(configuration.named('/ip ipsec peer', 'b')?.values['comment'], 'x y');
    assert.equal(configuration.named('/ip ipsec peer', 'c'), undefined);
    console.execute('/ip ipsec peer unset b comment');
    assert.equal(configuration.named('/ip ipsec peer', 'b')?.values['comment'], '');
    console.execute('/ip ipsec peer set b !disabled port=5');
    assert.deepEqual(configuration.named('/ip ipsec peer', 'b')?.set, { name: 'b', address: '10.0.0.2/32', port: '5' });
    console.execute('/ip ipsec peer reset b');
    assert.deepEqual(configuration.named('/ip ipsec peer', 'b')?.set, { name: 'b' });
  });
  test('place-before, copy-from and move', () => {
    const policies = `/ip ipsec peer add name=p
/ip ipsec policy
add peer=p src-address=10.0.1.0/24 comment=one
add copy-from=1 comment=two
add copy-from=1 comment=three place-before=[find comment=one]
`;
    const { configuration, console } = run(policies);
    const comments = () => configuration.items('/ip ipsec policy').map((i) => i.values['comment']);
    assert.deepEqual(comments(), ['', 'three', 'one', 'two']);
    assert.equal(configuration.items('/ip ipsec policy')[3]?.values['src-address'], '10.0.1.0/24');
    console.execute('move 3 0');
    assert.deepEqual(comments(), ['two', '', 'three', 'one']);
    console.execute('move [find comment=two]');
    assert.deepEqual(comments(), ['', 'three', 'one', 'two']);
  });
  test('arguments may be shortened, commands too', () => {
    const { configuration } = run('/ip ipsec peer\nad na=x addr=10.0.0.1 exch=ike2\ndis x');
    assert.deepEqual(configuration.items('/ip ipsec peer')[0]?.set, {
      name: 'x',
      address: '10.0.0.1/32',
      'exchange-mode': 'ike2',
      disabled: 'yes',
    });
  });
  test('names are made up where RouterOS does', () => {
    const { configuration } = run('/ip ipsec peer\nadd\nadd\n/interface bridge add');
    assert.deepEqual(names(configuration.items('/ip ipsec peer')), ['peer1', 'peer2']);
    assert.deepEqual(names(configuration.items('/interface bridge')), ['bridge1']);
  });
  test('get, :put and nested brackets', () => {
    const { output } = run(
      '/ip ipsec profile\n:put [get 0 name]\n:put [get [find default=yes] lifetime]\n:put ("a" . "b")\n:put "x $[/system identity get name]"\n:put [print count-only]',
    );
    assert.equal(output, 'default\n1d\nab\nx routeplane\n1\n');
  });
  test('a value from another item', () => {
    const { configuration } = run(
      '/system identity set name=hq\n/ip ipsec peer add comment=("at " . [/system identity get name])',
    );
    assert.equal(configuration.items('/ip ipsec peer')[0]?.values['comment'], 'at hq');
  });
});

describe('text', () => {
  const identity = (text: string) => run(text).configuration.settings('/system identity').values['name'];

  test('quotes and escapes', () => {
    assert.equal(identity('/system identity set name="a b"'), 'a b');
    assert.equal(identity('/system identity set name="ccc.bin\\\\0"'), 'ccc.bin\\0');
    assert.equal(identity('/system identity set name="\\"\\$\\?\\_\\t\\n\\41\\C3\\A9"'), '"$? \t\nA\u00e9');
    assert.equal(identity('/system identity set name="\\FFx"'), '\u00ffx');
    assert.equal(identity('/system identity set name=a"b c"d'), 'ab cd');
    assert.equal(identity('/system identity set name={ :log info "x" }'), ' :log info "x" ');
  });
  test('lines go on behind a backslash', () => {
    assert.equal(identity('/system identity \\\n    set name=\\\n    hq'), 'hq');
    assert.equal(identity('/system identity set name="ab\\\n    cd"'), 'abcd');
    assert.equal(identity('/system identity set name=x \\\n\n/ip ipsec'), 'x');
    assert.equal(identity('/system identity set \\  \r\n   name=x\r\n'), 'x');
  });
  test('an address broken off as RouterOS 7 exports it', () => {
    const { configuration } = run('/ip ipsec peer\nadd address=\\\n    128.140.114.175 name=x\n');
    assert.equal(configuration.items('/ip ipsec peer')[0]?.values['address'], '128.140.114.175/32');
  });
  test('comments and semicolons', () => {
    const { configuration } = run(
      '# 2025-01-01 10:00:00 by RouterOS 7.18.2\n# software id = ABCD-EFGH\n#\n/ip ipsec peer; add name=a; add name="b;#" # and so on\nadd name=c#d',
    );
    assert.deepEqual(names(configuration.items('/ip ipsec peer')), ['a', 'b;#', 'c#d']);
  });
  test('a transcript with prompts and answers', () => {
    const { configuration, console } = run(`[admin@MikroTik] > /ip ipsec peer
[admin@MikroTik] /ip ipsec peer> add name=a \\
\\... address=10.0.0.1
[admin@MikroTik] ip ipsec peer> print
Flags: X - disabled, D - dynamic
 0   name="a" address=10.0.0.1/32
[admin@MikroTik] /ip/ipsec/peer> .. proposal
[admin@MikroTik] ip ipsec proposal> `);
    assert.equal(configuration.items('/ip ipsec peer')[0]?.values['address'], '10.0.0.1/32');
    assert.equal(console.path, '/ip ipsec proposal');
  });
});

describe('where', () => {
  const setup = `/ip ipsec proposal
add name=fast enc-algorithms=aes-128-gcm lifetime=8h
add name=slow enc-algorithms=3des lifetime=10m disabled=yes comment="old one"
`;
  for (const [condition, found] of [
    ['name=fast', 'fast'],
    ['name!=fast', 'default slow'],
    ['name~"^[fs]" && lifetime>1h', 'fast'],
    ['lifetime>=30m', 'default fast'],
    ['lifetime<00:30:00', 'slow'],
    ['lifetime=480m', 'fast'],
    ['disabled', 'slow'],
    ['!disabled', 'default fast'],
    ['disabled=yes or default=yes', 'default slow'],
    ['(disabled=yes || name=fast) and !default', 'fast slow'],
    ['comment~"old"', 'slow'],
    ['disabled=no name=fast', 'fast'],
    ['name in "fast,slow"', 'fast slow'],
    ['name = "slow"', 'slow'],
    ['enc-algorithms~"gcm|3des"', 'fast slow'],
  ] as const)
    test(condition, () => {
      const { configuration, output } = run(`${setup}:put [find where ${condition}]`);
      const ids = output.trim().split(';');
      assert.deepEqual(
        names(configuration.items('/ip ipsec proposal').filter((i) => ids.includes(i.id))).join(' '),
        found,
      );
      assert.equal(run(`${setup}:put [find ${condition}]`).output, output);
      assert.equal(run(`${setup}print count-only where ${condition}`).output, `${found.split(' ').length}\n`);
    });
  test('addresses', () => {
    const { output } = run(
      '/ip address\nadd address=10.0.0.9/24 interface=a\nadd address=10.0.0.10/24 interface=a\n:put [find address>10.0.0.9/24]\n:put [find address in 10.0.0.0/8]',
    );
    assert.equal(output, '*2\n*1;*2\n');
  });
});

describe('errors', () => {
  for (const [text, message, nearest] of [
    [
      '/ip ipsec peer add adress=1.2.3.4',
      'router.rsc:1:20: unknown property "adress" in /ip ipsec peer; did you mean "address"?',
      'address',
    ],
    [
      '/ip ipsec\n\npeer add address=1.2.3.400',
      'router.rsc:3:18: invalid value "1.2.3.400" for address in /ip ipsec peer: expected IPv4 or IPv6 prefix | DNS name',
      '',
    ],
    [
      '/ip ipsec profile add name=x hash-algorithm=sha265',
      'router.rsc:1:45: invalid value "sha265" for hash-algorithm in /ip ipsec profile: expected md5 | sha1 | sha256 | sha384 | sha512; did you mean "sha256"?',
      'sha256',
    ],
    ['/ip ipsec peer add profile=fast', 'router.rsc:1:28: no /ip ipsec profile is named "fast"', ''],
    ['/ip ipsec identity add secret=x', 'router.rsc:1:20: missing property "peer" in /ip ipsec identity', ''],
    ['/ip ipsec peer set x port=1', 'router.rsc:1:20: no such item (x) in /ip ipsec peer', ''],
    ['/ip ipsec peer add name=a port=1 port=2', 'router.rsc:1:34: port is given twice', ''],
    ['/ip ipsec peer add name="a', 'router.rsc:1:25: string without end', ''],
    ['/ip ipsec peer set [find name=a port=1', 'router.rsc:1:20: "[" without "]"', ''],
    ['/ip ipsec peer add name="\\z"', 'router.rsc:1:26: unknown escape "\\z"', ''],
    ['/ip ipsec peer add name=$x', 'router.rsc:1:25: variables are not supported yet', ''],
    ['/ping 10.0.0.1', 'router.rsc:1:2: command /ping is not supported yet', ''],
    [':foreach i in=[find] do={}', 'router.rsc:1:1: scripting command :foreach is not supported yet', ''],
    [':lcoal x', 'router.rsc:1:1: unknown command ":lcoal"; did you mean ":local"?', ':local'],
    ['/ip ipsc peer', 'router.rsc:1:5: unknown menu or command "ipsc" in /ip; did you mean "ipsec"?', 'ipsec'],
    ['/ip ipsec policy set 0 active=yes', 'router.rsc:1:24: property "active" in /ip ipsec policy is read-only', ''],
    [
      '/ip ipsec profile remove default',
      'router.rsc:1:26: the default item of /ip ipsec profile can not be removed',
      '',
    ],
    [
      '/ip ipsec profile set default name=x',
      'router.rsc:1:36: name of the default item of /ip ipsec profile can not be changed',
      '',
    ],
    [
      '/ip ipsec profile add name=default',
      'router.rsc:1:28: /ip ipsec profile already has an item with name=default',
      '',
    ],
    ['/ip ipsec profile print where name~"("', 'router.rsc:1:19: regular expression: "(" without ")"', ''],
    ['/ip ipsec installed-sa flush', 'router.rsc:1:24: /ip ipsec installed-sa flush needs a running router', ''],
    [
      '/ip ipsec identity add peer=x secret=0xABC',
      'router.rsc:1:38: invalid value for secret in /ip ipsec identity: expected 0x and pairs of hexadecimal digits',
      '',
    ],
  ] as const)
    test(text.replaceAll('\n', ' '), () => {
      const error = refusal(text, 'router.rsc');
      assert.equal(error.message, message);
      assert.equal(error.nearest, nearest);
    });

  test('nothing exhausts the stack', () => {
    for (const condition of ['name=a and ', 'name=a or ', 'name=a ', '!', '(', 'name="a"."b" ', 'name=[find '])
      assert.match(
        refusal(`/ip ipsec profile print where ${condition.repeat(20_000)}`).reason,
        /too (long|many)|expected|without/,
        condition,
      );
    assert.match(refusal(`:put ("a"${' . "a"'.repeat(20_000)})`).reason, /too long/);
  });
  test('no secret is repeated', () => {
    for (const text of [
      'add peer=x secret=0xSECRET1',
      'add peer=x secret SECRET1',
      'add SECRET1',
      'add peer=x secret="SECRET1',
    ])
      assert.doesNotMatch(refusal(`/ip ipsec identity ${text}`).message, /SECRET1/);
  });
  test('an error stops the script; what came before stays', () => {
    const configuration = new Configuration();
    const console = new Console(configuration);
    assert.throws(() => console.execute('/ip ipsec peer\nadd name=a\nadd nmae=b\nadd name=c'), ConfigError);
    assert.deepEqual(names(configuration.items('/ip ipsec peer')), ['a']);
    assert.equal(console.path, '/ip ipsec peer');
  });
  test('a command in error does nothing', () => {
    const configuration = new Configuration();
    const console = new Console(configuration);
    console.execute('/ip ipsec peer\nadd name=a\nadd name=b');
    assert.throws(() => console.execute('set a,b name=same'), ConfigError);
    assert.deepEqual(names(configuration.items('/ip ipsec peer')), ['a', 'b']);
  });
});

test('octets that are no UTF-8 are read as Latin-1, a great many of them too', () => {
  const name = (text: string) =>
    run(`/system identity set name="${text}"`).configuration.settings('/system identity').values['name'];
  assert.equal(name('\\C3\\A9\\FF\\E2\\82\\AC\\E2\\82'), '\u00e9\u00ff\u20ac\u00e2\u0082');
  assert.equal(name('\\F0\\9F\\98\\80'), '\u{1f600}');
  assert.equal(name('\\FF'.repeat(50_000)), '\u00ff'.repeat(50_000));
});

test('a secret is told to who names it, and in no other way', () => {
  const { console } = run('/ip ipsec peer add name=p\n/ip ipsec identity add peer=p secret=thisisnotasecurepsk');
  const said = (command: string) => console.execute(`/ip ipsec identity ${command}`).output;
  for (const command of [
    'print',
    'print detail',
    'print terse',
    'print as-value',
    'print proplist=secret',
    'print brief proplist=peer,secret',
    'export',
    'export verbose',
  ])
    assert.doesNotMatch(said(command), /thisis/, command);
  assert.doesNotMatch(console.execute(':put [/ip ipsec identity get 0]').output, /thisis/);
  assert.doesNotMatch(console.execute(':put [/ip ipsec identity print as-value]').output, /thisis/);
  assert.doesNotMatch(console.execute('/export').output, /thisis/);
  assert.match(console.execute(':put [/ip ipsec identity get 0 secret]').output, /^thisisnotasecurepsk$/m);
  assert.match(said('print show-sensitive'), /thisisnotasecurepsk/);
  for (const text of [
    'set 0 secret=0xthisis',
    'add peer=nobody secret=thisis',
    'set 0 secret="thisis" thisis',
    'add peer=p secret="thisis" remote-id=wrong',
  ])
    assert.doesNotMatch(
      refusal(`/ip ipsec peer add name=p\n/ip ipsec identity add peer=p\n/ip ipsec identity ${text}`).message,
      /thisis/,
      text,
    );
});

test('names that every object has are no properties', () => {
  for (const name of ['constructor', 'toString', 'hasOwnProperty'])
    assert.match(refusal(`/ip ipsec peer add ${name}=1`).reason, /^unknown property/, name);
});
