// `ip xfrm monitor`: what the kernel's IPsec does, as it does it. Needs CAP_NET_ADMIN. Ends when interrupted.
import { XfrmMonitor } from 'routeplane/xfrm';

using monitor = new XfrmMonitor();
for await (const event of monitor) {
  if (event.type === 'sa') console.log(event.change, event.sa.protocol, event.sa.src, '->', event.sa.dst, event.sa.spi);
  else if (event.type === 'policy') console.log(event.change, event.policy.direction, event.policy.selector);
  else if (event.type === 'acquire') console.log('acquire for', event.packet, 'by', event.policy.selector);
  else if (event.type === 'expire') console.log(event.hard ? 'hard' : 'soft', 'expiry of', event.sa.spi);
  else console.log(event);
}
