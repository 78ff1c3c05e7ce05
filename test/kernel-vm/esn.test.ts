import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StrongSwan, sites, siteToSite } from '../lab/index.ts';
import { Echo } from './echo.ts';
import { patience } from './ike-pair.ts';
import type { IkeProcessOptions } from './ike-process.ts';

const script = fileURLToPath(new URL('./ike-process.js', import.meta.url));

/** RouterOS has no property for it: the SDK asks for it. */
for (const plane of ['kernel', 'userspace'] as const) {
  test(`extended sequence numbers are negotiated with charon: ${plane} data plane and the kernel's ESP`, async () => {
    const { topology, r1, r2, lan1, lan2 } = siteToSite();
    using _topology = topology;
    const secret = 'correct horse battery staple';
    await using swan = await StrongSwan.start(r2, {
      esp: 'kernel',
      swanctl: {
        connections: {
          example: {
            version: 2,
            local_addrs: sites.r2.wan,
            remote_addrs: sites.r1.wan,
            proposals: 'aes128-sha256-x25519',
            mobike: false,
            local: { auth: 'psk', id: sites.r2.wan },
            remote: { auth: 'psk', id: sites.r1.wan },
            children: {
              net: { local_ts: sites.r2.subnet, remote_ts: sites.r1.subnet, esp_proposals: 'aes128gcm16-x25519-esn' },
            },
          },
        },
        secrets: { ike: { secret } },
      },
    });
    const options: IkeProcessOptions = {
      plane,
      remote: sites.r2.wan,
      localNet: sites.r1.subnet,
      remoteNet: sites.r2.subnet,
      secret,
      encryption: 'aes-128-gcm',
      integrity: [],
      esn: 'yes',
      initiate: true,
    };
    const daemon = r1.node(script, [JSON.stringify(options)]);
    const [near, far] = await Promise.all([Echo.open(lan1), Echo.open(lan2, [sites.r2.host])]);
    try {
      await daemon.waitFor(/"child-sa-established".*\/esn/, 2 * patience);
      const { failed } = await near.ask(sites.r1.host, sites.r2.host, [1, 100, 1300, 3000], patience);
      assert.deepEqual(failed, []);
      for (const router of plane === 'kernel' ? [r1, r2] : [r2])
        assert.match(router.ip('xfrm', 'state'), /flag .*\besn\b/);
      const [child] = await swan.children();
      assert.ok(child!.packetsIn >= 4 && child!.packetsOut >= 4);
    } catch (error) {
      process.stderr.write(`--- routeplane\n${daemon.output}\n--- charon\n${swan.log.slice(-8000)}\n`);
      throw error;
    } finally {
      await Promise.all([daemon.stop(), near.close(), far.close()]);
    }
  });
}
