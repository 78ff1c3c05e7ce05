/** Our transparent clocks between two ptp4l. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { Capture, missingKernelFeature, requirePackages, Topology, until } from '../lab/index.ts';
import { TestClock } from './ptp/clock.ts';
import { linuxptpPackages, Ptp4l } from './ptp/linuxptp.ts';
import { percentile } from './ptp/pair.ts';

const lacking = missingKernelFeature();

/** Both ends read one clock: what is not 0 is error. Of stamps by a kernel that is busy with other tests. */
const softwareBoundNs = 1_000_000;
const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logMinPdelayReqInterval: -3, logAnnounceInterval: -2 };

describe('a transparent clock between two ptp4l', { skip: lacking, concurrency: 4 }, () => {
  before(() => requirePackages(linuxptpPackages));

  for (const [mechanism, delay] of [
    ['e2e', 'E2E'],
    ['p2p', 'P2P'],
  ] as const) {
    for (const [transport, network] of [
      ['ipv4', 'UDPv4'],
      ['l2-forwardable', 'L2'],
    ] as const) {
      test(`${mechanism}, ${transport}`, async () => {
        using topology = new Topology();
        const middle = topology.namespace('middle');
        const ends = ['master', 'slave'].map((label) => topology.namespace(label));
        for (const [i, namespace] of ends.entries()) {
          topology.link(
            { namespace: middle, device: `rp${i}`, addresses: [`192.0.2.${10 + i}/24`] },
            { namespace, device: 'peer0', addresses: [`192.0.2.${1 + i}/24`] },
          );
        }
        const [master, slave] = [ends[0]!, ends[1]!];
        const capture = await Capture.start(slave, 'peer0');
        const options = { ...fast, network_transport: network, delay_mechanism: delay };
        const peers = [
          new Ptp4l(master, ['peer0'], { ...options, priority1: 10 }),
          new Ptp4l(slave, ['peer0'], { ...options, slaveOnly: 1 }),
        ];
        const clock = new TestClock(middle, {
          clockType: `${mechanism}-transparent`,
          clock: 'overlay',
          transport,
          ports: [
            { interface: 'rp0', ...fast },
            { interface: 'rp1', ...fast },
          ],
        });
        try {
          const offsets = () => peers[1]!.offsets;
          await until(
            () => offsets().length >= 20,
            60_000,
            () => `offsets:\n${clock.process.output.slice(-3000)}\n${peers[1]!.process.output.slice(-3000)}`,
          );
          assert.ok(percentile(offsets().map(Math.abs), 0.5) < softwareBoundNs, `offsets ${offsets()}`);
          const snapshot = await clock.snapshot();
          assert.equal(snapshot.clockType, `${mechanism}-transparent`);
          assert.equal(snapshot.counters['malformed message'] ?? 0, 0);
          await capture.stop();
          const messages = await capture.decode({ filter: 'ptp.v2.messagetype == 8' });
          const residences = messages
            .map((layers) => JSON.stringify(layers))
            .map((text) => {
              assert.doesNotMatch(text, /_ws\.malformed|_ws\.expert/, text);
              return Number(/"ptp\.v2\.correction\.ns":\s*"(-?\d+)"/.exec(text)?.[1] ?? 0);
            });
          // What the master says and the slave hears differ by how long it took through us.
          assert.ok(residences.filter((ns) => ns > 0).length >= 20, `${residences}`);
        } finally {
          await clock.process.stop('SIGTERM', 3000);
          for (const peer of peers) await peer.stop();
          await capture.close();
        }
      });
    }
  }
});
