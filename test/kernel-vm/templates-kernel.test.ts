import assert from 'node:assert/strict';
import { until } from '../lab/index.ts';
import { type IkePair, patience } from './ike-pair.ts';
import { gcm, pairCases } from './modes.ts';

/** The template of the first takes the second in too, which has the next addresses; the third is beyond it. */
const children = [
  { ...gcm, ours: 'template' },
  { ...gcm, name: 'next', ours: 'nothing' },
  { ...gcm, name: 'beyond', ours: 'nothing' },
] as const;

/** Who sends, to whom, of the policies that the kernel has in that direction with a template, sorted. */
function policies(pair: IkePair, direction: 'in' | 'out' | 'fwd'): string[] {
  const blocks = pair.ourNamespace.ip('xfrm', 'policy').split(/\n(?=src )/);
  const ours = blocks.filter((block) => block.includes(`dir ${direction} `) && block.includes('tmpl'));
  return ours.map((block) => /src (\S+) dst (\S+)/.exec(block)!.slice(1).join(' > ')).sort();
}

const between = (pair: IkePair, index: number) => `${pair.inner('ours', index)}/32 > ${pair.inner('theirs', index)}/32`;
const generated = (pair: IkePair) => pair.router.count('/ip ipsec policy', 'dynamic=yes');

pairCases(
  'kernel data plane, policies from a template',
  { plane: 'kernel', initiator: 'strongswan', children },
  {
    'one for each pair of hosts, as narrow as the peer asked': async (pair) => {
      await pair.assertTraffic(0);
      assert.deepEqual(policies(pair, 'out'), [between(pair, 0)]);
      await pair.connect(1);
      await pair.assertTraffic(1);
      assert.deepEqual(policies(pair, 'out'), [between(pair, 0), between(pair, 1)]);
      for (const direction of ['in', 'fwd'] as const) assert.equal(policies(pair, direction).length, 2);
      assert.equal(await generated(pair), 2);
      assert.deepEqual(pair.clear(), []);
    },
    'what none allows is refused, and leaves nothing': async (pair) => {
      const before = pair.kernelSas();
      await assert.rejects(pair.swan.initiate('beyond', patience / 1000));
      assert.match(pair.swan.log, /TS_UNACCEPT/);
      assert.equal(await generated(pair), 2);
      assert.deepEqual(pair.kernelSas(), before);
    },
    'they go with their CHILD_SA': async (pair) => {
      await pair.swan.terminate({ child: 'next' });
      await until(async () => (await generated(pair)) === 1, patience, 'one policy');
      assert.deepEqual(policies(pair, 'out'), [between(pair, 0)]);
      assert.equal(pair.kernelSas().length, 2);
      await pair.traffic(0, 'ours');
    },
  },
);
