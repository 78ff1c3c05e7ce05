/** A clock of ours, and ptp4l, that stand still for a while: nobody is lost for that. */
import assert from 'node:assert/strict';
import { before, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { missingKernelFeature, requirePackages } from '../lab/index.ts';
import { linuxptpPackages } from './ptp/linuxptp.ts';
import { withPair } from './ptp/pair.ts';

const lacking = missingKernelFeature();

/** Four times what 802.1AS waits for a Sync, and longer than any wait for an Announce here. */
const standstillMs = 1500;
/** One lost answer to a request for the delay is no lost neighbour, of ours or of ptp4l's. */
const intervals = { logSyncInterval: -3, logMinPdelayReqInterval: 0, logAnnounceInterval: -2 };

describe('802.1AS behind ptp4l', { skip: lacking, concurrency: 2 }, () => {
  before(() => requirePackages(linuxptpPackages));

  for (const who of ['our process', 'the whole machine'] as const) {
    test(`${who} stands still: the port stays SLAVE`, async () => {
      await withPair(
        {
          profile: '802.1as',
          clock: 'overlay',
          priority1: 200,
          port: { ...intervals, neighborPropDelayThreshNs: 20_000_000 },
        },
        {
          ...intervals,
          network_transport: 'L2',
          delay_mechanism: 'P2P',
          transportSpecific: '0x1',
          ptp_dst_mac: '01:80:C2:00:00:0E',
          follow_up_info: 1,
          path_trace_enabled: 1,
          assume_two_step: 1,
          gmCapable: 1,
          neighborPropDelayThresh: 20_000_000,
          priority1: 100,
        },
        async ({ clock, peer }) => {
          await clock.waitState('SLAVE');
          await clock.waitMeasurements(10);
          const stopped = who === 'our process' ? [clock.process] : [clock.process, peer.process];
          for (let i = 0; i < 3; i++) {
            const seen = clock.measurements.length;
            for (const each of stopped) each.kill('SIGSTOP');
            await sleep(standstillMs);
            for (const each of stopped) each.kill('SIGCONT');
            await clock.waitMeasurements(seen + 5);
          }
          const left = clock.events.filter((e) => e.name === 'portState' && e.from === 'SLAVE');
          assert.deepEqual(left, []);
        },
      );
    });
  }
});
