import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Child, IkePair, type IkePairOptions, type Plane } from './ike-pair.ts';

export const gcm: Child = {
  name: 'gcm',
  proposal: 'enc-algorithms=aes-128-gcm auth-algorithms=null pfs-group=x25519',
  esp: 'aes128gcm16-x25519',
};
const cbc: Child = {
  name: 'cbc',
  proposal: 'enc-algorithms=aes-256-cbc auth-algorithms=sha256 pfs-group=none',
  esp: 'aes256-sha256',
};

/** What is between the two, and which mode; each with the side initiating that has not been tried in it yet. */
const paths: readonly (Omit<IkePairOptions, 'plane' | 'children'> & {
  readonly name: string;
  readonly wire: 'esp' | 'esp-in-udp';
  /** Those that a kernel without ESP can show are tested in namespaces for the userspace data plane. */
  readonly planes: readonly Plane[];
  /** The NAT forgets what it has mapped, and the next packet comes from another port. */
  readonly rebinds?: boolean;
})[] = [
  {
    name: 'transport mode, IPv4, we initiate',
    initiator: 'routeplane',
    mode: 'transport',
    wire: 'esp',
    planes: ['kernel', 'userspace'],
  },
  {
    name: 'transport mode, IPv6, we respond',
    initiator: 'strongswan',
    mode: 'transport',
    ipv6: true,
    wire: 'esp',
    planes: ['kernel', 'userspace'],
  },
  {
    name: 'tunnel mode, IPv4 in IPv6, we initiate',
    initiator: 'routeplane',
    ipv6: true,
    wire: 'esp',
    planes: ['kernel'],
  },
  {
    name: 'we are behind a NAT that moves ports',
    initiator: 'routeplane',
    nat: true,
    wire: 'esp-in-udp',
    planes: ['kernel', 'userspace'],
  },
  {
    name: 'strongSwan is behind a NAT that moves ports',
    initiator: 'strongswan',
    nat: true,
    wire: 'esp-in-udp',
    planes: ['kernel'],
    rebinds: true,
  },
];

/** Both sides' logs, when `body` fails: they tell why. */
async function telling(pair: IkePair, body: () => Promise<void>): Promise<void> {
  try {
    await body();
  } catch (error) {
    process.stderr.write(pair.logs);
    throw error;
  }
}

/** Tests on one pair, in their order. */
export function pairCases(
  title: string,
  options: IkePairOptions,
  cases: Readonly<Record<string, (pair: IkePair) => Promise<void>>>,
): void {
  describe(title, () => {
    let pair: IkePair;
    before(async () => {
      pair = await IkePair.open(options);
      await telling(pair, () => pair.connect());
    });
    after(() => pair?.close());
    for (const [name, body] of Object.entries(cases)) {
      test(`${title}: ${name}`, () => telling(pair, () => body(pair)));
    }
  });
}

/** The kernel tells of the new port (XFRM_MSG_MAPPING), and what we send goes there. */
async function rebound(pair: IkePair): Promise<void> {
  const { topology, wan } = pair.net;
  topology.nat(wan, 'to-r2', '40000-49999');
  await wan.exec('conntrack', ['-F']);
  await pair.traffic(0, 'theirs');
  await pair.traffic(0, 'ours');
  assert.match(pair.ourNamespace.ip('xfrm', 'state'), /encap type espinudp sport 4500 dport 4\d{4}\b/);
}

async function inOrder(pair: IkePair): Promise<void> {
  await pair.traffic(1, 'ours');
  assert.deepEqual((await pair.swan.children()).map(({ name }) => name).sort(), ['cbc', 'gcm']);
  assert.deepEqual(pair.clear(), []);
  const [from, to] = [pair.inner('ours', 0), pair.inner('theirs', 0)];
  const menu = '/ip ipsec policy';
  await pair.router.exec(`${menu} add src-address=${from}/32 dst-address=${to}/32 action=discard place-before=1`);
  assert.deepEqual((await pair.ourEcho.ask(from, to, [100], 2000)).failed, [100], 'discarded');
  assert.deepEqual(pair.clear(), []);
  await pair.traffic(1, 'ours');
  await pair.router.exec(`${menu} set [find action=discard] action=none`);
  // charon's policies want ESP: what comes without is dropped there.
  assert.deepEqual((await pair.ourEcho.ask(from, to, [100], 2000)).failed, [100], 'in clear');
  assert.match(pair.clear().join(), new RegExp(`^udp ${from} > ${to}`));
  await pair.router.exec(`${menu} remove [find action=none]`);
  await pair.traffic(0, 'ours');
}

async function flushed(pair: IkePair): Promise<void> {
  for (const command of ['/ip ipsec installed-sa flush', '/ip ipsec active-peers kill-connections']) {
    const before = (await pair.swan.children()).map(({ spiIn }) => spiIn);
    await pair.router.exec(command);
    // The next packet asks for new ones.
    await pair.traffic(0, 'ours');
    const after = (await pair.swan.children()).map(({ spiIn }) => spiIn);
    assert.ok(
      after.some((spi) => !before.includes(spi)),
      `${command}: ${before} became ${after}`,
    );
  }
}

export function modeCases(plane: Plane): void {
  const title = `${plane} data plane with charon's kernel ESP`;
  for (const { name, wire, planes, rebinds, ...options } of paths) {
    if (!planes.includes(plane)) continue;
    pairCases(
      `${title}, ${name}`,
      { ...options, plane, children: [gcm] },
      {
        'traffic both ways': async (pair) => {
          const sa = await pair.assertTraffic();
          assert.equal(sa.mode, options.mode === 'transport' ? 'TRANSPORT' : 'TUNNEL');
          assert.equal(sa.udpEncapsulation, wire === 'esp-in-udp');
          await pair.capture.caughtUp();
          const kinds = pair.capture.count();
          assert.ok((kinds[wire] ?? 0) > 0, JSON.stringify(kinds));
          assert.equal(kinds[wire === 'esp' ? 'esp-in-udp' : 'esp'] ?? 0, 0, JSON.stringify(kinds));
          assert.deepEqual(pair.clear(), []);
        },
        ...(rebinds && { 'the NAT maps anew, and we follow': rebound }),
      },
    );
  }
  pairCases(
    title,
    { plane, initiator: 'routeplane', children: [gcm, cbc] },
    {
      'flush and kill-connections, the next packet sets up anew': flushed,
      'the first policy that matches decides': inOrder,
    },
  );
}
