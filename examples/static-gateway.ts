/**
 * A whole gateway with static SAs, past the kernel where an interface can. As root, on both ends:
 *   KEY=... node build/examples/static-gateway.js OWN-ADDRESS OWN-LAN OWN-SPI PEER-ADDRESS PEER-LAN PEER-SPI
 * KEY is 40 hexadecimal digits: an AES-128 key and its salt (RFC 4106 8.1), in the environment because everybody sees arguments.
 * A restart needs a new KEY: sequence numbers begin at 1 again. `routeplane/ike` makes new ones.
 */
import { UserspaceDataPlane } from 'routeplane/dataplane';

const [own = '', ownLan = '', ownSpi, peer = '', peerLan = '', peerSpi] = process.argv.slice(2);
const key = process.env['KEY'] ?? '';
if (Number(ownSpi) === Number(peerSpi))
  throw new Error('OWN-SPI and PEER-SPI have to differ: they make the two keys differ');
const any = { first: 0, last: 65535 };
const selector = { local: ownLan, remote: peerLan, protocol: 0, localPorts: any, remotePorts: any };
const plane = new UserspaceDataPlane({ ike() {}, acquire() {}, expire() {}, mapping() {} }, { xdp: 'auto' });
function add(direction: 'in' | 'out', src: string, dst: string, spi: number): void {
  // Each direction has a key of its own: one key must never seal two packets of the same number.
  const encryptionKey = Buffer.from(key, 'hex').map((byte, i) => byte ^ (spi >> (8 * (i % 4))));
  const suite = { encryption: 'aes-gcm', encryptionKey, integrity: 'none', integrityKey: new Uint8Array(0) } as const;
  const sa = { direction, spi, protocol: 'esp', mode: 'tunnel', src, dst, esn: true, reqid: 1 } as const;
  plane.addSa({ ...sa, ...suite, selectors: [selector] });
}
add('in', peer, own, Number(ownSpi));
add('out', own, peer, Number(peerSpi));
const encrypt = { action: 'encrypt', level: 'require', protocols: ['esp'], mode: 'tunnel', reqid: 1 } as const;
plane.setPolicies([{ id: 1, selector, ...encrypt }]);
for (const { interface: name, detail } of plane.xdpStates()) console.log(`${name}: ${detail}`);
console.log('ready');
process.once('SIGTERM', () => plane.close());
