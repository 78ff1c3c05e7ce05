import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Change, ConfigError, Configuration, Console, load, reload } from '#lib/routeros/index.js';

function brief(changes: readonly Change[]): string[] {
  return changes.map((c) => `${c.kind} ${c.menu} ${(c.after ?? c.before)?.values['name'] ?? c.id}`);
}

function watched(): { configuration: Configuration; heard: string[][] } {
  const configuration = new Configuration();
  const heard: string[][] = [];
  configuration.onChange((changes) => heard.push(brief(changes)));
  return { configuration, heard };
}

const FILE = `/ip ipsec profile add name=f dh-group=modp2048
/ip ipsec peer
add name=a address=10.0.0.1 profile=f
add name=b address=10.0.0.2
/ip ipsec identity
add peer=a secret=x
add peer=b secret=y
/ip ipsec policy
add peer=a src-address=10.1.0.0/24 tunnel=yes
add peer=b src-address=10.2.0.0/24 tunnel=yes
/system identity set name=hq
`;

describe('transactions', () => {
  test('a file is one, used things first', () => {
    const { configuration, heard } = watched();
    load(configuration, FILE);
    assert.deepEqual(heard, [
      [
        'add /ip ipsec profile f',
        'add /ip ipsec peer a',
        'add /ip ipsec peer b',
        'add /ip ipsec identity *1',
        'add /ip ipsec identity *2',
        'add /ip ipsec policy *2',
        'add /ip ipsec policy *3',
        'set /system identity hq',
      ],
    ]);
  });
  test('a file with an error is none', () => {
    const { configuration, heard } = watched();
    assert.throws(
      () => load(configuration, `${FILE}/ip ipsec peer set a port=x`),
      /^ConfigError: 12:27: invalid value "x"/,
    );
    assert.deepEqual(heard, []);
    assert.deepEqual(configuration.items('/ip ipsec peer'), []);
  });
  test('what comes to nothing is not told', () => {
    const { configuration, heard } = watched();
    new Console(configuration).execute('/ip ipsec peer\nadd name=a\nremove a', { atomic: true });
    new Console(configuration).execute('/ip ipsec profile set default lifetime=24h');
    assert.deepEqual(heard, []);
  });
  test('a validator refuses by name and place', () => {
    const { configuration, heard } = watched();
    configuration.onValidate((change, next) => {
      if (change.menu !== '/ip ipsec peer' || !change.after) return;
      assert.equal(next.item(change.menu, change.id), change.after);
      const mode = change.after.values['exchange-mode'];
      if (mode !== 'ike2')
        throw new ConfigError(`exchange-mode=${mode} is not supported yet`, change.menu, 'exchange-mode');
    });
    assert.throws(
      () => load(configuration, FILE.replace('profile=f', 'exchange-mode=ike2'), 'r.rsc'),
      (error) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.message, 'r.rsc:4:1: exchange-mode=main is not supported yet');
        return true;
      },
    );
    assert.deepEqual(heard, []);
    assert.throws(
      () => load(configuration, '/ip ipsec peer add name=a exchange-mode=base', 'r.rsc'),
      /^ConfigError: r\.rsc:1:41: exchange-mode=base/,
    );
    assert.throws(
      () => reload(configuration, FILE.replace('profile=f', 'exchange-mode=ike2'), 'r.rsc'),
      /r\.rsc:4:1: exchange/,
    );
  });
  test('from a program', () => {
    const { configuration, heard } = watched();
    configuration.transaction((draft) => {
      draft.add('/ip ipsec peer', { name: 'x', address: '10.0.0.1', 'exchange-mode': 'ike2' });
      draft.add('/ip ipsec identity', { peer: 'x', secret: 's' });
    });
    assert.deepEqual(heard, [['add /ip ipsec peer x', 'add /ip ipsec identity *1']]);
    assert.throws(() => configuration.transaction((draft) => draft.add('/ip ipsec peer', { nmae: 'y' })), ConfigError);
    assert.throws(
      () => configuration.items('/ip ipsec per'),
      /unknown menu \/ip ipsec per; did you mean "\/ip ipsec peer"/,
    );
  });
  test('a new name goes to where the old one was used', () => {
    const { configuration, heard } = watched();
    load(configuration, FILE);
    new Console(configuration).execute('/ip ipsec peer set a name=z');
    assert.deepEqual(
      configuration.items('/ip ipsec policy').map((i) => i.values['peer']),
      [undefined, 'z', 'b'],
    );
    assert.deepEqual(heard[1], ['set /ip ipsec peer z', 'set /ip ipsec identity *1', 'set /ip ipsec policy *2']);
  });
  test('what is used stays', () => {
    const { configuration } = watched();
    load(configuration, FILE);
    assert.throws(
      () => new Console(configuration).execute('/ip ipsec profile remove f'),
      /1:26: f is in use by \/ip ipsec peer \*1: remove or change that first/,
    );
    new Console(configuration).execute(
      '/ip ipsec policy remove 1,2; /ip ipsec identity remove [find]; /ip ipsec peer remove a,b; /ip ipsec profile remove f',
      { atomic: true },
    );
    assert.equal(configuration.items('/ip ipsec profile').length, 1);
  });
  test('items and changes cannot be written to', () => {
    const { configuration } = watched();
    const [item] = configuration.items('/ip ipsec profile');
    assert.throws(() => Object.assign(item!.values, { name: 'x' }), TypeError);
  });
});

