import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Configuration } from '#lib/routeros/configuration.js';
import { Console } from '#lib/routeros/console.js';
import type { Row } from '#lib/routeros/index.js';
import { RouteNetlink } from '#lib/rtnl/index.js';
import { Log } from '#lib/runtime/log.js';
import { SystemService } from '#lib/runtime/system/index.js';
import { configurationProtocol } from '#lib/runtime/system/protocol.js';
import { until } from '../lab/index.ts';
import { inOwnNamespace } from './own-namespace.ts';

function ip(...args: readonly string[]): string {
  return execFileSync('ip', args, { encoding: 'utf8' });
}

/** Addresses but the kernel's own link-local ones, routes, devices and switches of the namespace. */
function state(): string {
  const forwarding = ['ipv4/ip_forward', 'ipv6/conf/all/forwarding'].map((path) =>
    readFileSync(`/proc/sys/net/${path}`, 'utf8'),
  );
  const lines = [ip('-o', 'address'), ip('route'), ip('-6', 'route'), ip('-o', 'link', 'show', 'type', 'bridge')]
    .join('')
    .split('\n')
    .filter((line) => !line.includes('fe80:'));
  const mtu = ['ether1', 'ether2'].map((name) => /mtu \d+/.exec(ip('link', 'show', name))?.[0]);
  return [...lines, ...forwarding, ...mtu].join('\n');
}

class Router {
  readonly configuration = new Configuration();
  readonly log = new Log();
  readonly system = new SystemService({ configuration: this.configuration, log: this.log });
  readonly #console = new Console(this.configuration);

  private constructor(text: string) {
    this.configuration.provider = this.system.provider;
    this.execute(text);
  }
  /** Resolves when the links are running: the kernel says so a moment after they were brought up. */
  static async start(text: string): Promise<Router> {
    const router = new Router(text);
    await router.system.start();
    const ready = (): boolean =>
      router.row('/ip route', 'dst-address', '0.0.0.0/0')['active'] === 'yes' &&
      /nexthop via 10\.1\.0\.2 dev ether1.*nexthop via 10\.3\.0\.2 dev ether2/s.test(ip('route')) &&
      router.row('/interface bridge port', 'interface', 'ether3')['inactive'] === 'no';
    try {
      await until(ready, 20_000, () => router.execute('/ip route print'));
    } catch (error) {
      router.system.close();
      throw error;
    }
    return router;
  }
  execute(text: string): string {
    return this.#console.execute(text).output;
  }
  /** One row of a menu, by a property. */
  row(menu: string, property: string, value: string): Row['values'] {
    const found = this.configuration.rows(menu).find((row) => row.values[property] === value);
    assert.ok(found, `${menu} has no ${property}=${value}`);
    return found.values;
  }
  get messages(): string {
    return this.log
      .entries()
      .map((entry) => entry.message)
      .join('\n');
  }
  [Symbol.dispose](): void {
    this.system.close();
  }
}

const file = `
/interface set ether1 mtu=1400
/ip address
add address=10.1.0.1/24 interface=ether1
add address=10.2.0.1/32 network=10.2.0.2 interface=ether1
add address=10.3.0.1/24 interface=ether2
add address=10.9.0.1/24 interface=ether9
/ipv6 address
add address=2001:db8:1::1/64 interface=ether1 no-dad=yes
add address=2001:db8:2::/64 interface=ether1 eui-64=yes no-dad=yes
/ip route
add gateway=10.1.0.2
add dst-address=10.20.0.0/16 gateway=10.1.0.2,10.3.0.2 distance=5
add dst-address=10.21.0.0/16 gateway=10.9.0.2
add dst-address=10.22.0.0/16 gateway=ether1
add dst-address=10.23.0.0/16 blackhole
add dst-address=10.24.0.0/16 gateway=10.1.0.2 disabled=yes
/ipv6 route
add gateway=2001:db8:1::2
add dst-address=2001:db8:7::/48 gateway=fe80::7%ether1
/interface bridge
add name=bridge1 admin-mac=02:00:00:00:0b:01
/interface bridge port
add bridge=bridge1 interface=ether3
`;

