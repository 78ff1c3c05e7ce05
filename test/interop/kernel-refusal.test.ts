import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { IkeProcessOptions } from '../kernel-vm/ike-process.ts';
import { missingKernelFeature, StrongSwan, sites, siteToSite, until } from '../lab/index.ts';

const script = fileURLToPath(new URL('../kernel-vm/ike-process.js', import.meta.url));
const secret = 'correct horse battery staple';

/**
 * Camellia in counter mode is negotiated, and no kernel's IPsec has it (EPROTONOSUPPORT where ESP is missing too, else ENOSYS): what is
 * said to the peer about that is a DELETE, and never that its proposal was none.
 */
for (const initiate of [true, false]) {
  const who = initiate ? 'we initiate' : 'we respond';
  test(`an algorithm that the kernel lacks is no NO_PROPOSAL_CHOSEN on the wire: ${who}`, {
    skip: missingKernelFeature(),
    timeout: 120_000,
  }, async () => {
    const { topology, r1, r2 } = siteToSite();
    using _topology = topology;
    await using swan = await StrongSwan.start(r2, {
      swanctl: {
        connections: {
          peer: {
            version: 2,
            local_addrs: sites.r2.wan,
            remote_addrs: sites.r1.wan,
            proposals: 'aes128-sha256-x25519',
            encap: false,
            mobike: false,
            local: { auth: 'psk', id: sites.r2.wan },
            remote: { auth: 'psk', id: sites.r1.wan },
            children: {
              net: { local_ts: sites.r2.subnet, remote_ts: sites.r1.subnet, esp_proposals: 'camellia128ctr-sha256' },
            },
          },
        },
        secrets: { ike: { secret } },
      },
    });
    const options: IkeProcessOptions = {
      plane: 'kernel',
      remote: sites.r2.wan,
      localNet: sites.r1.subnet,
      remoteNet: sites.r2.subnet,
      secret,
      encryption: 'camellia-128-ctr',
      integrity: ['sha256-128'],
      esn: 'no',
      initiate,
    };
    const daemon = r1.node(script, [JSON.stringify(options)]);
    try {
      await daemon.waitFor(/"ready"/, 30_000);
      if (!initiate) await swan.initiate('net', 30).catch(() => {}); // It may hear of the DELETE before it says it is done.
      const logs = () => `--- ours\n${daemon.output}\n--- charon\n${swan.log.slice(-6000)}`;
      await until(
        () => /camellia-ctr with sha256-128 in the kernel is not available here/.test(daemon.output),
        30_000,
        logs,
      );
      // On the wire, as charon reads it: a CHILD_SA that was agreed on, and its DELETE.
      await until(() => /parsed INFORMATIONAL request \d+ \[ D \]/.test(swan.log), 30_000, logs);
      assert.match(swan.log, /(parsed IKE_AUTH response|generating IKE_AUTH response) 1 \[ .*SA TSi TSr/, logs());
      assert.doesNotMatch(swan.log, /NO_PROP/, logs());
      assert.match(daemon.output, /\((EPROTONOSUPPORT|ENOSYS)/);
      // The IKE_SA stays, and nothing of the CHILD_SA is in the kernel.
      assert.equal((await swan.sas()).filter(({ state }) => state === 'ESTABLISHED').length, 1, logs());
      assert.doesNotMatch(r1.ip('xfrm', 'state'), /reqid 1 mode tunnel/);
    } finally {
      await daemon.stop();
    }
  });
}
