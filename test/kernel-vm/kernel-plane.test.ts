import assert from 'node:assert/strict';
import { until } from '../lab/index.ts';
import { type IkePair, patience } from './ike-pair.ts';
import { gcm, pairCases } from './modes.ts';

const options = { plane: 'kernel', initiator: 'routeplane', children: [gcm] } as const;

/** A daemon that finds the SAs of the one before takes them over, and makes its own while they carry the traffic. */
async function adopted(pair: IkePair, end: () => Promise<void>): Promise<void> {
  const before = pair.kernelSas();
  const contacts = () => [...pair.swan.log.matchAll(/parsed IKE_AUTH request \d+ \[ [^\n]*N\(INIT_CONTACT\)/g)].length;
  const contact = contacts();
  const traffic = pair.ourEcho.flood(pair.inner('ours', 0), pair.inner('theirs', 0));
  await end();
  assert.deepEqual(pair.kernelSas(), before);
  await pair.restart('--kernel-sas=adopt');
  await until(() => pair.kernelSas().some((spi) => !before.includes(spi)), patience, 'new SAs');
  await until(async () => (await pair.router.count('/ip ipsec installed-sa')) >= 2, patience, 'our own SAs');
  await pair.traffic(0, 'theirs');
  const { sent, lost } = await traffic.stop();
  assert.ok(sent > 50, `${sent}`);
  // charon sends on its new SAs from the moment it answers, and we have them when the answer is here: between the two a datagram may be
  // lost, and only there.
  const [first = 0, last = first] = [lost[0], lost.at(-1)];
  assert.equal(last - first + 1, Math.max(lost.length, 1), `of ${sent} were lost ${lost}`);
  assert.ok(lost.length < sent / 4, `of ${sent} were lost ${lost}`);
  assert.equal(contacts(), contact, 'no INITIAL_CONTACT by the second daemon');
}

pairCases('kernel data plane', options, {
  'SAs and policies are in the kernel, and dump-kernel-policies shows them': async (pair) => {
    assert.equal(pair.kernelSas().length, 2);
    const policies = pair.ourNamespace.ip('xfrm', 'policy');
    for (const direction of ['out', 'in', 'fwd']) assert.match(policies, new RegExp(`^\\s+dir ${direction} `, 'm'));
    await pair.router.exec('/ip ipsec policy dump-kernel-policies');
    const lines = () => pair.router.log.split('\n').filter((line) => /ipsec,debug,packet.* reqid \d/.test(line));
    await until(
      () => lines().length >= 3,
      patience,
      () => `three policies in the log:\n${pair.router.log}`,
    );
  },
  'traffic goes on when a killed daemon is followed by one with --kernel-sas=adopt': (pair) =>
    adopted(pair, () => pair.crash()),
  'traffic goes on over a graceful restart': (pair) =>
    adopted(pair, async () => {
      process.kill(pair.router.process.pid, 'SIGUSR2');
      assert.deepEqual(await pair.router.process.exited, { code: 0, signal: null });
      await pair.router.close();
    }),
  'with --kernel-sas=clean the SAs of a killed daemon are removed': async (pair) => {
    const before = pair.kernelSas();
    await pair.crash();
    await pair.traffic(0, 'ours');
    await pair.restart('--kernel-sas=clean');
    assert.ok(!pair.kernelSas().some((spi) => before.includes(spi)), 'the old SAs are gone');
    await pair.traffic(0, 'ours');
  },
  'a daemon that ends leaves nothing in the kernel, and nothing crossed in clear': async (pair) => {
    assert.deepEqual(pair.clear(), []);
    await pair.router.stop();
    assert.deepEqual(pair.kernelSas(), []);
    assert.doesNotMatch(pair.ourNamespace.ip('xfrm', 'policy'), /tmpl/);
    await until(async () => (await pair.swan.sas()).length === 0, patience, 'charon got the DELETE');
  },
});