inOwnNamespace(import.meta.url, () => {
  ip('link', 'set', 'lo', 'up');
  for (const n of [1, 2, 3]) {
    const mac = `02:00:00:00:00:0${n}`;
    ip('link', 'add', `ether${n}`, 'address', mac, 'type', 'veth', 'peer', 'name', `far${n}`);
    ip('link', 'set', `far${n}`, 'up');
  }
  ip('link', 'set', 'ether2', 'up');
  ip('address', 'add', '10.3.0.1/24', 'dev', 'ether2');
  const before = state();

  test('the configuration is in the kernel, and print tells what became of it', async () => {
    using router = await Router.start(file);
    const routes = ip('route');
    assert.match(routes, /^default via 10\.1\.0\.2 dev ether1 proto 83 metric 1 $/m);
    assert.match(
      routes,
      /^10\.20\.0\.0\/16 proto 83 metric 5 \n\tnexthop via 10\.1\.0\.2 dev ether1 weight 1 \n\tnexthop via 10\.3\.0\.2 dev ether2/m,
    );
    assert.match(routes, /^10\.22\.0\.0\/16 dev ether1 proto 83 scope link metric 1 $/m);
    assert.match(routes, /^blackhole 10\.23\.0\.0\/16 proto 83 metric 1 $/m);
    assert.doesNotMatch(routes, /10\.21\.|10\.24\./);
    assert.match(ip('-6', 'route'), /^default via 2001:db8:1::2 dev ether1 proto 83 metric 257/m);
    assert.match(ip('-6', 'route'), /^2001:db8:7::\/48 via fe80::7 dev ether1 proto 83 metric 257/m);
    assert.match(ip('address', 'show', 'ether1'), /inet 10\.2\.0\.1 peer 10\.2\.0\.2\/32/);
    assert.match(ip('address', 'show', 'ether1'), /inet6 2001:db8:2:0:0:ff:fe00:1\/64|inet6 2001:db8:2::ff:fe00:1\/64/);
    assert.match(ip('link', 'show', 'ether3'), /master bridge1/);
    assert.match(ip('link', 'show', 'bridge1'), /02:00:00:00:0b:01/);
    assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '1');
    assert.equal(readFileSync('/proc/sys/net/ipv6/conf/all/forwarding', 'utf8').trim(), '1');

    const ether1 = router.row('/interface', 'name', 'ether1');
    assert.deepEqual(
      ['type', 'actual-mtu', 'mac-address', 'running', 'disabled', 'slave'].map((name) => ether1[name]),
      ['ether', '1400', '02:00:00:00:00:01', 'yes', 'no', 'no'],
    );
    assert.equal(router.row('/interface', 'name', 'ether3')['slave'], 'yes');
    assert.equal(router.row('/interface bridge port', 'interface', 'ether3')['inactive'], 'no');
    const address = router.row('/ip address', 'address', '10.1.0.1/24');
    assert.deepEqual(
      [address['network'], address['actual-interface'], address['invalid']],
      ['10.1.0.0', 'ether1', 'no'],
    );
    assert.equal(router.row('/ip address', 'address', '10.9.0.1/24')['invalid'], 'yes');
    const lines = router.execute('/ip route print').replace(/ +/g, ' ');
    assert.match(lines, /As 0\.0\.0\.0\/0 10\.1\.0\.2 1/);
    assert.match(lines, /Is 10\.21\.0\.0\/16 10\.9\.0\.2 1/);
    assert.match(lines, /AsB 10\.23\.0\.0\/16/);
    assert.match(lines, /X s 10\.24\.0\.0\/16/);
    assert.match(lines, /DAc 10\.1\.0\.0\/24 10\.1\.0\.1 ether1 0/);
    const ecmp = router.row('/ip route', 'dst-address', '10.20.0.0/16');
    assert.equal(ecmp['immediate-gw'], '10.1.0.2%ether1,10.3.0.2%ether2');
    assert.match(router.execute('/ipv6 address print').replace(/ +/g, ' '), /DL fe80::/);
    assert.match(router.messages, /\/ip address 10\.9\.0\.1\/24 on ether9: interface: ether9 is not there/);
  });

  test('what was there before is there after, and nothing else', () => {
    assert.equal(state(), before);
  });

  let beforeChanges = '';
  test('links that stay up from here on', async () => {
    // A link that is brought up again and again runs only some time after.
    for (const name of ['ether1', 'ether3']) ip('link', 'set', name, 'up');
    const up = (name: string): boolean => ip('link', 'show', name).includes('state UP');
    await until(() => ['ether1', 'ether2', 'ether3'].every(up), 20_000);
    beforeChanges = state();
  });

  test('changes of the configuration are changes of the kernel', async () => {
    using router = await Router.start(file);
    router.execute('/ip route set [find dst-address=0.0.0.0/0] disabled=yes');
    assert.doesNotMatch(ip('route'), /default/);
    router.execute('/ip route set [find dst-address=0.0.0.0/0] disabled=no distance=9 gateway=10.3.0.9');
    assert.match(ip('route'), /^default via 10\.3\.0\.9 dev ether2 proto 83 metric 9 $/m);
    router.execute('/ip route set [find dst-address=10.22.0.0/16] gateway=ether2');
    assert.match(ip('route'), /^10\.22\.0\.0\/16 dev ether2/m);
    router.execute('/ip address set [find address=10.1.0.1/24] address=10.1.0.7/24');
    assert.match(ip('address', 'show', 'ether1'), /10\.1\.0\.7\/24/);
    assert.doesNotMatch(ip('address', 'show', 'ether1'), /10\.1\.0\.1\/24/);
    router.execute('/interface set ether1 disabled=yes');
    assert.doesNotMatch(ip('link', 'show', 'ether1'), /[<,]UP[,>]/);
    assert.equal(router.row('/ip route', 'dst-address', '10.20.0.0/16')['immediate-gw'], '10.3.0.2%ether2');
    router.execute('/interface set ether1 disabled=no mtu=1300');
    await until(() => router.row('/interface', 'name', 'ether1')['running'] === 'yes', 20_000);
    assert.match(ip('link', 'show', 'ether1'), /mtu 1300/);
    router.execute('/interface bridge port remove [find]\n/interface bridge remove bridge1');
    assert.equal(ip('-o', 'link', 'show', 'type', 'bridge'), '');
    router.execute('/ip address remove [find !dynamic]\n/ip route remove [find !dynamic]');
    assert.equal(readFileSync('/proc/sys/net/ipv4/ip_forward', 'utf8').trim(), '0');
    assert.match(ip('address', 'show', 'ether2'), /10\.3\.0\.1\/24/, 'it was there before');
  });

  test('an interface that appears brings its items to life, one that goes takes them along', async () => {
    using router = await Router.start(file);
    ip('link', 'add', 'ether9', 'type', 'veth', 'peer', 'name', 'far9');
    ip('link', 'set', 'far9', 'up');
    await until(() => router.row('/ip route', 'dst-address', '10.21.0.0/16')['active'] === 'yes', 20_000);
    assert.equal(router.row('/ip address', 'address', '10.9.0.1/24')['invalid'], 'no');
    assert.match(ip('route'), /^10\.21\.0\.0\/16 via 10\.9\.0\.2 dev ether9/m);
    ip('link', 'delete', 'ether9');
    await until(() => router.row('/ip route', 'dst-address', '10.21.0.0/16')['active'] === 'no', 20_000);
    assert.equal(router.row('/ip address', 'address', '10.9.0.1/24')['invalid'], 'yes');
    // What another hand takes away comes back.
    ip('address', 'delete', '10.1.0.1/24', 'dev', 'ether1');
    await until(() => /default via 10\.1\.0\.2/.test(ip('route')), 20_000);
  });

  test('what a killed daemon left is known again', async () => {
    using netlink = new RouteNetlink();
    const index = netlink.links.get('ether1')!.index;
    netlink.addresses.add({ index, address: '10.77.0.1/24', protocol: configurationProtocol });
    netlink.routes.add({ dst: '10.78.0.0/16', type: 'blackhole', protocol: configurationProtocol });
    using router = await Router.start(file);
    assert.doesNotMatch(`${ip('route')}${ip('address')}`, /10\.7[78]\./);
    assert.equal(router.row('/ip route', 'dst-address', '0.0.0.0/0')['active'], 'yes');
  });

  test("the kernel's refusal is one message that names item and property", async () => {
    using router = await Router.start(`${file}
/ip route add dst-address=10.30.0.0/16 gateway=10.1.0.2 pref-src=192.0.2.1
/interface bridge add name=ether2`);
    assert.match(router.messages, /^\/interface bridge ether2: name: ether2 is there and is no bridge$/m);
    assert.match(router.messages, /^\/ip route 10\.30\.0\.0\/16: pref-src: Invalid prefsrc address \(EINVAL\)$/m);
    assert.equal(router.row('/ip route', 'dst-address', '10.30.0.0/16')['inactive'], 'yes');
    router.system.apply();
    assert.equal(router.messages.match(/Invalid prefsrc/g)?.length, 1);
    router.execute('/ip route set [find dst-address=10.30.0.0/16] pref-src=10.1.0.1');
    assert.match(ip('route'), /^10\.30\.0\.0\/16 via 10\.1\.0\.2 dev ether1 proto 83 src 10\.1\.0\.1 metric 1 $/m);
  });

  test('what the kernel side cannot do is refused at its line', async () => {
    using router = await Router.start(file);
    const refused = (text: string, message: RegExp) =>
      assert.throws(() => router.execute(text), { name: 'ConfigError', message });
    refused('/interface set ether1 name=wan', /name in \/interface: renaming/);
    refused('/interface bridge set bridge1 protocol-mode=stp', /protocol-mode=stp in \/interface bridge/);
    refused('/interface vlan add vlan-id=4095 interface=ether1', /vlan-id in \/interface vlan: is reserved/);
    refused('/interface bridge add name=a-bridge-with-a-long-name', /name in \/interface bridge: .*15 octets/);
    refused('/ip address add address=10.6.0.1/24 network=10.7.0.0 interface=ether1', /10\.7\.0\.0 is not the network/);
    refused('/ip route add dst-address=10.0.0.0/8', /gateway in \/ip route: is needed/);
    refused('/ip route add gateway=10.1.0.2 routing-table=blue', /routing-table in \/ip route: blue/);
    refused('/ipv6 address add address=2001:db8::/48 eui-64=yes interface=ether1', /eui-64/);
  });

  test('a thousand static routes', async () => {
    const lines = Array.from(
      { length: 1000 },
      (_, i) => `add dst-address=172.${16 + (i >> 8)}.${i & 255}.0/24 gateway=10.1.0.2`,
    );
    using router = await Router.start(`${file}/ip route\n${lines.join('\n')}\n`);
    assert.equal(ip('route').match(/^172\./gm)?.length, 1000);
    assert.equal(router.row('/ip route', 'dst-address', '172.19.0.0/24')['active'], 'yes');
  });

  test('after all of this the namespace is as it was', () => {
    assert.equal(state(), beforeChanges);
  });
});