describe('reload', () => {
  test('the same file changes nothing', () => {
    const { configuration, heard } = watched();
    load(configuration, FILE);
    assert.deepEqual(reload(configuration, FILE), []);
    assert.equal(heard.length, 1);
  });
  test('one tunnel changed, the other is not touched', () => {
    const { configuration } = watched();
    load(configuration, FILE);
    const untouched = configuration.named('/ip ipsec peer', 'b');
    const changes = reload(configuration, FILE.replace('10.0.0.1', '10.0.0.7').replace('10.2.0.0', '10.3.0.0'));
    assert.deepEqual(brief(changes), ['remove /ip ipsec policy *3', 'set /ip ipsec peer a', 'add /ip ipsec policy *4']);
    assert.equal(configuration.named('/ip ipsec peer', 'b'), untouched);
  });
  test('what the file no longer says goes, users before what they use', () => {
    const { configuration } = watched();
    load(configuration, FILE);
    assert.deepEqual(brief(reload(configuration, '')), [
      'remove /ip ipsec policy *2',
      'remove /ip ipsec policy *3',
      'remove /ip ipsec identity *1',
      'remove /ip ipsec identity *2',
      'remove /ip ipsec peer a',
      'remove /ip ipsec peer b',
      'remove /ip ipsec profile f',
      'set /system identity routeplane',
    ]);
  });
  test('another order is a move', () => {
    const { configuration } = watched();
    load(configuration, FILE);
    const lines = FILE.split('\n');
    [lines[8], lines[9]] = [lines[9]!, lines[8]!];
    const changes = reload(configuration, lines.join('\n'));
    assert.deepEqual([...new Set(changes.map((c) => `${c.kind} ${c.menu}`))], ['move /ip ipsec policy']);
    assert.deepEqual(
      configuration.items('/ip ipsec policy').map((i) => i.id),
      ['*1', '*3', '*2'],
    );
  });
  test('an error in the file leaves everything', () => {
    const { configuration, heard } = watched();
    load(configuration, FILE);
    assert.throws(
      () => reload(configuration, '/ip ipsec peer add name=a prot=1', 'new.rsc'),
      /new\.rsc:1:27: unknown property "prot"/,
    );
    assert.equal(configuration.items('/ip ipsec peer').length, 2);
    assert.equal(heard.length, 1);
  });
});
