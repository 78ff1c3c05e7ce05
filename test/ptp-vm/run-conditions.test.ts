import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gate, type RunResult } from './run.ts';
import { setCards } from './wire.ts';

const cards = 10;
const far = (near: number, ppb: number) => Array.from({ length: cards }, (_, i) => (i % 2 === 0 ? near : ppb));
const within10 = ({ ours }: RunResult) => assert.ok(ours.truthMaxNs <= 10, JSON.stringify(ours));
const l2 = { ours: { transport: 'l2-forwardable' }, theirs: { network_transport: 'L2' } } as const;

for (const [name, ours, theirs] of [
  ['udp, e2e', { transport: 'ipv4' }, { network_transport: 'UDPv4' }],
  ['udp6, e2e', { transport: 'ipv6' }, { network_transport: 'UDPv6' }],
  [
    'l2, p2p',
    { transport: 'l2-forwardable', delayMechanism: 'p2p' },
    { network_transport: 'L2', delay_mechanism: 'P2P' },
  ],
] as const) {
  test(`clean wire, ${name}`, () => gate({ name: `clean, ${name}`, ours, theirs }, within10));
}

/** Where they are the profile's own, and not the eight a second of the other runs. */
const intervals = {
  '802.1as': { logMinPdelayReqInterval: 0, logAnnounceInterval: 0 },
  aes67: {},
  'g8275.1': { logSyncInterval: -4, logMinDelayReqInterval: -4 },
  smpte: {},
} as const;

for (const [profile, theirs] of [
  [
    '802.1as',
    {
      network_transport: 'L2',
      delay_mechanism: 'P2P',
      transportSpecific: '0x1',
      ptp_dst_mac: '01:80:C2:00:00:0E',
      follow_up_info: 1,
      path_trace_enabled: 1,
      assume_two_step: 1,
      gmCapable: 1,
      neighborPropDelayThresh: 800,
      ...intervals['802.1as'],
    },
  ],
  ['aes67', { network_transport: 'UDPv4' }],
  [
    'g8275.1',
    {
      network_transport: 'L2',
      ptp_dst_mac: '01:80:C2:00:00:0E',
      domainNumber: 24,
      dataset_comparison: 'G.8275.x',
      ...intervals['g8275.1'],
    },
  ],
  ['smpte', { network_transport: 'UDPv4', domainNumber: 127 }],
] as const) {
  test(`profile ${profile}, jitter of +-50 ns`, () =>
    gate(
      {
        name: `${profile}, jitter`,
        ours: { profile },
        port: intervals[profile],
        theirs,
        jitterNs: 50,
        lockNs: 100,
        settleSeconds: 40,
      },
      ({ ours }) => {
        assert.ok(ours.truthSdNs <= 6.4 && ours.truthMaxNs <= 50, JSON.stringify(ours));
        assert.notEqual(ours.lockSeconds, -1);
      },
    ));
}

test('asymmetry: the offset is half the difference', () =>
  gate({ name: 'asymmetry', ...l2, delayNs: [500, 900] }, (result) => {
    assert.ok(Math.abs(result.meanNs - -200) <= 10, `${result.meanNs}`);
    within10(result);
  }));

test('the oscillator changes by 48 ppm', () =>
  gate(
    {
      name: 'step of drift by 48 ppm',
      ...l2,
      settleSeconds: 30,
      disturb: () => setCards('drift_ppb', far(0, 60_000)),
      restore: () => setCards('drift_ppb', far(0, 12_000)),
    },
    within10,
  ));

test('every 20th frame is lost', () =>
  gate(
    {
      name: 'frames lost',
      ...l2,
      disturb: () => setCards('drop_rx', 20),
      restore: () => setCards('drop_rx', 0),
    },
    (result) => {
      assert.deepEqual(
        result.clocks[0]!.events.filter((e) => e.name === 'faulty'),
        [],
      );
      within10(result);
    },
  ));

test('a link that goes down and comes up again', () =>
  gate(
    {
      name: 'link flap',
      ...l2,
      settleSeconds: 30,
      disturb: async (wires) => {
        for (const wire of wires) wire.far.ip('link', 'set', wire.farCard, 'down');
        await new Promise((resolve) => setTimeout(resolve, 3000));
        for (const wire of wires) wire.far.ip('link', 'set', wire.farCard, 'up');
      },
    },
    within10,
  ));
