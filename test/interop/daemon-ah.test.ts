import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Capture, missingKernelFeature, Routeplane, sites, siteToSite, until } from '../lab/index.ts';

const lacking = missingKernelFeature();

/** The manual's two offices, with AH in the place of ESP. */
function office(n: 1 | 2): string {
  const url = new URL(`../../../examples/site-to-site/site${n}.rsc`, import.meta.url);
  return readFileSync(fileURLToPath(url), 'utf8').replace('tunnel=yes', 'tunnel=yes ipsec-protocols=ah');
}

test('two offices with ipsec-protocols=ah: negotiated by IKEv2, and AH on the wire', { skip: lacking }, async () => {
  const net = siteToSite({ addressRouters: false });
  using _topology = net.topology;
  const [r1, r2] = await Promise.all([Routeplane.start(net.r1, office(1)), Routeplane.start(net.r2, office(2))]);
  await using _r1 = r1;
  await using _r2 = r2;
  const up = async () =>
    (await r1.count('/ip ipsec installed-sa')) === 2 && (await r2.count('/ip ipsec installed-sa')) === 2;
  await until(up, 10_000, () => `no tunnel:\n${r1.log}\n${r2.log}`);
  const capture = await Capture.start(net.wan, 'to-r1', 'ip proto 51 or ip proto 50');
  assert.deepEqual(await net.lan1.ping(sites.r2.host, { count: 5 }), { sent: 5, received: 5 });
  await capture.stop();
  const protocols = capture.packets().map(({ data }) => data[9]);
  await capture.close();
  assert.equal(protocols.length, 10);
  assert.deepEqual(new Set(protocols), new Set([51]));
  const sas = await r1.exec('/ip ipsec installed-sa print');
  assert.match(sas, /auth-algorithm=sha1/);
  assert.match(await r1.exec('/ip ipsec policy print detail'), /ipsec-protocols=ah/);
});
