// What the network of this host is, and how it changes. In a namespace of its own (`unshare --net --map-root-user`)
// it also makes links, a route and a policy rule, and listens to what the kernel says about them.
import { NetlinkError, type NetworkChange, RouteNetlink } from 'routeplane/rtnl';

using netlink = new RouteNetlink();
const { links, addresses, routes, rules } = netlink;

for (const link of links.dump()) {
  const own = addresses.dump({ index: link.index }).map((a) => a.address);
  console.log(`${link.index}: ${link.name} ${link.up ? 'up' : 'down'} mtu ${link.mtu} ${own.join(' ')}`);
}
try {
  const { gateway, oif, prefsrc } = routes.get('192.0.2.1');
  console.log(`192.0.2.1: out of ${links.get(oif)?.name}, by ${gateway ?? 'itself'}, from ${prefsrc}`);
} catch (error) {
  if (!(error instanceof NetlinkError)) throw error;
  console.log(`192.0.2.1: ${error.code}`);
}

const alone = links.dump().length === 1;
if (alone && process.getuid?.() === 0) {
  const changes = netlink.monitor({ kinds: ['link', 'address', 'route', 'rule'] });
  links.add({ name: 'ether1', kind: 'veth', peer: { name: 'far1' } });
  for (const name of ['far1', 'ether1']) links.set(name, { up: true });
  const index = links.get('ether1')?.index ?? 0;
  addresses.add({ index, address: '10.0.0.1/24' });
  routes.add({ dst: '10.1.0.0/16', gateway: '10.0.0.2', table: 100 });
  rules.add({ family: 'inet', fwmark: 7, table: 100, priority: 1000 });
  console.log(`with mark 7: ${routes.get({ dst: '10.1.2.3', mark: 7 }).gateway}`);
  try {
    routes.add({ dst: '10.2.0.0/16', gateway: '203.0.113.1' });
  } catch (error) {
    if (error instanceof NetlinkError) console.log(`refused: ${error.code}: ${error.extack}`);
  }
  const describe = (change: NetworkChange): string =>
    change.kind === 'overflow' ? 'some were lost' : `${change.kind} ${change.removed ? 'gone' : 'there'}`;
  let heard = 0;
  for await (const change of changes) {
    heard++;
    if (change.kind !== 'rule') continue;
    console.log(`${heard} changes heard, the last one: ${describe(change)}`);
    break;
  }
}
