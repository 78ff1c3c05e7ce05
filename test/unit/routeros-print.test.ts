/** What `print` writes, against the prints of the manual; these lost their blanks on the way, so words are compared. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { Configuration, Console, type MenuProvider, type Row } from '#lib/routeros/index.js';

function console(text: string, rows: Readonly<Record<string, readonly Row[]>> = {}, more: MenuProvider = {}): Console {
  const provider: MenuProvider = { rows: (menu) => rows[menu], ...more };
  const result = new Console(new Configuration({ provider }));
  result.execute(text);
  return result;
}

function words(text: string): string[] {
  return text.trim().split(/\s+/);
}

const DYNAMIC_POLICY: Row = {
  id: '*80000001',
  values: {
    dynamic: 'yes',
    active: 'yes',
    'src-address': '192.168.77.254/32',
    'src-port': 'any',
    'dst-address': '10.5.8.0/24',
    'dst-port': 'any',
    protocol: 'all',
    action: 'encrypt',
    level: 'unique',
    'ipsec-protocols': 'esp',
    tunnel: 'yes',
    'sa-src-address': '10.155.107.8',
    'sa-dst-address': '10.155.107.9',
    proposal: 'default',
    'ph2-count': '1',
  },
};

describe('policies', () => {
  const session = console('', {
    '/ip ipsec policy': [
      DYNAMIC_POLICY,
      { id: '*80000002', values: { ...DYNAMIC_POLICY.values, 'dst-address': '192.168.55.0/24' } },
    ],
  });
  test('as the manual prints them', () => {
    assert.deepEqual(
      words(session.execute('ip ipsec policy print').output),
      words(`Flags: T - template, X - disabled, D - dynamic, I - invalid, A - active, * - default
0 T * group=default src-address=::/0 dst-address=::/0 protocol=all proposal=default template=yes

1 DA src-address=192.168.77.254/32 src-port=any dst-address=10.5.8.0/24 dst-port=any protocol=all
action=encrypt level=unique ipsec-protocols=esp tunnel=yes sa-src-address=10.155.107.8
sa-dst-address=10.155.107.9 proposal=default ph2-count=1

2 DA src-address=192.168.77.254/32 src-port=any dst-address=192.168.55.0/24 dst-port=any protocol=all
action=encrypt level=unique ipsec-protocols=esp tunnel=yes sa-src-address=10.155.107.8
sa-dst-address=10.155.107.9 proposal=default ph2-count=1`),
    );
  });
  test('templates of a group', () => {
    const gre = console(
      '/ip ipsec proposal add name=ike2-gre\n/ip ipsec policy group add name=ike2-gre\n/ip ipsec policy add dst-address=192.168.99.1/32 group=ike2-gre proposal=ike2-gre src-address=192.168.99.2/32 template=yes',
    );
    assert.deepEqual(
      words(gre.execute('/ip ipsec policy print').output).slice(-8),
      words(
        '1 T group=ike2-gre src-address=192.168.99.2/32 dst-address=192.168.99.1/32 protocol=all proposal=ike2-gre template=yes',
      ),
    );
  });
  test('statistics', () => {
    const state = { 'in-accepted': '3', 'ph2-state': 'established' };
    const session = console('/ip ipsec peer add name=p\n/ip ipsec policy add peer=p', {}, { state: () => state });
    assert.match(
      session.execute('/ip ipsec policy print stats where peer=p').output,
      /ph2-state=established\s+in-accepted=3/,
    );
    assert.doesNotMatch(session.execute('/ip ipsec policy print').output, /in-accepted|ph2-state/);
    const detail = session.execute('/ip ipsec policy print detail where peer=p').output;
    assert.match(detail, /ph2-state=established/);
    assert.doesNotMatch(detail, /in-accepted/);
  });
  test('rows of the running system can be found, not changed', () => {
    assert.equal(session.execute(':put [/ip ipsec policy find dynamic]').output, '*80000001;*80000002\n');
    assert.throws(() => session.execute('/ip ipsec policy remove 1'), /is dynamic: it can not be changed/);
  });
  test('a running row with the id of a configured one is not it', () => {
    const session = console('/ip ipsec peer add name=p\n/ip ipsec policy add peer=p', {
      '/ip ipsec policy': [{ ...DYNAMIC_POLICY, id: '*2' }],
    });
    assert.equal(session.execute(':put [/ip ipsec policy find]').output, '*1;*2;*80000002\n');
    assert.throws(() => session.execute('/ip ipsec policy remove 2'), /\*80000002 of .* is dynamic/);
  });
  test('disabled ones and their comments', () => {
    const session = console(
      '/ip ipsec peer add name=p\n/ip ipsec policy add peer=p disabled=yes comment="to the office"',
    );
    assert.equal(
      session.execute('/ip ipsec policy print where !template', { width: 100 }).output,
      `Flags: T - template, X - disabled, D - dynamic, I - invalid, A - active, * - default
 0  X   ;;; to the office
        peer=p src-address=0.0.0.0/32 src-port=any dst-address=0.0.0.0/32 dst-port=any protocol=all
        action=encrypt level=require ipsec-protocols=esp tunnel=no proposal=default
`,
    );
  });
});

test('addresses', () => {
  const session = console(`/ip address
add address=192.168.1.1/24 interface=bridge-local
add address=172.22.2.1/24 interface=ether1
add address=172.22.2.2/24 interface=ether1 disabled=yes comment="second one"
`);
  assert.equal(
    session.execute('print').output,
    `Flags: X - DISABLED
Columns: ADDRESS, NETWORK, INTERFACE
#   ADDRESS         NETWORK      INTERFACE
0   192.168.1.1/24  192.168.1.0  bridge-local
1   172.22.2.1/24   172.22.2.0   ether1
;;; second one
2 X 172.22.2.2/24   172.22.2.0   ether1
`,
  );
  assert.equal(session.execute('print where interface=none').output, '');
  assert.equal(session.execute('print count-only').output, '3\n');
  assert.equal(
    session.execute('print detail where disabled').output,
    `Flags: X - disabled, I - invalid, D - dynamic
 0 X ;;; second one
     address=172.22.2.2/24 network=172.22.2.0 interface=ether1
`,
  );
  assert.equal(
    session.execute('print terse where disabled').output,
    ' 0 X comment="second one" address=172.22.2.2/24 network=172.22.2.0 interface=ether1\n',
  );
  assert.equal(
    session.execute('print proplist=interface where disabled').output,
    'Flags: X - DISABLED\nColumns: INTERFACE\n#   INTERFACE\n;;; second one\n0 X ether1\n',
  );
});

test('bridge ports, as the manual prints them', () => {
  const session = console(
    `/interface bridge add name=bridge1
/interface bridge port
add bridge=bridge1 interface=ether2
add bridge=bridge1 interface=ether3
add bridge=bridge1 interface=eoip-remote
add bridge=bridge1 interface=sfp-sfpplus123
`,
    {},
    {
      state: (menu, item) =>
        menu !== '/interface bridge port'
          ? {}
          : item?.values['interface']?.startsWith('ether')
            ? { 'hw-offload': 'yes' }
            : { inactive: item?.values['interface'] === 'sfp-sfpplus123' ? 'yes' : 'no' },
    },
  );
  assert.equal(
    session.execute('print', { width: 100 }).output,
    `Flags: I - INACTIVE; H - HW-OFFLOAD
Columns: INTERFACE, BRIDGE, HW, PVID, PRIORITY, PATH-COST, INTERNAL-PATH-COST, HORIZON
#    INTERFACE       BRIDGE   HW   PVID  PRIORITY  PATH-COST  INTERNAL-PATH-COST  HORIZON
0  H ether2          bridge1  yes     1  0x80             10                  10  none
1  H ether3          bridge1  yes     1  0x80             10                  10  none
2    eoip-remote     bridge1  yes     1  0x80             10                  10  none
3 I  sfp-sfpplus123  bridge1  yes     1  0x80             10                  10  none
`,
  );
});

test('columns give way to the width', () => {
  const session = console(`/ip address add address=10.0.0.1/24 interface=${'x'.repeat(80)}`);
  const lines = session.execute('/ip address print', { width: 50 }).output.split('\n');
  assert.ok(
    lines.every((line) => line.length <= 50),
    lines.join('\n'),
  );
  assert.match(lines[2] ?? '', /x\.\.\.$/);
  const narrow = session.execute('/ip address print', { width: 1 }).output;
  assert.match(narrow, /10\.\.\./);
});

describe('the running system', () => {
  const sa = {
    id: '*1',
    values: {
      ESP: 'yes',
      spi: '0xDB58B62',
      'src-address': '192.168.80.1',
      'dst-address': '192.168.90.1',
      state: 'mature',
      'auth-algorithm': 'sha1',
      'enc-algorithm': 'aes-cbc',
      'enc-key-size': '128',
      'auth-key': '00112233',
      'enc-key': '8899aabb',
      'add-lifetime': '24m12s/30m15s',
      'current-bytes': '84',
      replay: '128',
    },
  };
  const peer = {
    id: '*1',
    values: {
      responder: 'yes',
      state: 'established',
      uptime: '1m5s',
      'ph2-total': '1',
      'remote-address': '192.168.80.1',
    },
  };
  const calls: unknown[] = [];
  const session = console(
    '',
    {
      '/ip ipsec installed-sa': [sa],
      '/ip ipsec active-peers': [peer],
      '/log': [
        { id: '*1', values: { time: '07:28:34', topics: 'ipsec,debug,packet', message: 'policy ipsec fwd:[0] -[0]' } },
      ],
      '/interface': [{ id: '*1', values: { name: 'ether1', type: 'ether', 'actual-mtu': '1500', running: 'yes' } }],
    },
    {
      state: (menu) => (menu === '/ip ipsec statistics' ? { 'in-no-states': '7' } : {}),
      command: (menu, name, args, rows) => {
        calls.push([menu, name, args, rows.map((row) => row.id)]);
        return name === 'flush' ? 'flushed' : undefined;
      },
    },
  );
  test('installed-sa, keys hidden unless asked for', () => {
    const shown = session.execute('/ip ipsec installed-sa print', { width: 100 }).output;
    assert.equal(
      shown,
      `Flags: S - seen-traffic, H - hw-aead, A - AH, E - ESP
 0   E spi=0xDB58B62 src-address=192.168.80.1 dst-address=192.168.90.1 state=mature
       auth-algorithm=sha1 enc-algorithm=aes-cbc enc-key-size=128 auth-key="*****" enc-key="*****"
       add-lifetime=24m12s/30m15s current-bytes=84 replay=128
`,
    );
    const open = session.execute('/ip ipsec installed-sa print show-sensitive').output;
    assert.match(open, /auth-key="00112233" enc-key="8899aabb"/);
    assert.doesNotMatch(session.execute('/ip ipsec installed-sa print as-value').output, /0011|8899/);
  });
  test('active-peers', () => {
    assert.equal(
      session.execute('/ip ipsec active-peers print').output,
      `Flags: R - RESPONDER
Columns: STATE, UPTIME, PH2-TOTAL, REMOTE-ADDRESS
#   STATE        UPTIME  PH2-TOTAL  REMOTE-ADDRESS
0 R established  1m5s            1  192.168.80.1
`,
    );
  });
  test('log, statistics, interfaces', () => {
    assert.equal(session.execute('/log print').output, '07:28:34 ipsec,debug,packet policy ipsec fwd:[0] -[0]\n');
    assert.match(session.execute('/ip ipsec statistics print').output, /^ +in-no-states: 7$/m);
    assert.equal(session.execute(':put [/ip ipsec statistics get in-no-states]').output, '7\n');
    session.execute('/interface set 0 mtu=1400');
    session.execute('/interface set ether9 disabled=yes');
    assert.equal(
      session.execute('/interface print detail').output,
      `Flags: D - dynamic, X - disabled, R - running, S - slave
 0  R  name="ether1" type="ether" mtu=1400 actual-mtu=1500

 1 ${' X '.trimEnd()}  name="ether9" mtu=auto
`,
    );
    assert.equal(
      session.execute('/interface export').output,
      '/interface\nset ether1 mtu=1400\nset ether9 disabled=yes\n',
    );
  });
  test('what is set back for a device is forgotten', () => {
    session.execute('/interface; disable ether7; enable ether7; reset ether9; set ether1 mtu=auto');
    assert.deepEqual(session.configuration.items('/interface'), []);
    assert.equal(session.execute('/interface export').output, '');
  });
  test('commands reach the daemon', () => {
    assert.equal(session.execute('/ip ipsec installed-sa flush').output, 'flushed\n');
    session.execute(
      '/ip ipsec active-peers\nkill-connections\nremove 0\nrekey\nrekey 0\nrekey [find state=none]\nremove [find state=none]\n:log info "hello"\n/log warning message=x',
    );
    assert.deepEqual(calls, [
      ['/ip ipsec installed-sa', 'flush', {}, []],
      ['/ip ipsec active-peers', 'kill-connections', {}, []],
      ['/ip ipsec active-peers', 'remove', {}, ['*1']],
      ['/ip ipsec active-peers', 'rekey', {}, []],
      ['/ip ipsec active-peers', 'rekey', {}, ['*1']],
      ['/log', 'info', { message: 'hello' }, []],
      ['/log', 'warning', { message: 'x' }, []],
    ]);
  });
});
