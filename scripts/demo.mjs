// The site-to-site tunnel of the RouterOS manual, with IKEv2, between two routers in network namespaces:
//   lan1 10.1.202.10 -- r1 192.168.90.1 -- wan -- 192.168.80.1 r2 -- 10.1.101.10 lan2
// `--keep` leaves it running until Ctrl-C, `--json` prints nothing but the last line.
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const root = resolve(import.meta.dirname, '..');
const { values: options } = parseArgs({
  options: {
    keep: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '4' },
  },
});
let lab;
try {
  lab = await import('../build/test/lab/index.js');
} catch (error) {
  console.error(`demo: not built yet, run \`npm run build\` (${error.message})`);
  process.exit(1);
}
const {
  Capture,
  missingKernelFeature,
  networkPackages,
  Routeplane,
  requirePackages,
  routeplaneCommand,
  run,
  siteToSite,
  sites,
  until,
} = lab;

const began = performance.now();
const say = (text = '') => {
  if (!options.json) console.log(text);
};
const title = (text) => say(`\n\u2500\u2500 ${text} [${((performance.now() - began) / 1000).toFixed(1)} s]`);
const result = { ok: false, ping: { sent: 0, received: 0 }, throughputMbps: 0, rekeys: 0, lostDuringRekey: 0 };

/** The SPIs of all installed SAs. */
const spis = async (router) =>
  [...(await router.exec('/ip ipsec installed-sa print detail')).matchAll(/spi=(0x[0-9A-Fa-f]+)/g)].map((m) => m[1]);

