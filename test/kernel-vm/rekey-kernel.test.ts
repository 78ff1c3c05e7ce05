import assert from 'node:assert/strict';
import { type Namespace, until } from '../lab/index.ts';
import { type IkePair, patience } from './ike-pair.ts';
import { gcm, pairCases } from './modes.ts';

/** charon's CHILD_SAs of that name that carry traffic. */
const children = async (pair: IkePair) => (await pair.swan.children()).filter(({ name }) => name === gcm.name);

/** What the kernel of a router has dropped, by the names of /proc/net/xfrm_stat. */
async function dropped(router: Namespace): Promise<Readonly<Record<string, number>>> {
  const { stdout } = await router.exec('cat', ['/proc/net/xfrm_stat']);
  return Object.fromEntries([...stdout.matchAll(/^(\w+)\s+(\d+)$/gm)].map(([, name, n]) => [name!, Number(n)]));
}

/** While datagrams go both ways, `rekey` replaces the CHILD_SA or the IKE_SA, and none is lost but what charon itself has no SA for. */
function underTraffic(what: 'child' | 'ike', rekey: (pair: IkePair) => Promise<unknown>) {
  return async (pair: IkePair): Promise<void> => {
    const [child] = await children(pair);
    const [ike] = await pair.swan.sas();
    const [ours, theirs] = [pair.inner('ours', 0), pair.inner('theirs', 0)];
    const before = { ours: await dropped(pair.ourNamespace), theirs: await dropped(pair.theirNamespace) };
    const floods = [pair.ourEcho.flood(ours, theirs), pair.theirEcho.flood(theirs, ours)];
    await rekey(pair);
    await until(
      async () => {
        const sas = (await pair.swan.sas()).filter(({ state }) => state === 'ESTABLISHED');
        const now = await children(pair);
        if (sas.length !== 1 || now.length !== 1) return false;
        const changed = what === 'ike' ? sas[0]!.initiatorSpi !== ike!.initiatorSpi : now[0]!.spiIn !== child!.spiIn;
        return changed && (await pair.router.count('/ip ipsec installed-sa')) === 2;
      },
      patience,
      'the new SAs, and not the old ones',
      200,
    );
    let missing = 0;
    for (const flood of floods) {
      const { sent, lost } = await flood.stop();
      assert.ok(sent > 0);
      missing += lost.length;
    }
    assert.deepEqual(await dropped(pair.ourNamespace), before.ours, 'our kernel drops nothing');
    // As a responder charon takes the old SA away a moment before it sends on the new one: what its own kernel has no SA for is not ours.
    const after = await dropped(pair.theirNamespace);
    const gap = (after['XfrmOutNoStates'] ?? 0) - (before.theirs['XfrmOutNoStates'] ?? 0);
    assert.ok(missing <= gap, `${missing} were lost, ${gap} of them at charon: ${JSON.stringify(after)}`);
    // RFC 7296 2.18: the CHILD_SAs of a rekeyed IKE_SA stay as they are.
    if (what === 'ike') assert.equal((await children(pair))[0]!.spiIn, child!.spiIn);
    assert.equal(pair.kernelSas().length, 2);
    assert.deepEqual(pair.clear(), []);
  };
}

const ourChild = underTraffic('child', ({ router }) => router.exec('/ip ipsec installed-sa rekey [find]'));
const theirChild = underTraffic('child', ({ swan }) => swan.rekey({ child: gcm.name }));
const ourIke = underTraffic('ike', ({ router }) => router.exec('/ip ipsec active-peers rekey [find]'));
const theirIke = underTraffic('ike', ({ swan }) => swan.rekey({ ike: 'routeplane' }));

for (const initiator of ['routeplane', 'strongswan'] as const) {
  const who = initiator === 'routeplane' ? 'we initiated' : 'strongSwan initiated';
  pairCases(
    `kernel data plane and charon, ${who}`,
    { plane: 'kernel', initiator, children: [gcm] },
    {
      'we rekey the CHILD_SA, and no datagram is lost but what charon has no SA for': ourChild,
      'strongSwan rekeys the CHILD_SA, and no datagram is lost but what charon has no SA for': theirChild,
      ...(initiator === 'routeplane'
        ? { 'strongSwan rekeys the IKE_SA, and no datagram is lost but what charon has no SA for': theirIke }
        : { 'we rekey the IKE_SA, and no datagram is lost but what charon has no SA for': ourIke }),
    },
  );
}

const short = { ...gcm, proposal: `${gcm.proposal} lifetime=40s` };

pairCases(
  'kernel data plane and charon, a lifetime of 40 s',
  { plane: 'kernel', initiator: 'routeplane', children: [short] },
  {
    'the soft limit rekeys: two new SAs in place of the two before': async (pair) => {
      const before = pair.kernelSas();
      assert.equal(before.length, 2);
      await until(
        () => {
          const now = pair.kernelSas();
          return now.length === 2 && !now.some((spi) => before.includes(spi));
        },
        2 * patience,
        'new SAs',
      );
      await pair.traffic(0, 'ours');
    },
    'the hard limit ends what could not be rekeyed': async (pair) => {
      await pair.swan.kill();
      await until(() => pair.kernelSas().length === 0, 2 * patience, 'no SAs');
      assert.deepEqual(pair.clear(), []);
    },
  },
);
