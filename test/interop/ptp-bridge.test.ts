/** PTP on bridges and their ports, with ptp4l. VLANs are in `test/ptp-vm`. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { PtpDaemonOptions } from '#lib/runtime/ptp/index.js';
import { missingKernelFeature, type Namespace, requirePackages, Topology, until } from '../lab/index.ts';
import { TestClock } from './ptp/clock.ts';
import { linuxptpPackages, Ptp4l, type Ptp4lOptions } from './ptp/linuxptp.ts';
import { percentile, theirIdentity, theirMac } from './ptp/pair.ts';

const lacking = missingKernelFeature();

/** Both ends read one clock: what is not 0 is error. Of stamps by a kernel that is busy with other tests. */
const softwareBoundNs = 1_000_000;
const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: -2 };

interface Lab {
  readonly own: Namespace;
  readonly peer: Namespace;
}

/** We follow ptp4l, or ptp4l follows us, on the interfaces that `prepare` makes of rp0 and peer0. */
async function run(
  who: 'we' | 'ptp4l',
  options: Omit<PtpDaemonOptions, 'ports'>,
  peerOptions: Ptp4lOptions,
  prepare: (lab: Lab) => readonly [own: string, peer: string],
): Promise<void> {
  using topology = new Topology();
  const lab = { own: topology.namespace('clock'), peer: topology.namespace('ptp4l') };
  topology.link({ namespace: lab.own, device: 'rp0' }, { namespace: lab.peer, device: 'peer0' });
  lab.peer.ip('link', 'set', 'peer0', 'address', theirMac);
  const [ownInterface, peerInterface] = prepare(lab);
  const slave = who === 'we';
  const peer = new Ptp4l(lab.peer, [peerInterface], {
    ...fast,
    ...peerOptions,
    ...(slave ? { priority1: 10 } : { slaveOnly: 1 }),
  });
  const clock = new TestClock(lab.own, {
    clock: 'overlay',
    slaveOnly: slave,
    ...options,
    ports: [{ interface: ownInterface, ...fast }],
  });
  try {
    const measured = () => (slave ? clock.measurements.map((m) => m.offsetFromMasterNs) : peer.offsets);
    await until(
      () => measured().length >= 20,
      60_000,
      () => `offsets:\n${clock.process.output.slice(-3000)}\n${peer.process.output.slice(-3000)}`,
    );
    const offsets = measured().map(Math.abs);
    assert.ok(percentile(offsets, 0.5) < softwareBoundNs, `offsets ${offsets}`);
    const snapshot = await clock.snapshot();
    if (slave) assert.equal(snapshot.parentDS.grandmasterIdentity, theirIdentity);
    else assert.equal(snapshot.grandmaster, true);
    assert.equal(snapshot.statistics[0]?.unsentMessages, 0);
  } finally {
    await clock.process.stop('SIGTERM', 3000);
    await peer.stop();
  }
}

function bridge(namespace: Namespace, port: string): string {
  namespace.ip('link', 'add', 'bridge1', 'type', 'bridge');
  namespace.ip('link', 'set', port, 'master', 'bridge1');
  namespace.address('bridge1', '192.0.2.1/24');
  namespace.ip('link', 'set', 'bridge1', 'up');
  return 'bridge1';
}

const nonForwardable = { ptp_dst_mac: '01:80:C2:00:00:0E' };

describe('PTP with ptp4l', { skip: lacking, concurrency: 4 }, () => {
  before(() => requirePackages(linuxptpPackages));

  for (const who of ['we', 'ptp4l'] as const) {
    const title = who === 'we' ? 'we follow' : 'it follows';
    test(`a bridge is a port, ${title}: ipv4`, () =>
      run(who, { transport: 'ipv4' }, { network_transport: 'UDPv4' }, ({ own, peer }) => {
        peer.address('peer0', '192.0.2.2/24');
        return [bridge(own, 'rp0'), 'peer0'];
      }));

    for (const transport of ['l2-forwardable', 'l2-non-forwardable'] as const) {
      const options = { network_transport: 'L2', ...(transport === 'l2-non-forwardable' && nonForwardable) };
      test(`a port of a bridge, ${title}: ${transport}`, () =>
        run(who, { transport }, options, ({ own }) => {
          bridge(own, 'rp0');
          return ['rp0', 'peer0'];
        }));
    }
  }
});
