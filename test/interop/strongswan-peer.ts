import assert from 'node:assert/strict';
import {
  Capture,
  Routeplane,
  type Settings,
  type SiteToSite,
  StrongSwan,
  sites,
  siteToSite,
  until,
} from '../lab/index.ts';

/** One suite, as each side writes it. */
export interface Suite {
  /** Properties of `/ip ipsec profile add`. */
  readonly profile: string;
  /** Properties of `/ip ipsec proposal add`. */
  readonly proposal: string;
  /** strongSwan's words for the same, swanctl.conf(5). */
  readonly ike: string;
  readonly esp: string;
}

export const gcm: Suite = {
  profile: 'enc-algorithm=aes-128 hash-algorithm=sha256 dh-group=modp2048',
  proposal: 'enc-algorithms=aes-128-gcm auth-algorithms=sha256 pfs-group=modp2048',
  ike: 'aes128-sha256-modp2048',
  esp: 'aes128gcm16-modp2048',
};

export interface PairOptions {
  readonly suite?: Suite;
  /** Who may start the IKE_SA; the other one only answers. */
  readonly initiator: 'routeplane' | 'strongswan';
  /** The initiator's outer packets are translated on the way. */
  readonly nat?: boolean;
  /** IPv6 outside, IPv4 inside. */
  readonly ipv6?: boolean;
  readonly secret?: string;
  /** More properties of `/ip ipsec profile add`. */
  readonly profile?: string;
  /** Properties of `/ip ipsec settings set`. */
  readonly settings?: string;
  /** More of charon's connection and of its child. */
  readonly connection?: Settings;
  readonly child?: Settings;
  readonly ikeLog?: number;
  /** More for our command line. */
  readonly args?: readonly string[];
}

/** Our router behind lan1, charon behind lan2, or the other way round when charon is the one behind the NAT. */
export interface Pair {
  readonly net: SiteToSite;
  readonly router: Routeplane;
  readonly swan: StrongSwan;
  /** Of the wire between them, on our side. */
  readonly capture: Capture;
  /** Hosts behind us and behind charon. */
  readonly ourHost: { readonly ping: SiteToSite['lan1']['ping']; readonly address: string };
  readonly theirHost: { readonly ping: SiteToSite['lan1']['ping']; readonly address: string };
}

const secret = 'correct horse battery staple';

/** Sets both up, not yet connected, runs `body` and takes everything down. */
export async function withPair(options: PairOptions, body: (pair: Pair) => Promise<void>): Promise<void> {
  // The translated side is r1: it has to be the one that starts.
  const oursFirst = !(options.nat && options.initiator === 'strongswan');
  const net = siteToSite({ nat: options.nat ?? false });
  using _topology = net.topology;
  const [ours, theirs] = oursFirst ? ([sites.r1, sites.r2] as const) : ([sites.r2, sites.r1] as const);
  const outer = (site: typeof ours | typeof theirs) => (options.ipv6 ? site.wan6 : site.wan);
  const suite = options.suite ?? gcm;
  // Behind a NAT the initiator is known by its identity, not by its address.
  const anywhere = options.ipv6 ? '::/0' : '0.0.0.0/0';
  const host = `${outer(theirs)}/${options.ipv6 ? 128 : 32}`;
  const weAnswer = options.initiator === 'strongswan';

  await using swan = await StrongSwan.start(oursFirst ? net.r2 : net.r1, {
    ...(options.ikeLog === undefined ? {} : { ikeLog: options.ikeLog }),
    swanctl: {
      connections: {
        routeplane: {
          version: 2,
          local_addrs: outer(theirs),
          remote_addrs: options.nat && !weAnswer ? '%any' : outer(ours),
          proposals: suite.ike,
          mobike: false,
          rekey_time: 0,
          local: { auth: 'psk', id: 'fqdn:swan.example' },
          remote: { auth: 'psk', id: 'fqdn:router.example' },
          ...options.connection,
          children: {
            lan: {
              local_ts: theirs.subnet,
              remote_ts: ours.subnet,
              esp_proposals: suite.esp,
              rekey_time: 0,
              ...options.child,
            },
          },
        },
      },
      secrets: { ike: { secret } },
    },
  });
  await using capture = await Capture.start(net.wan, oursFirst ? 'to-r1' : 'to-r2');
  await using router = await Routeplane.start(
    oursFirst ? net.r1 : net.r2,
    `${options.settings ? `/ip ipsec settings set ${options.settings}\n` : ''}/ip ipsec profile
add name=lab ${suite.profile} ${options.profile ?? ''}
/ip ipsec proposal
add name=lab ${suite.proposal}
/ip ipsec peer
add name=swan address=${options.nat && weAnswer ? anywhere : host} local-address=${outer(ours)} exchange-mode=ike2 \\
    profile=lab passive=${weAnswer ? 'yes' : 'no'}
/ip ipsec identity
add peer=swan secret="${options.secret ?? secret}" my-id=fqdn:router.example remote-id=fqdn:swan.example
/ip ipsec policy
add peer=swan src-address=${ours.subnet} dst-address=${theirs.subnet} tunnel=yes action=encrypt proposal=lab
`,
    { args: options.args ?? [] },
  );
  const [ourLan, theirLan] = oursFirst ? [net.lan1, net.lan2] : [net.lan2, net.lan1];
  try {
    await body({
      net,
      router,
      swan,
      capture,
      ourHost: { ping: ourLan.ping.bind(ourLan), address: ours.host },
      theirHost: { ping: theirLan.ping.bind(theirLan), address: theirs.host },
    });
  } catch (error) {
    // The two logs are what tells why.
    process.stderr.write(`--- routeplane\n${router.log}\n--- charon\n${swan.log.slice(-16_000)}\n`);
    throw error;
  }
}

