import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { ClosedError, NetlinkError } from '#lib/errors.js';
import { type NetworkChange, RouteNetlink, RTPROT } from '#lib/rtnl/index.js';
import { until } from '../lab/index.ts';
import { inOwnNamespace } from './own-namespace.ts';

type Row = Record<string, unknown>;

function ip(...args: readonly string[]): Row[] {
  const text = execFileSync('ip', ['-j', '-d', ...args], { encoding: 'utf8' });
  return text.trim() ? (JSON.parse(text) as Row[]) : [];
}

/** The error that `work` throws, which has to be the kernel's. */
function refusal(work: () => void): NetlinkError {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof NetlinkError, String(error));
    return error;
  }
  return assert.fail('nothing was refused');
}

inOwnNamespace(import.meta.url, () => {
  const netlink = new RouteNetlink();
  const { links, addresses, routes, rules, neighbours } = netlink;
  const index = (name: string): number => links.get(name)!.index;

  test('links: made, changed, listed as ip lists them, deleted', async () => {
    links.set('lo', { up: true });
    links.add({ name: 'v0', kind: 'veth', mtu: 1400, macAddress: '02:00:00:00:00:01', peer: { name: 'v1' } });
    links.add({ name: 'br0', kind: 'bridge' });
    links.set('v0', { up: true });
    links.set('v1', { up: true, mtu: 1300, master: index('br0') });
    links.set('br0', { up: true });
    links.add({ name: 'gone', kind: 'veth', peer: { name: 'gone1' } });
    links.set('gone', { name: 'renamed' });
    assert.equal(links.get('gone'), undefined);
    links.delete('renamed');

    // The kernel says it a moment after they were brought up, and between two dumps it must not.
    const states = () => ['v0', 'v1', 'br0'].map((name) => links.get(name)?.operState);
    await until(
      () => states().every((state) => state === 'up'),
      20_000,
      () => `links that are up: ${states()}`,
    );
    const mine = links.dump();
    const theirs = ip('link');
    assert.deepEqual(
      mine.map((l) => [l.index, l.name, l.mtu, l.macAddress, l.type, l.kind, l.operState]),
      theirs.map((l) => [
        l['ifindex'],
        l['ifname'],
        l['mtu'],
        l['address'],
        l['link_type'],
        (l['linkinfo'] as Row | undefined)?.['info_kind'],
        String(l['operstate']).toLowerCase(),
      ]),
    );
    for (const [i, link] of mine.entries()) {
      const flags = theirs[i]!['flags'] as string[];
      assert.deepEqual(
        [link.up, link.lowerUp, link.loopback],
        ['UP', 'LOWER_UP', 'LOOPBACK'].map((f) => flags.includes(f)),
      );
    }
    assert.deepEqual(links.get(index('v0')), links.get('v0'));
    assert.equal(links.get('v0')?.parent, index('v1'));
    assert.deepEqual(
      links.dump({ master: index('br0') }).map((l) => l.name),
      ['v1'],
    );
    assert.deepEqual(
      links.dump({ kind: 'bridge' }).map((l) => l.name),
      ['br0'],
    );
    assert.equal(links.get('v0')?.statistics?.rxErrors, 0n);
    links.set('v1', { master: 0 });
    assert.equal(links.get('v1')?.master, undefined);
  });

  test('addresses: IPv4, IPv6, a peer, without a prefix route, listed as ip lists them', () => {
    const device = index('v0');
    addresses.add({ index: device, address: '10.1.0.1/24', broadcast: '10.1.0.255', label: 'v0:a' });
    addresses.add({ index: device, address: '10.2.0.1/32', peer: '10.2.0.2' });
    addresses.add({ index: device, address: '10.3.0.1/24', noprefixroute: true });
    addresses.add({ index: device, address: '2001:db8::1/64', nodad: true, validSeconds: 1000, preferredSeconds: 500 });
    const shown = ip('address', 'show', 'dev', 'v0')[0]!['addr_info'] as Row[];
    const own = addresses.dump({ index: device }).filter((a) => a.scope !== 'link');
    assert.deepEqual(
      own.map((a) => [a.address, a.peer, a.broadcast, a.noprefixroute]),
      shown
        .filter((a) => a['scope'] !== 'link')
        .map((a) => {
          const local = a['local'];
          return [`${local}/${a['prefixlen']}`, a['address'], a['broadcast'], a['noprefixroute'] === true];
        }),
    );
    assert.equal(own[0]?.label, 'v0:a');
    const six = own.find((a) => a.address === '2001:db8::1/64')!;
    assert.ok(six.nodad && !six.permanent && six.validSeconds! <= 1000 && six.preferredSeconds! <= 500);
    assert.ok(!routes.dump().some((r) => r.dst === '10.3.0.0/24'));
    addresses.delete({ index: device, address: '10.3.0.1/24' });
    assert.ok(!addresses.dump({ family: 'inet' }).some((a) => a.address === '10.3.0.1/24'));
    addresses.replace({ index: device, address: '2001:db8::1/64', nodad: true });
    assert.ok(
      addresses.dump({ family: 'inet6', index: device }).find((a) => a.address === '2001:db8::1/64')?.permanent,
    );
  });

  test('routes: added, replaced, resolved, deleted, listed as ip lists them', () => {
    const oif = index('v0');
    routes.add({ dst: '0.0.0.0/0', gateway: '10.1.0.2' });
    routes.add({ dst: '10.9.0.0/16', oif, priority: 7, prefsrc: '10.1.0.1', mtu: 1200 });
    routes.add({
      dst: '10.10.0.0/16',
      nexthops: [
        { gateway: '10.1.0.3', weight: 2 },
        { gateway: '10.1.0.4', weight: 256 },
      ],
    });
    routes.add({ dst: '10.11.0.0/16', gateway: 'fe80::9', oif });
    routes.add({ dst: '10.12.0.0/16', type: 'blackhole', protocol: 99 });
    routes.add({ dst: '2001:db8:1::/48', gateway: '2001:db8::2', priority: 5, table: 70000 });
    const hop = (r: Row): unknown => r['gateway'] ?? (r['via'] as Row | undefined)?.['host'];
    assert.deepEqual(
      routes
        .dump({ family: 'inet', table: 254 })
        .map((r) => [
          r.dst === '0.0.0.0/0' ? 'default' : r.dst.replace('/32', ''),
          r.gateway,
          r.oif ? links.get(r.oif)?.name : undefined,
          r.priority,
          r.prefsrc,
          r.type,
          r.nexthops?.map((n) => [n.gateway, n.weight]),
        ]),
      ip('route').map((r) => [
        r['dst'],
        hop(r),
        r['dev'],
        r['metric'],
        r['prefsrc'],
        r['type'],
        (r['nexthops'] as Row[] | undefined)?.map((n) => [n['gateway'], n['weight']]),
      ]),
    );
    assert.deepEqual(
      routes.dump({ table: 70000 }).map((r) => [r.dst, r.gateway, r.priority, r.table, r.protocol]),
      [['2001:db8:1::/48', '2001:db8::2', 5, 70000, RTPROT.STATIC]],
    );
    assert.deepEqual(
      routes.dump({ protocol: 99 }).map((r) => r.dst),
      ['10.12.0.0/16'],
    );
    assert.equal(routes.dump({ family: 'inet', table: 254 }).find((r) => r.dst === '10.9.0.0/16')?.mtu, 1200);

    const answer = routes.get('192.0.2.1');
    assert.deepEqual([answer.gateway, answer.oif, answer.prefsrc, answer.table], ['10.1.0.2', oif, '10.1.0.1', 254]);
    assert.equal(routes.get({ dst: '192.0.2.1', fibMatch: true }).dst, '0.0.0.0/0');
    const six = routes.get({ dst: '2001:db8::99' });
    assert.deepEqual([six.gateway, six.oif, six.prefsrc, six.src], [undefined, oif, '2001:db8::1', undefined]);
    assert.equal(refusal(() => routes.get('2001:db9::1')).code, 'ENETUNREACH');
    assert.equal(refusal(() => routes.get('10.12.0.1')).code, 'EINVAL');

    routes.replace({ dst: '0.0.0.0/0', gateway: '10.1.0.5' });
    assert.equal(routes.get('192.0.2.1').gateway, '10.1.0.5');
    routes.delete({ dst: '0.0.0.0/0' });
    assert.equal(refusal(() => routes.get('192.0.2.1')).code, 'ENETUNREACH');
  });

  test('rules: every selector and action comes back as it went', () => {
    const common = { invert: false, ipProtocol: 0, tos: 0, iifDetached: false, oifDetached: false, unresolved: false };
    const specs = [
      {
        family: 'inet',
        priority: 100,
        src: '10.0.0.0/8',
        dst: '192.0.2.0/24',
        fwmark: 1,
        fwmask: 0xff,
        invert: true,
        table: 1000,
        action: 'to-table',
        protocol: 99,
        ipProtocol: 17,
        srcPorts: { first: 500, last: 500 },
        dstPorts: { first: 1000, last: 65534 },
      },
      { family: 'inet6', priority: 101, iif: 'v0', action: 'blackhole', protocol: 99, table: 0 },
      { family: 'inet', priority: 102, action: 'goto', target: 104, protocol: 99, table: 0 },
      { family: 'inet', priority: 103, oif: 'absent', action: 'unreachable', protocol: 99, table: 0 },
      { family: 'inet', priority: 104, action: 'nop', protocol: 99, table: 0 },
    ] as const;
    for (const spec of [...specs].reverse()) rules.add(spec);
    const back = rules.dump({ protocol: 99 }).sort((a, b) => a.priority - b.priority);
    const expected = specs.map((spec) => ({ ...common, ...spec }));
    expected[3]!.oifDetached = true;
    const told = back.map((rule, i) =>
      Object.fromEntries(Object.keys(expected[i] ?? {}).map((key) => [key, rule[key as keyof typeof rule]])),
    );
    assert.deepEqual(told, expected);
    const shown = ip('rule').find((r) => r['priority'] === 100)!;
    assert.deepEqual([shown['src'], shown['srclen'], shown['fwmark'], shown['table']], ['10.0.0.0', 8, '0x1', '1000']);
    assert.equal(refusal(() => rules.add(specs[0])).code, 'EEXIST');
    const top = refusal(() => rules.add({ ...specs[0], priority: 99, dstPorts: { first: 1, last: 65535 } }));
    assert.equal(top.extack, 'Invalid dport range');
    for (const { family, priority } of specs) rules.delete({ family, priority });
    assert.deepEqual(rules.dump({ protocol: 99 }), []);
  });

  test('neighbours are listed', () => {
    ip('neighbour', 'add', '10.1.0.77', 'lladdr', '02:00:00:00:00:77', 'dev', 'v0');
    assert.deepEqual(
      neighbours.dump({ family: 'inet', index: index('v0') }).map((n) => [n.dst, n.macAddress, n.state]),
      [['10.1.0.77', '02:00:00:00:00:77', 'permanent']],
    );
  });

  test("refusals carry the kernel's text, the attribute and its offset", () => {
    const long = refusal(() => links.add({ name: 'longer-than-fifteen', kind: 'bridge' }));
    assert.deepEqual(
      [long.code, long.attribute, long.offset, long.syscall],
      ['ERANGE', 'IFLA_IFNAME', 32, 'RTM_NEWLINK'],
    );
    assert.ok(long.extack);
    assert.ok(long.message.includes(long.extack));
    assert.match(refusal(() => routes.add({ dst: '10.40.0.0/16', gateway: '203.0.113.1' })).extack, /gateway/);
    assert.match(refusal(() => links.set('v0', { mtu: 1 })).extack, /mtu/);
    assert.equal(refusal(() => links.set('absent', { up: true })).code, 'ENODEV');
    assert.equal(refusal(() => links.delete('absent')).code, 'ENODEV');
    assert.equal(refusal(() => addresses.add({ index: index('v0'), address: '10.1.0.1/24' })).code, 'EEXIST');
    assert.equal(refusal(() => routes.delete({ dst: '10.77.0.0/16' })).code, 'ESRCH');
  });

  test('what cannot be is a TypeError that names the property', () => {
    const wrong = (spec: object, property: RegExp) =>
      assert.throws(() => routes.add(spec as never), { name: 'TypeError', message: property });
    wrong({}, /^dst/);
    wrong({ dst: '10.0.0.0/33' }, /^dst/);
    wrong({ dst: '10.0.0.0/8', gatway: '10.1.0.2' }, /^gatway: no such property/);
    wrong({ dst: '10.0.0.0/8', oif: -1 }, /^oif/);
    wrong({ dst: '10.0.0.0/8', oif: 2 ** 32 }, /^oif/);
    wrong({ dst: '10.0.0.0/8', oif: 1.5 }, /^oif/);
    wrong({ dst: '10.0.0.0/8', type: 'wormhole' }, /^type/);
    wrong({ dst: '10.0.0.0/8', prefsrc: '::1' }, /^prefsrc/);
    wrong({ dst: '10.0.0.0/8', nexthops: [{ weight: 0 }] }, /weight/);
    assert.throws(() => routes.dump({ family: 'ipx' as never }), { name: 'TypeError', message: /^family/ });
    assert.throws(() => rules.add({}), { name: 'TypeError', message: /^family/ });
  });

  test('a thousand routes and rules in few calls, each with its own answer', () => {
    const oif = index('v0');
    const specs = Array.from({ length: 1000 }, (_, i) => ({
      dst: `10.${100 + (i >> 8)}.${i & 255}.0/24`,
      oif,
      table: 500,
    }));
    assert.ok(routes.applyAll('add', specs).every((refused) => refused === undefined));
    assert.equal(routes.dump({ table: 500 }).length, 1000);
    const again = routes.applyAll('add', [...specs.slice(0, 3), { dst: '10.200.0.0/16', oif, table: 500 }]);
    assert.deepEqual(
      again.map((refused) => refused?.code),
      ['EEXIST', 'EEXIST', 'EEXIST', undefined],
    );
    assert.ok(again[0] instanceof NetlinkError);
    const ruleSpecs = specs.map(({ dst }, i) => ({ src: dst, priority: 1000 + i, table: 500, protocol: 98 }));
    assert.ok(rules.applyAll('add', ruleSpecs).every((refused) => refused === undefined));
    assert.equal(rules.dump({ protocol: 98 }).length, 1000);
    assert.ok(rules.applyAll('delete', ruleSpecs).every((refused) => refused === undefined));
    assert.equal(rules.dump({ protocol: 98 }).length, 0);
    assert.ok(routes.applyAll('delete', specs).every((refused) => refused === undefined));
    assert.deepEqual(
      routes.dump({ table: 500 }).map((r) => r.dst),
      ['10.200.0.0/16'],
    );
  });

  test('the monitor tells changes in order and ends with close', async () => {
    const monitor = netlink.monitor({ kinds: ['link', 'address', 'route', 'rule'] });
    const device = index('v0');
    addresses.add({ index: device, address: '10.5.0.1/24' });
    addresses.delete({ index: device, address: '10.5.0.1/24' });
    rules.add({ family: 'inet', priority: 55, table: 55 });
    links.set('v0', { mtu: 1450 });
    const heard: NetworkChange[] = [];
    for await (const change of monitor) {
      heard.push(change);
      if (change.kind === 'link' && change.record.mtu === 1450) break;
    }
    const words = heard.map((c) => {
      if (c.kind === 'overflow' || c.kind === 'neighbour') return c.kind;
      const { record } = c;
      const what =
        'address' in record
          ? record.address
          : 'dst' in record
            ? record.dst
            : 'name' in record
              ? record.name
              : record.table;
      return `${c.kind} ${c.removed ? 'gone' : 'there'} ${what}`;
    });
    const at = [
      'address there 10.5.0.1/24',
      'route there 10.5.0.0/24',
      'address gone 10.5.0.1/24',
      'rule there 55',
    ].map((word) => words.indexOf(word));
    assert.ok(!at.includes(-1), words.join('\n'));
    assert.deepEqual([at[0]! < at[2]!, at[1]! < at[2]!, at[2]! < at[3]!], [true, true, true], words.join('\n'));
    assert.deepEqual(await monitor.next(), { value: undefined, done: true });
  });

  test('a monitor that cannot keep up says so and goes on', async () => {
    using monitor = netlink.monitor({ kinds: ['address'] });
    const device = index('v0');
    const specs = Array.from({ length: 4000 }, (_, i) => ({ index: device, address: `10.60.${i >> 8}.${i & 255}/32` }));
    // All in one go: nobody empties the socket meanwhile.
    assert.ok(addresses.applyAll('add', specs).every((refused) => refused === undefined));
    let heard = 0;
    for (;;) {
      const { value } = await monitor.next();
      if (value?.kind === 'overflow') break;
      heard++;
    }
    assert.ok(heard < specs.length);
    // Changes are dropped until it has taken in what is still queued: this one is made until it is heard.
    let resumed = false;
    void (async () => {
      for await (const change of monitor)
        if (change.kind === 'address' && change.removed && change.record.address === specs[0]!.address) resumed = true;
    })();
    await until(
      () => {
        addresses.replace(specs[0]!);
        addresses.delete(specs[0]!);
        return resumed;
      },
      20_000,
      'a change after the loss',
    );
    addresses.applyAll('delete', specs.slice(1));
  });

  test('a worker that ends leaves no descriptor behind, with its monitor open', async () => {
    const descriptors = (): number => readdirSync('/proc/self/fd').length;
    const code = `
      const { workerData, parentPort } = require('node:worker_threads');
      import(workerData).then(({ RouteNetlink }) => {
        const netlink = new RouteNetlink();
        netlink.monitor().next();
        parentPort.postMessage(netlink.links.dump().length);
      });`;
    const run = async (): Promise<void> => {
      const worker = new Worker(code, { eval: true, workerData: import.meta.resolve('#lib/rtnl/index.js') });
      const count = await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
      assert.equal(count, links.dump().length);
      await worker.terminate();
    };
    await run();
    const before = descriptors();
    for (let i = 0; i < 5; i++) await run();
    assert.equal(descriptors(), before);
  });

  test('neighbours are added, changed and deleted', () => {
    links.add({ name: 'nb0', kind: 'veth', peer: { name: 'nb1' } });
    links.set('nb0', { up: true });
    const { index } = links.get('nb0')!;
    const { neighbours } = netlink;
    neighbours.add({ index, dst: '10.99.0.9', macAddress: '02:00:00:00:00:09' });
    assert.throws(() => neighbours.add({ index, dst: '10.99.0.9' }), NetlinkError);
    neighbours.replace({ index, dst: '2001:db8:99::9', macAddress: '02:00:00:00:00:0a' });
    neighbours.replace({ index, dst: '10.99.0.9', macAddress: '02:00:00:00:00:0b' });
    const own = () => neighbours.dump({ index }).filter(({ state }) => state === 'permanent');
    assert.deepEqual(
      own()
        .map(({ dst, macAddress }) => [dst, macAddress])
        .sort(),
      [
        ['10.99.0.9', '02:00:00:00:00:0b'],
        ['2001:db8:99::9', '02:00:00:00:00:0a'],
      ],
    );
    neighbours.delete({ index, dst: '10.99.0.9' });
    assert.equal(own().length, 1);
    assert.throws(() => neighbours.add({ index, dst: 'x' }), /dst/);
    links.delete('nb0');
  });

  test('parameters of a tunnel that cannot be are refused by name', () => {
    const refused = (kind: string, tunnel: object, message: RegExp) =>
      assert.throws(() => links.add({ name: 'tn0', kind, tunnel }), message);
    refused('gre', { local: '2001:db8::1' }, /tunnel\.local: not an IPv4 address/);
    refused('ipip', { key: 1 }, /tunnel\.key: only GRE/);
    refused('xfrm', {}, /tunnel\.ifId: an xfrm interface needs one/);
    refused('sit', { ifId: 1 }, /tunnel\.ifId: only an xfrm/);
    refused('veth', { local: '192.0.2.1' }, /a link of kind veth has none/);
  });

  test('closed is closed', () => {
    const short = new RouteNetlink();
    short.close();
    short.close();
    assert.throws(() => short.links.dump(), ClosedError);
    netlink.close();
    assert.throws(() => routes.get('10.0.0.1'), ClosedError);
  });
});
