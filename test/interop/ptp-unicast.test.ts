/** Unicast negotiation (IEEE 1588-2008 16.1) with ptp4l, both ways. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import type { Transport } from '#lib/ptp/index.js';
import type { PtpPortOptions } from '#lib/runtime/ptp/index.js';
import { type DecodedLayers, missingKernelFeature, requirePackages, until } from '../lab/index.ts';
import { linuxptpPackages } from './ptp/linuxptp.ts';
import { ourMac, ourMessages, percentile, theirIdentity, theirMac, withPair } from './ptp/pair.ts';

const lacking = missingKernelFeature();

/** Both ends read one clock: what is not 0 is error. Of stamps by a kernel that is busy with other tests. */
const softwareBoundNs = 1_000_000;

const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: -1 };

interface Case {
  readonly transport: Transport;
  readonly network: string;
  /** Of us, and of ptp4l. */
  readonly addresses: readonly [string, string];
}

const cases: readonly Case[] = [
  { transport: 'ipv4', network: 'UDPv4', addresses: ['192.0.2.1', '192.0.2.2'] },
  { transport: 'ipv6', network: 'UDPv6', addresses: ['fd00:88::1', 'FD00:88:0::2'] },
  { transport: 'l2-forwardable', network: 'L2', addresses: [ourMac, theirMac.toUpperCase()] },
];

/** No complaint of Wireshark's, and nothing to a group: the first octet of those addresses is odd. */
function assertUnicast(messages: readonly DecodedLayers[]): void {
  assert.ok(messages.length > 0);
  for (const layers of messages) {
    const text = JSON.stringify(layers);
    assert.doesNotMatch(text, /_ws\.malformed|_ws\.expert/, JSON.stringify(layers, null, 1));
    const to = /"eth\.dst":\s*"([0-9a-f]{2})/.exec(text)?.[1] ?? 'ff';
    assert.equal(Number.parseInt(to, 16) % 2, 0, text);
  }
}

describe('PTP by unicast with ptp4l', { skip: lacking, concurrency: 8 }, () => {
  before(() => requirePackages(linuxptpPackages));

  for (const { transport, network, addresses } of cases) {
    const port: Omit<PtpPortOptions, 'interface'> = fast;
    test(`we ask ptp4l: ${transport}`, async () => {
      await withPair(
        {
          transport,
          clock: 'overlay',
          slaveOnly: true,
          port: { ...port, unicastMasters: [addresses[1]], unicastDurationSeconds: 10 },
        },
        { ...fast, network_transport: network, unicast_listen: 1, inhibit_multicast_service: 1 },
        async ({ clock, capture }) => {
          await clock.waitState('SLAVE');
          // More than the 10 s that a grant lasts: they were renewed.
          await clock.waitMeasurements(110, 60_000);
          const offsets = clock.measurements.map((m) => Math.abs(m.offsetFromMasterNs));
          assert.ok(percentile(offsets, 0.5) < softwareBoundNs, `offsets ${offsets}`);
          assert.equal((await clock.snapshot()).parentDS.grandmasterIdentity, theirIdentity);
          assertUnicast(await ourMessages(capture));
        },
      );
    });

    test(`ptp4l asks us: ${transport}`, async () => {
      await withPair(
        { transport, clock: 'overlay', port: { ...port, unicastListen: true, multicast: false } },
        { ...fast, network_transport: network, slaveOnly: 1, unicast_req_duration: 10 },
        async ({ clock, peer, capture }) => {
          await clock.waitState('MASTER');
          await until(
            () => peer.offsets.length >= 110,
            60_000,
            () => `offsets of ptp4l:\n${peer.process.output}`,
          );
          const offsets = peer.offsets.map(Math.abs);
          assert.ok(percentile(offsets, 0.5) < softwareBoundNs, `offsets ${offsets}`);
          assertUnicast(await ourMessages(capture));
        },
        [`${network} ${addresses[0]}`],
      );
    });
  }

  test('hybrid: our delay requests go to ptp4l alone', async () => {
    await withPair(
      { transport: 'ipv4', clock: 'overlay', slaveOnly: true, port: { ...fast, hybridE2e: true } },
      { ...fast, network_transport: 'UDPv4', hybrid_e2e: 1 },
      async ({ clock, capture }) => {
        await clock.waitState('SLAVE');
        await clock.waitMeasurements(20);
        assertUnicast(await ourMessages(capture));
      },
    );
  });

  test('hybrid: ptp4l’s delay requests come to us alone, and so do our answers', async () => {
    await withPair(
      { transport: 'ipv4', clock: 'overlay', port: fast },
      { ...fast, network_transport: 'UDPv4', hybrid_e2e: 1, slaveOnly: 1 },
      async ({ peer, capture }) => {
        await until(
          () => peer.offsets.length >= 20,
          30_000,
          () => `offsets of ptp4l:\n${peer.process.output}`,
        );
        const answers = (await ourMessages(capture)).filter((layers) =>
          /"ptp\.v2\.messagetype":\s*"(0x0?9|9)"/.test(JSON.stringify(layers)),
        );
        assertUnicast(answers);
      },
    );
  });
});
