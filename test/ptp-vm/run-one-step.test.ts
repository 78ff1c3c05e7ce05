import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gate } from './run.ts';

test('Sync and Pdelay_Resp in one step: within 20 ns of the truth', () =>
  gate(
    {
      name: 'one-step, l2, p2p',
      ours: { transport: 'l2-forwardable', delayMechanism: 'p2p', twoStep: false, oneStepPeerDelay: true },
      theirs: { network_transport: 'L2', delay_mechanism: 'P2P' },
      slaves: ['routeplane', 'routeplane x2'],
    },
    ({ rows }) => {
      for (const row of rows) {
        assert.ok(row.truthMaxNs <= 20, JSON.stringify(row));
        assert.notEqual(row.lockSeconds, -1);
      }
    },
  ));
