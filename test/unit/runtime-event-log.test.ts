import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { IkeEvent } from '#lib/ike/index.js';
import { describeDrop, describeEvent } from '#lib/runtime/ipsec/event-log.js';

const remote = { address: '10.5.107.112', port: 500 };

function lines(event: IkeEvent): string[] {
  return describeEvent(event).map(({ topics, message }) => `${topics} ${message}`);
}

test('a refused proposal reads as the RouterOS log does, with both offers', () => {
  const failed = { name: 'ike-sa-failed', peer: 'p', remote, reason: 'no proposal chosen' } as const;
  assert.deepEqual(lines({ ...failed, offered: 'IKE:aes-128-cbc/sha1-96', expected: 'IKE:3des-cbc/md5-96' }), [
    'ipsec,error 10.5.107.112 peer offered: IKE:aes-128-cbc/sha1-96',
    'ipsec,error 10.5.107.112 configured here: IKE:3des-cbc/md5-96',
    'ipsec,error no suitable proposal found.',
    'ipsec,error 10.5.107.112 failed to get valid proposal.',
    'ipsec,error 10.5.107.112 phase1 negotiation failed: no proposal chosen',
  ]);
  // The peer refused: what it would have taken, nobody tells us.
  assert.equal(
    lines({ ...failed, offered: 'IKE:aes-128-cbc/sha1-96' })[0],
    'ipsec,error 10.5.107.112 refused our offer: IKE:aes-128-cbc/sha1-96',
  );
});

test('a peer that is not who it should be', () => {
  assert.deepEqual(
    lines({ name: 'ike-sa-failed', peer: 'p', remote, reason: 'authentication failed', offered: 'fqdn:a.example' }),
    [
      'ipsec,error 10.5.107.112 peer identity: fqdn:a.example',
      'ipsec,error 10.5.107.112 phase1 negotiation failed: authentication failed',
    ],
  );
});

test('the log takes its level into its topics once', () => {
  const log = { name: 'log', topics: 'ipsec', level: 'debug', message: 'm' } as const;
  assert.deepEqual(lines(log), ['ipsec,debug m']);
  assert.deepEqual(lines({ ...log, topics: 'ipsec,debug' }), ['ipsec,debug m']);
});

test('packets that come in wrong are news, those that policies drop are not', () => {
  const drop = { counter: 'inNoStates', total: 7n, address: '192.0.2.1', spi: 0x1234 } as const;
  assert.deepEqual(describeDrop(drop), {
    topics: 'ipsec,warning,packet',
    message: 'packet dropped: in-no-states from 192.0.2.1 spi 0x00001234, 7 in all',
  });
  assert.equal(
    describeDrop({ ...drop, counter: 'outPolicyBlocked', address: undefined, spi: 0 }).message,
    'packet dropped: out-policy-blocked, 7 in all',
  );
  assert.equal(describeDrop({ ...drop, counter: 'inPolicyBlocked' }).topics, 'ipsec,debug,packet');
});