/** The initiator's SPI of each IKE_SA. */
const ikeSpis = async (router) =>
  [...(await router.exec('/ip ipsec active-peers print detail')).matchAll(/spii="?(\w+)/g)].map((m) => m[1]).join();

async function show(name, router) {
  for (const menu of ['active-peers', 'installed-sa', 'policy', 'statistics']) {
    title(`${name}: routeplane exec '/ip ipsec ${menu} print'`);
    const args = [routeplaneCommand, 'exec', `--socket=${router.socket}`, `/ip ipsec ${menu} print`];
    say((await run(process.execPath, args)).stdout.trimEnd());
  }
}

async function demo(net) {
  const site = (n) => readFileSync(resolve(root, `examples/site-to-site/site${n}.rsc`), 'utf8');
  title('two routers start with examples/site-to-site/site1.rsc and site2.rsc');
  const wire = await Capture.start(net.wan, 'to-r1');
  const plain = await Capture.start(net.lan2, 'eth0', 'icmp');
  const [r1, r2] = await Promise.all([Routeplane.start(net.r1, site(1)), Routeplane.start(net.r2, site(2))]);

  title('the negotiation, as r1 logs it');
  const ready = async () => (await spis(r1)).length >= 2 && (await spis(r2)).length >= 2;
  // The first packet may be what asks for the tunnel.
  await net.lan1.ping(sites.r2.host, { count: 1, waitMs: 500 });
  await until(ready, 10_000, () => `no tunnel:\n${r1.log}\n${r2.log}`);
  say(r1.log.trimEnd());

  title('ping from LAN to LAN');
  result.ping = await net.lan1.ping(sites.r2.host, { count: 10, intervalMs: 20 });
  const back = await net.lan2.ping(sites.r1.host, { count: 10, intervalMs: 20 });
  result.ping = { sent: result.ping.sent + back.sent, received: result.ping.received + back.received };
  say(`${result.ping.received} of ${result.ping.sent} answered`);

  title('rekey under traffic: a ping every 5 ms while both SAs change');
  const flood = net.lan1.ping(sites.r2.host, { count: 600, intervalMs: 5 });
  for (const command of [
    '/ip ipsec installed-sa rekey [find]',
    '/ip ipsec active-peers rekey [find]',
    '/ip ipsec installed-sa rekey [find]',
  ]) {
    await sleep(300);
    const before = await spis(r1);
    const ikeBefore = await ikeSpis(r1);
    await r1.exec(command);
    await until(
      async () => {
        if (command.includes('active-peers')) return (await ikeSpis(r1)) !== ikeBefore;
        // The old pair stays for late packets; the new one is what counts.
        const now = await spis(r1);
        return now.filter((spi) => !before.includes(spi)).length >= 2;
      },
      5000,
      () => `${command} did not finish:\n${r1.log.slice(-2000)}`,
    );
    result.rekeys++;
    say(`${command}: done`);
  }
  const during = await flood;
  result.lostDuringRekey = during.sent - during.received;
  say(`${during.sent} sent, ${during.received} answered, ${result.lostDuringRekey} lost`);

  title('what crossed the wire between the routers so far');
  await Promise.all([wire.stop(), plain.stop()]);
  const { arp, 'neighbour-discovery': nd, ...counts } = wire.count();
  const clear = Object.entries(counts).filter(
    // Of two routers the one that is up first hears from the other one's kernel that nobody listens yet: an ICMP error about IKE.
    ([kind]) => !['esp', 'esp-in-udp', 'ike', 'nat-keepalive', 'outer-error'].includes(kind),
  );
  say(`on the wire: ${JSON.stringify(counts)} (and ${(arp ?? 0) + (nd ?? 0)} of ARP and neighbour discovery)`);
  say(`in the LAN behind r2: ${JSON.stringify(plain.count())}`);
  const protectedPackets = (counts.esp ?? 0) + (counts['esp-in-udp'] ?? 0);
  const onlyEsp = clear.length === 0 && protectedPackets >= (plain.count().icmp ?? 0) && protectedPackets > 0;
  say(onlyEsp ? 'only ESP and IKE cross' : `IN CLEAR: ${JSON.stringify(clear)}`);
  await Promise.all([wire.close(), plain.close()]);

  title(`throughput: iperf3, one TCP stream, ${options.seconds} s`);
  const server = net.lan2.spawn('iperf3', ['-s', '-1', '--forceflush']);
  await server.waitFor(/listening/i);
  const iperf = JSON.parse((await net.lan1.exec('iperf3', ['-c', sites.r2.host, '-t', options.seconds, '-J'])).stdout);
  result.throughputMbps = Math.round(iperf.end.sum_received.bits_per_second / 1e6);
  say(`${result.throughputMbps} Mbit/s`);

  await show('r1', r1);
  await show('r2', r2);
  result.ok =
    onlyEsp && result.ping.received === result.ping.sent && result.lostDuringRekey === 0 && result.throughputMbps > 0;
  if (!options.keep) {
    title('SIGTERM: both delete their SAs');
    const exits = await Promise.all([r1.stop(), r2.stop()]);
    say(exits.map(({ code, signal }, i) => `r${i + 1} ended with ${code ?? signal}`).join(', '));
    result.ok &&= exits.every(({ code }) => code === 0);
    await Promise.all([r1.close(), r2.close()]);
  }
  return [r1, r2];
}

function explain(net, routers) {
  say('\nIt is still running. Try:');
  for (const [i, router] of routers.entries()) {
    say(`  node ${routeplaneCommand} exec --socket=${router.socket} '/ip ipsec installed-sa print'   # r${i + 1}`);
  }
  say(`  ip netns exec ${net.lan1.name} ping ${sites.r2.host}`);
  say(`  ip netns exec ${net.wan.name} tcpdump -ni to-r1`);
  say('Ctrl-C ends it and removes everything.\n');
}

const unavailable = missingKernelFeature();
if (unavailable) {
  console.error(`demo: ${unavailable}`);
  process.exit(1);
}
requirePackages(networkPackages.filter((name) => name !== 'tshark'));
const net = siteToSite({ addressRouters: false });
let stay = false;
try {
  const routers = await demo(net);
  if (options.keep) explain(net, routers);
  stay = options.keep;
} catch (error) {
  console.error(`demo: ${error.stack ?? error}`);
} finally {
  if (!stay) net.topology.close();
}
console.log(JSON.stringify(result));
// The lab's own exit hook removes what runs, also after Ctrl-C.
if (stay) await new Promise(() => setInterval(() => {}, 2 ** 30));
process.exit(result.ok ? 0 : 1);
