import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { ClockConfig } from '#lib/ptp/index.js';
import { type DecodedLayers, missingKernelFeature, requirePackages, until } from '../lab/index.ts';
import { linuxptpPackages, type Ptp4lOptions } from './ptp/linuxptp.ts';
import { ourMessages, percentile, theirIdentity, withPair } from './ptp/pair.ts';

const lacking = missingKernelFeature();

/** Both ends read one clock: what is not 0 is error. Of stamps by a kernel that is busy with other tests. */
const softwareBoundNs = 1_000_000;

const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logMinPdelayReqInterval: -3, logAnnounceInterval: -2 };
const fastPtp4l: Ptp4lOptions = fast;

interface Case {
  readonly name: string;
  readonly config: Partial<ClockConfig>;
  readonly peer: Ptp4lOptions;
}

const transports = { ipv4: 'UDPv4', ipv6: 'UDPv6', 'l2-forwardable': 'L2' } as const;
const mechanisms = { e2e: 'E2E', p2p: 'P2P' } as const;

const matrix: Case[] = Object.entries(transports).flatMap(([transport, theirs]) =>
  Object.entries(mechanisms).map(([delay, mechanism]) => ({
    name: `${transport}, ${delay}`,
    config: {
      transport: transport as keyof typeof transports,
      delayMechanism: delay as keyof typeof mechanisms,
    },
    peer: { network_transport: theirs, delay_mechanism: mechanism },
  })),
);

const profiles: Case[] = [
  {
    name: 'profile 802.1as',
    config: { profile: '802.1as' },
    peer: {
      network_transport: 'L2',
      delay_mechanism: 'P2P',
      transportSpecific: '0x1',
      ptp_dst_mac: '01:80:C2:00:00:0E',
      follow_up_info: 1,
      path_trace_enabled: 1,
      assume_two_step: 1,
      gmCapable: 1,
      neighborPropDelayThresh: 20_000_000,
      asCapable: 'auto',
    },
  },
  { name: 'profile aes67', config: { profile: 'aes67' }, peer: { network_transport: 'UDPv4' } },
  {
    name: 'profile g8275.1',
    config: { profile: 'g8275.1' },
    peer: {
      network_transport: 'L2',
      ptp_dst_mac: '01:80:C2:00:00:0E',
      domainNumber: 24,
      dataset_comparison: 'G.8275.x',
      'G.8275.defaultDS.localPriority': 128,
    },
  },
  { name: 'profile smpte', config: { profile: 'smpte' }, peer: { network_transport: 'UDPv4', domainNumber: 127 } },
];

/** No complaint of Wireshark's, and of every kind at least one. */
function assertDecoded(messages: readonly DecodedLayers[], kinds: readonly number[]): void {
  const seen = new Set<number>();
  for (const layers of messages) {
    const text = JSON.stringify(layers);
    assert.doesNotMatch(text, /_ws\.malformed|_ws\.expert/, JSON.stringify(layers, null, 1));
    seen.add(Number(/"ptp\.v2\.messagetype":\s*"(0x[0-9a-f]+|\d+)"/.exec(text)?.[1] ?? -1));
  }
  for (const kind of kinds) assert.ok(seen.has(kind), `a message of type ${kind} among ${[...seen]}`);
}

const SYNC = 0;
const DELAY_REQ = 1;
const PDELAY_REQ = 2;
const PDELAY_RESP = 3;
const FOLLOW_UP = 8;
const DELAY_RESP = 9;
const ANNOUNCE = 11;

const isPeerDelay = (c: Case) => c.config.delayMechanism === 'p2p' || c.config.profile === '802.1as';
// Stamps of the kernel make the link look longer than one of copper.
const ports = (c: Case) => ({ ...fast, ...(isPeerDelay(c) && { neighborPropDelayThreshNs: 20_000_000 }) });

describe('PTP with ptp4l', { skip: lacking, concurrency: 4 }, () => {
  before(() => requirePackages(linuxptpPackages));

  for (const c of [...matrix, ...profiles]) {
    test(`we follow ptp4l: ${c.name}`, async () => {
      await withPair(
        { ...c.config, clock: 'overlay', slaveOnly: c.config.profile !== '802.1as', priority1: 200, port: ports(c) },
        { ...fastPtp4l, ...c.peer, priority1: 100 },
        async ({ clock, capture }) => {
          await clock.waitState('SLAVE');
          await clock.waitMeasurements(30);
          const offsets = clock.measurements.map((m) => Math.abs(m.offsetFromMasterNs));
          assert.ok(percentile(offsets, 0.5) < softwareBoundNs, `offsets ${offsets}`);
          const snapshot = await clock.snapshot();
          assert.equal(snapshot.parentDS.grandmasterIdentity, theirIdentity);
          assert.equal(snapshot.grandmaster, false);
          assert.equal(snapshot.currentDS.stepsRemoved, 1);
          assert.equal(snapshot.statistics[0]?.unsentMessages, 0);
          assertDecoded(await ourMessages(capture), isPeerDelay(c) ? [PDELAY_REQ, PDELAY_RESP] : [DELAY_REQ]);
        },
      );
    });

    test(`ptp4l follows us: ${c.name}`, async () => {
      await withPair(
        { ...c.config, clock: 'overlay', priority1: 100, port: ports(c) },
        { ...fastPtp4l, ...c.peer, priority1: 200, ...(c.config.profile !== '802.1as' && { slaveOnly: 1 }) },
        async ({ clock, peer, capture }) => {
          await clock.waitState('MASTER');
          // With the servo `nullf` it never leaves UNCALIBRATED for good, but it measures.
          await until(
            () => peer.offsets.length >= 20,
            30_000,
            () => `offsets of ptp4l:\n${peer.process.output}`,
          );
          const offsets = peer.offsets.map(Math.abs);
          assert.ok(percentile(offsets, 0.5) < softwareBoundNs, `offsets ${offsets}`);
          const snapshot = await clock.snapshot();
          assert.equal(snapshot.grandmaster, true);
          const answers = isPeerDelay(c) ? [PDELAY_RESP] : [DELAY_RESP];
          assertDecoded(await ourMessages(capture), [SYNC, FOLLOW_UP, ANNOUNCE, ...answers]);
        },
      );
    });
  }
});
