/**
 * Two gateways with static SAs, each in a network namespace of its own, and a ping from one LAN side to the other.
 * Run as root: node build/examples/dataplane.js
 */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type SaSpec, type Selector, UserspaceDataPlane } from 'routeplane/dataplane';

const any = { first: 0, last: 65535 };
const sides = {
  left: { outer: '192.0.2.1', lan: '10.1.0.0/24', inner: '10.1.0.1', spi: 0x1001 },
  right: { outer: '192.0.2.2', lan: '10.2.0.0/24', inner: '10.2.0.1', spi: 0x1002 },
} as const;
type Side = keyof typeof sides;

/** What one gateway does. Real keys come out of a key exchange: `routeplane/ike`. */
function gateway(side: Side): void {
  const [mine, peer] = side === 'left' ? [sides.left, sides.right] : [sides.right, sides.left];
  const selector: Selector = {
    local: mine.lan,
    remote: peer.lan,
    protocol: 0,
    localPorts: any,
    remotePorts: any,
  };
  const common = {
    protocol: 'esp',
    mode: 'tunnel',
    udp: { srcPort: 4500, dstPort: 4500 },
    encryption: 'aes-gcm',
    integrity: 'none',
    integrityKey: new Uint8Array(0),
    esn: true,
    reqid: 1,
    selectors: [selector],
  } as const satisfies Partial<SaSpec>;
  const key = (label: number) => new Uint8Array(20).fill(label);

  const plane = new UserspaceDataPlane({
    ike: () => {},
    acquire: (event) => console.log(`${side}: acquire`, event),
    expire: (event) => console.log(`${side}: expire`, event),
    mapping: (event) => console.log(`${side}: mapping`, event),
    drop: ({ counter, total }) => console.log(`${side}: ${counter} ${total}`),
  });
  plane.addSa({
    ...common,
    direction: 'in',
    spi: mine.spi,
    src: peer.outer,
    dst: mine.outer,
    encryptionKey: key(mine.spi & 0xff),
  });
  plane.addSa({
    ...common,
    direction: 'out',
    spi: peer.spi,
    src: mine.outer,
    dst: peer.outer,
    encryptionKey: key(peer.spi & 0xff),
  });
  plane.setPolicies([
    { id: 1, selector, action: 'encrypt', level: 'require', protocols: ['esp'], mode: 'tunnel', reqid: 1 },
  ]);
  process.on('SIGTERM', () => {
    const { plainInPackets, plainOutPackets, cipherInPackets, cipherOutPackets } = plane.threadStatistics();
    console.log(
      `${side}: ${plainInPackets} packets in from the LAN, ${cipherOutPackets} out as ESP, ` +
        `${cipherInPackets} in as ESP, ${plainOutPackets} out to the LAN`,
    );
    plane.close();
  });
  console.log('ready');
}

async function main(): Promise<void> {
  const ip = (command: string): string => execFileSync('ip', command.split(' '), { encoding: 'utf8' });
  const namespace = (side: Side): string => `rp-example-${process.pid}-${side}`;
  const script = fileURLToPath(import.meta.url);
  try {
    for (const side of ['left', 'right'] as const) ip(`netns add ${namespace(side)}`);
    ip(`-n ${namespace('left')} link add wan type veth peer name wan netns ${namespace('right')}`);
    for (const side of ['left', 'right'] as const) {
      const inside = `-n ${namespace(side)}`;
      ip(`${inside} link set lo up`);
      ip(`${inside} link set wan up`);
      ip(`${inside} address add ${sides[side].outer}/24 dev wan`);
      ip(`${inside} address add ${sides[side].inner}/32 dev lo`);
    }
    const gateways = (['left', 'right'] as const).map((side) =>
      spawn('ip', ['netns', 'exec', namespace(side), process.execPath, script, side], {
        stdio: ['ignore', 'pipe', 'inherit'],
      }),
    );
    for (const { stdout } of gateways) {
      await once(stdout, 'data');
      stdout.pipe(process.stdout);
    }
    console.log(ip(`netns exec ${namespace('left')} ping -c 3 -i 0.2 -I ${sides.left.inner} ${sides.right.inner}`));
    for (const child of gateways) {
      child.kill('SIGTERM');
      await once(child, 'close');
    }
  } finally {
    for (const side of ['left', 'right'] as const) ip(`netns del ${namespace(side)}`);
  }
}

const side = process.argv[2];
if (side === 'left' || side === 'right') gateway(side);
else await main();