/** Brings the tunnel up from the side that may, and waits until both have it. */
export async function connect(pair: Pair, initiator: PairOptions['initiator']): Promise<void> {
  if (initiator === 'strongswan') await pair.swan.initiate('lan');
  // The first packet asks for an SA, and may be lost for it.
  else await pair.ourHost.ping(pair.theirHost.address, { count: 1, waitMs: 200 });
  await until(async () => (await pair.swan.children()).length > 0, 8000, 'charon has the CHILD_SA');
  await until(async () => (await pair.router.count('/ip ipsec installed-sa')) === 2, 5000, 'we have both SAs');
}

/** Packets pass in both directions, arrive through ESP on both sides, and nothing crosses in clear. */
export async function assertTraffic(pair: Pair): Promise<void> {
  const sum = async () =>
    (await pair.swan.children()).reduce((total, sa) => [total[0]! + sa.packetsIn, total[1]! + sa.packetsOut], [0, 0]);
  const [inBefore, outBefore] = await sum();
  const [ours, theirs] = [pair.ourHost, pair.theirHost];
  assert.deepEqual(await ours.ping(theirs.address, { count: 5 }), { sent: 5, received: 5 }, 'from our side');
  assert.deepEqual(await theirs.ping(ours.address, { count: 5 }), { sent: 5, received: 5 }, 'from their side');
  // Larger than one outer packet holds.
  assert.deepEqual(await ours.ping(theirs.address, { count: 2, bytes: 3000 }), { sent: 2, received: 2 }, 'fragments');
  const [inAfter, outAfter] = await sum();
  assert.ok(inAfter! - inBefore! >= 12, `charon took ${inAfter! - inBefore!} packets from us`);
  assert.ok(outAfter! - outBefore! >= 12, `charon sent us ${outAfter! - outBefore!} packets`);
  await pair.capture.caughtUp();
  const counts = pair.capture.count();
  const protectedPackets = (counts.esp ?? 0) + (counts['esp-in-udp'] ?? 0);
  assert.ok(protectedPackets >= 24, `${protectedPackets} ESP packets on the wire`);
  assert.deepEqual(sentInClear(pair), [], 'nothing of ours in clear on the wire');
}

/** Packets that left our side as they are, by kind and addresses. (charon's side may leak while it installs its SAs.) */
function sentInClear(pair: Pair): string[] {
  const ours = pair.ourHost.address.replace(/\d+$/, '');
  return pair.capture
    .packets()
    .map(({ kind, src, dst }) => ({ kind, src: src.join('.'), dst: dst.join('.') }))
    .filter(({ kind, src }) => src.startsWith(ours) && !['esp', 'esp-in-udp', 'ike'].includes(kind))
    .map(({ kind, src, dst }) => `${kind} ${src} > ${dst}`);
}
