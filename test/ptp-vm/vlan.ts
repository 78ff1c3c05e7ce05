import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { TestClock } from '../interop/ptp/clock.ts';
import { Ptp4l } from '../interop/ptp/linuxptp.ts';
import type { Namespace } from '../lab/namespace.ts';
import { until } from '../lab/until.ts';
import { Wire } from './wire.ts';

const pair = 5;
const boundNs = 100;
const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: -1 };

/** How VLAN 7 comes to `vlan7`: straight from the card, or through a bridge of VLANs that the card is a port of. */
function makeVlan(namespace: Namespace, card: string, bridged: boolean): void {
  let below = card;
  if (bridged) {
    // The bridge itself is a member of the VLAN: that is its way to the processor.
    namespace.ip('link', 'add', 'bridge1', 'type', 'bridge', 'vlan_filtering', '1');
    namespace.ip('link', 'set', card, 'master', 'bridge1');
    namespace.ip('link', 'set', 'bridge1', 'up');
    const bridge = (...args: string[]) => execFileSync('bridge', ['-n', namespace.name, 'vlan', 'add', ...args]);
    bridge('dev', card, 'vid', '7');
    bridge('dev', 'bridge1', 'vid', '7', 'self');
    below = 'bridge1';
  }
  namespace.ip('link', 'add', 'link', below, 'name', 'vlan7', 'type', 'vlan', 'id', '7');
  namespace.ip('link', 'set', 'vlan7', 'up');
}

/**
 * Ours on a VLAN behind ptp4l on the same one. `hardware`: with the stamps of the card underneath, until the truth is near.
 * `software`: ours through a bridge of VLANs, which has no stamps of its own; the cards' clocks are left alone.
 */
export async function followOnVlan(
  transport: 'l2-forwardable' | 'ipv4',
  stamping: 'hardware' | 'software',
): Promise<void> {
  for (const module of ['8021q', 'bridge']) execFileSync('modprobe', [module]);
  const network = transport === 'ipv4' ? 'UDPv4' : 'L2';

  const wire = new Wire(pair);
  const stops: (() => Promise<unknown>)[] = [];
  try {
    for (const [namespace, card, host] of [
      [wire.near, wire.nearCard, 1],
      [wire.far, wire.farCard, 2],
    ] as const) {
      makeVlan(namespace, card, stamping === 'software' && host === 2);
      namespace.address('vlan7', `198.51.100.${host}/24`);
    }
    const master = new Ptp4l(wire.near, ['vlan7'], {
      ...fast,
      network_transport: network,
      time_stamping: stamping,
      priority1: 10,
    });
    stops.push(() => master.stop());
    const clock = new TestClock(wire.far, {
      clock: stamping === 'hardware' ? 'hardware' : 'overlay',
      transport,
      slaveOnly: true,
      ports: [{ interface: 'vlan7', ...fast }],
    });
    stops.push(() => clock.process.stop('SIGTERM', 5000));
    await clock.waitState('SLAVE', 90_000);
    await clock.waitMeasurements(10, 90_000);
    if (stamping === 'hardware') await settled(wire, () => clock.process.output + master.process.output);
    const snapshot = await clock.snapshot();
    assert.equal(snapshot.clock.stamping, stamping);
    assert.match(snapshot.clock.name, stamping === 'hardware' ? /^\/dev\/ptp\d+$/ : /^overlay$/);
    assert.equal(snapshot.statistics[0]!.unsentMessages, 0);
  } finally {
    for (const stop of stops) await stop();
    await wire.close();
  }
}

/** The truth is near for a second. */
async function settled(wire: Wire, told: () => string): Promise<void> {
  let close = 0;
  await until(
    () => {
      close = Math.abs(wire.errorNs) < boundNs ? close + 1 : 0;
      return close >= 10;
    },
    90_000,
    () => `${wire.errorNs} ns\n${told().slice(-4000)}`,
  );
}
