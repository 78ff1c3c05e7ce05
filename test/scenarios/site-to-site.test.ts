import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  Capture,
  missingKernelFeature,
  networkPackages,
  Routeplane,
  requirePackages,
  sites,
  siteToSite,
  until,
} from '../lab/index.ts';

const lacking = missingKernelFeature();
if (!lacking) requirePackages(networkPackages);

const example = (name: string) =>
  readFileSync(new URL(`../../../examples/site-to-site/${name}.rsc`, import.meta.url), 'utf8');

/** SPIs of all installed SAs, sorted. */
const spis = async (router: Routeplane) =>
  [...(await router.exec('/ip ipsec installed-sa print detail')).matchAll(/spi=(0x[0-9A-F]+)/g)]
    .map((m) => m[1])
    .sort();

interface Tunnel {
  readonly net: ReturnType<typeof siteToSite>;
  readonly r1: Routeplane;
  readonly r2: Routeplane;
  readonly capture: Capture;
}

async function withTunnel(
  options: Parameters<typeof siteToSite>[0] & { site1?: string; site2?: string; lossPercent?: number },
  body: (tunnel: Tunnel) => Promise<void>,
): Promise<void> {
  const net = siteToSite({ addressRouters: false, ...options });
  using topology = net.topology;
  if (options.lossPercent) {
    for (const device of ['to-r1', 'to-r2']) topology.impair(net.wan, device, { lossPercent: options.lossPercent });
  }
  await using capture = await Capture.start(net.wan, 'to-r1');
  await using r1 = await Routeplane.start(net.r1, options.site1 ?? example('site1'));
  await using r2 = await Routeplane.start(net.r2, options.site2 ?? example('site2'));
  try {
    await until(
      // Both may have initiated: of two IKE_SAs one goes.
      async () => (await spis(r1)).length === 2 && (await spis(r1)).join() === (await spis(r2)).join(),
      // Of a lossy network a streak of losses, each twice as long to wait for as the one before, is a part.
      120_000,
      'one pair of SAs, known to both',
      50,
    );
    for (const device of ['to-r1', 'to-r2']) topology.impair(net.wan, device, undefined);
    await body({ net, r1, r2, capture });
  } catch (error) {
    const statistics = await Promise.all(
      [r1, r2].map((router) => router.exec('/ip ipsec statistics print').catch(String)),
    );
    const counts = statistics.map((text) => text.split('\n').filter((line) => !/: 0$/.test(line)));
    process.stderr.write(
      `--- r1\n${r1.log}${counts[0]}\n--- r2\n${r2.log}${counts[1]}\n--- wire\n${JSON.stringify(capture.count())}\n`,
    );
    throw error;
  }
}

