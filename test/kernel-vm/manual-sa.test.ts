import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import type { SaSpec } from '#lib/dataplane/index.js';
import { selector } from '../interop/dataplane/tunnel.ts';
import { Routeplane, sites, siteToSite } from '../lab/index.ts';
import { Echo } from './echo.ts';
import { patience } from './ike-pair.ts';
import { LinuxIpsec } from './linux-ipsec.ts';

const key = (label: string, bytes: number) => createHash('sha512').update(label).digest().subarray(0, bytes);
const hex = (data: Uint8Array) => Buffer.from(data).toString('hex');

/** In the order of RouterOS: what comes in, what goes out. */
const directions = ['in', 'out'] as const;
/** The first is changed to the second under way. */
const ciphers = [
  ['aes-128', 'aes-cbc', 16],
  ['twofish', 'twofish-cbc', 32],
] as const;
const spi = { esp: { in: 0x1001, out: 0x1002 }, ah: { in: 0x2001, out: 0x2002 } } as const;

for (const plane of ['kernel', 'userspace'] as const) {
  test(`/ip ipsec manual-sa of ESP in AH on the ${plane} data plane, with ip-xfrm(8) at the other end`, async () => {
    const { topology, r1, r2, lan1, lan2 } = siteToSite();
    using _topology = topology;
    const values = (what: string, bytes: number) => directions.map((d) => hex(key(`${what} ${d}`, bytes))).join('/');
    // Other keys for all of them: SAs that stay would go on with their sequence numbers, and those there begin anew.
    const keys = ([word, , bytes]: (typeof ciphers)[number]) =>
      [
        `esp-enc-algorithm=${word} esp-enc-key=${values(`${word} enc`, bytes)}`,
        `esp-auth-key=${values(`${word} auth`, 32)} ah-key=${values(`${word} ah`, 32)}`,
      ].join(' ');
    const spis = (protocol: 'esp' | 'ah') => directions.map((d) => `0x${spi[protocol][d].toString(16)}`).join('/');
    await using router = await Routeplane.start(
      r1,
      `/ip ipsec manual-sa add name=m ${keys(ciphers[0])} \\
    esp-auth-algorithm=sha256 esp-spi=${spis('esp')} \\
    ah-algorithm=sha256 ah-spi=${spis('ah')}
/ip ipsec policy add src-address=${sites.r1.subnet} dst-address=${sites.r2.subnet} tunnel=yes manual-sa=m \\
    sa-src-address=${sites.r1.wan} sa-dst-address=${sites.r2.wan} ipsec-protocols=ah,esp
`,
      { args: [`--data-plane=${plane}`], startMs: 4 * patience },
    );
    const linux = new LinuxIpsec(r2);
    const inner = selector(sites.r2.subnet, sites.r1.subnet);
    const sas = ([word, cipher, bytes]: (typeof ciphers)[number]) =>
      (['esp', 'ah'] as const).flatMap((protocol) =>
        // What comes in there goes out here.
        directions.map((here): SaSpec => {
          const esp = protocol === 'esp';
          const [src, dst] = here === 'out' ? [sites.r1.wan, sites.r2.wan] : [sites.r2.wan, sites.r1.wan];
          return {
            direction: here === 'out' ? 'in' : 'out',
            spi: spi[protocol][here],
            protocol,
            mode: esp ? 'tunnel' : 'transport',
            src,
            dst,
            encryption: esp ? cipher : 'null',
            encryptionKey: esp ? key(`${word} enc ${here}`, bytes) : new Uint8Array(0),
            integrity: 'sha256-128',
            integrityKey: key(`${word} ${esp ? 'auth' : 'ah'} ${here}`, 32),
            esn: false,
            reqid: 1,
            selectors: [inner],
          };
        }),
      );
    linux.setPolicies([
      {
        id: 1,
        selector: inner,
        action: 'encrypt',
        level: 'require',
        protocols: ['esp', 'ah'],
        mode: 'tunnel',
        reqid: 1,
        saSrc: sites.r2.wan,
        saDst: sites.r1.wan,
      },
    ]);
    const [near, far] = await Promise.all([Echo.open(lan1), Echo.open(lan2, [sites.r2.host])]);
    try {
      for (const cipher of ciphers) {
        if (cipher !== ciphers[0]) await router.exec(`/ip ipsec manual-sa set m ${keys(cipher)}`);
        linux.setSas(sas(cipher));
        const { failed } = await near.ask(sites.r1.host, sites.r2.host, [1, 100, 1300], patience);
        const there = r2.ip('-s', 'xfrm', 'state');
        const said = `${cipher[0]}\n${router.log}\n${r1.ip('-s', 'xfrm', 'state')}\n--- there\n${there}`;
        assert.deepEqual(failed, [], said);
      }
      assert.equal(await router.count('/ip ipsec installed-sa'), 4);
    } finally {
      await Promise.all([near.close(), far.close()]);
    }
  });
}
