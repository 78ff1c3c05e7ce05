import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RouteNetlink } from '#lib/rtnl/index.js';

const ends = { local: '192.0.2.1', remote: '192.0.2.2' };
const ends6 = { local: '2001:db8::1', remote: '2001:db8::2' };

test('tunnel links are made as they are asked for', () => {
  using netlink = new RouteNetlink();
  const { links } = netlink;
  const cases = [
    ['gre', { ...ends, key: 7, ttl: 64, tos: 1, pathMtuDiscovery: true }],
    ['gretap', { ...ends, remote: '192.0.2.3', key: 8, ttl: 0, tos: 0, pathMtuDiscovery: true }],
    ['ipip', { ...ends, ttl: 10, tos: 0, pathMtuDiscovery: true }],
    ['sit', { ...ends, ttl: 0, tos: 0, pathMtuDiscovery: true }],
    ['ip6gre', { ...ends6, key: 9, ttl: 64, tos: 1 }],
    ['ip6gretap', { ...ends6, remote: '2001:db8::3', ttl: 63, tos: 0xb8 }],
    ['ip6tnl', { ...ends6, ttl: 62, tos: 0 }],
    ['xfrm', { ifId: 42 }],
  ] as const;
  for (const [kind, tunnel] of cases) {
    const name = `t-${kind}`;
    links.add({ name, kind, tunnel, ...(kind === 'xfrm' && { parent: 1 }) });
    const link = links.get(name);
    assert.equal(link?.kind, kind);
    for (const [property, value] of Object.entries(tunnel))
      assert.equal((link.tunnel as Record<string, unknown>)[property], value, `${kind} ${property}`);
    assert.equal(link.parent, kind === 'xfrm' ? 1 : 0);
    links.set(name, { up: true, mtu: 1300 });
    assert.equal(links.get(name)?.mtu, 1300);
    links.delete(name);
    assert.equal(links.get(name), undefined);
  }
  const at = { name: 't-wrong', kind: 'ip6tnl' } as const;
  assert.throws(() => links.add({ ...at, tunnel: ends }), /tunnel\.local: not an IPv6 address/);
  assert.throws(() => links.add({ ...at, kind: 'gre', tunnel: ends6 }), /tunnel\.local: not an IPv4 address/);
});