test("the manual's site-to-site tunnel: addresses, routes, traffic in ESP only, and a clean end", {
  skip: lacking,
}, async () => {
  await withTunnel({}, async ({ net, r1, r2, capture }) => {
    assert.match(net.r1.ip('address', 'show', 'dev', 'ether1'), /192\.168\.90\.1\/24/);
    assert.match(net.r1.ip('route', 'show', 'default'), /via 192\.168\.90\.254/);
    assert.deepEqual(await net.lan1.ping(sites.r2.host, { count: 10 }), { sent: 10, received: 10 });
    assert.deepEqual(await net.lan2.ping(sites.r1.host, { count: 10 }), { sent: 10, received: 10 });
    // The routers' own inner addresses are inside the selectors too.
    assert.deepEqual(await net.lan1.ping(sites.r2.lan, { count: 3 }), { sent: 3, received: 3 });
    assert.deepEqual(await net.r1.ping(sites.r2.host, { count: 3, source: sites.r1.lan }), { sent: 3, received: 3 });

    assert.match(await r1.exec('/ip ipsec active-peers print detail'), /state="?established/);
    assert.match(await r1.exec('/ip ipsec policy print detail'), / A .*ph2-count=1/s);

    await capture.caughtUp();
    // The router that is up first hears from the other one's kernel that nobody is there yet.
    const { ike, 'outer-error': early, 'esp-in-udp': esp, arp, 'neighbour-discovery': nd, ...rest } = capture.count();
    void [ike, early, arp, nd];
    assert.ok((esp ?? 0) >= 52, `${esp} ESP packets`);
    assert.deepEqual(rest, {}, 'there is IKE and ESP, in UDP as both prefer it, and nothing else');

    assert.deepEqual(await r1.stop(), { code: 0, signal: null });
    await until(async () => (await r2.count('/ip ipsec installed-sa')) === 0, 3000, 'the peer took the DELETE');
    assert.equal((await net.lan1.ping(sites.r2.host, { count: 1, waitMs: 200 })).received, 0);
  });
});

test('both SAs are rekeyed under traffic from both sides at once, and no packet is lost', {
  skip: lacking,
}, async () => {
  await withTunnel({}, async ({ net, r1, r2 }) => {
    const floods = [
      net.lan1.ping(sites.r2.host, { count: 300, intervalMs: 10 }),
      net.lan2.ping(sites.r1.host, { count: 300, intervalMs: 10 }),
    ];
    for (const menu of ['installed-sa', 'active-peers', 'installed-sa']) {
      const before = await spis(r1);
      const peers = await r1.exec('/ip ipsec active-peers print detail');
      // RFC 7296 2.8.1: simultaneous rekeys leave one pair of SAs.
      await Promise.all([r1, r2].map((router) => router.exec(`/ip ipsec ${menu} rekey [find]`)));
      await until(
        async () => {
          const [one, two] = [await spis(r1), await spis(r2)];
          if (one.join() !== two.join() || one.length !== 2) return false;
          const initiatorSpi = /spii="?(\w+)/;
          return menu === 'installed-sa'
            ? one.every((spi) => !before.includes(spi))
            : initiatorSpi.exec(await r1.exec('/ip ipsec active-peers print detail'))?.[1] !==
                initiatorSpi.exec(peers)?.[1];
        },
        5000,
        `${menu} rekeyed`,
      );
    }
    for (const flood of floods) assert.deepEqual(await flood, { sent: 300, received: 300 });
    assert.equal(await r1.count('/ip ipsec active-peers', 'state=established'), 1);
    assert.equal(await r2.count('/ip ipsec active-peers', 'state=established'), 1);
  });
});

test('SIGHUP leaves unchanged tunnels alone and takes down what is gone', { skip: lacking }, async () => {
  await withTunnel({}, async ({ net, r1, r2 }) => {
    const before = await spis(r1);
    r1.reload(example('site1').replace('name=Office1', 'name=Renamed'));
    await until(async () => /Renamed/.test(await r1.exec('/system identity print')), 3000, 'the new name');
    assert.deepEqual(await spis(r1), before);
    assert.equal((await net.lan1.ping(sites.r2.host, { count: 3 })).received, 3);
    r1.reload(example('site1').slice(0, example('site1').indexOf('/ip ipsec profile')));
    await until(async () => (await r2.count('/ip ipsec installed-sa')) === 0, 3000, 'the peer took the DELETE');
    assert.equal(await r1.count('/ip ipsec installed-sa'), 0);
  });
});

test('IKE gets through a network that loses every fourth packet', { skip: lacking }, async () => {
  await withTunnel({ lossPercent: 25 }, async ({ net }) => {
    assert.equal((await net.lan1.ping(sites.r2.host, { count: 5 })).received, 5);
  });
});

test('behind a NAT all ESP is in UDP and follows the new mapping', { skip: lacking }, async () => {
  // Translated, site 1 comes from the wan router's address.
  const site2 = example('site2').replace('address=192.168.90.1/32', 'address=0.0.0.0/0 passive=yes');
  const ids = (text: string, mine: string, remote: string) =>
    text.replace('secret=', `my-id=fqdn:${mine} remote-id=fqdn:${remote} secret=`);
  const names = ['site1.example', 'site2.example'] as const;
  const options = { nat: true, site1: ids(example('site1'), ...names), site2: ids(site2, names[1], names[0]) };
  await withTunnel(options, async ({ net, capture }) => {
    assert.equal((await net.lan1.ping(sites.r2.host, { count: 5 })).received, 5);
    assert.equal((await net.lan2.ping(sites.r1.host, { count: 5 })).received, 5);
    await capture.caughtUp();
    const counts = capture.count();
    assert.equal(counts.esp ?? 0, 0);
    assert.ok((counts['esp-in-udp'] ?? 0) >= 20);
    // The box forgets its mappings, as after a restart: the next packet from inside gets another port.
    net.topology.nat(net.wan, 'to-r2', '30000-39999');
    await net.wan.exec('conntrack', ['-F']);
    // What is answered before the new mapping is known goes to the old one.
    const answered = async () => (await net.lan1.ping(sites.r2.host, { count: 1, waitMs: 200 })).received === 1;
    await until(answered, 5000, 'the new mapping is followed');
    assert.equal((await net.lan1.ping(sites.r2.host, { count: 10 })).received, 10);
    assert.equal((await net.lan2.ping(sites.r1.host, { count: 5 })).received, 5);
  });
});
