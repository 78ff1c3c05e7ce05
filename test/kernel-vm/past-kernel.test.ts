import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { type Shape, StaticPair, title } from './static-pair.ts';

const shapes: readonly Shape[] = [
  { mode: 'tunnel', inner: 4, outer: 4, protocols: ['esp'] },
  { mode: 'tunnel', inner: 4, outer: 6, protocols: ['esp'] },
  { mode: 'transport', inner: 4, outer: 4, protocols: ['ah'] },
  { mode: 'tunnel', inner: 4, outer: 4, protocols: ['esp', 'ah'] },
];

/** The same packets as over sockets: the other side's kernel cannot tell. */
for (const frames of ['xdp', 'packet'] as const)
  describe(`our data plane by ${frames} and the kernel`, () => {
    let pair: StaticPair;
    before(async () => {
      pair = await StaticPair.open({ xdp: ['wan'], frames });
    });
    after(() => pair?.close());

    for (const shape of shapes)
      test(`past our kernel by ${frames}, with the kernel's IPsec: ${title(shape)}`, async () => {
        const [state] = await pair.gateway.xdp();
        assert.equal(state?.active, true, state?.detail);
        await pair.setShape(shape);
        await pair.setSas({ encryption: 'aes-cbc', keyBytes: 16, integrity: 'sha256-128' });
        const start = await pair.gateway.threadStatistics();
        await pair.assertTraffic();
        const end = await pair.gateway.threadStatistics();
        assert.ok(end.xdpInPackets - start.xdpInPackets >= 3n, 'received past the kernel');
        if (shape.protocols.length === 1 && shape.mode === 'tunnel')
          assert.ok(end.xdpOutPackets > start.xdpOutPackets, 'sent past the kernel');
      });
  });
