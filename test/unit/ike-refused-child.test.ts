import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { Core } from '#lib/ike/core.js';
import { IkeSa } from '#lib/ike/ike-sa.js';
import { defaultIkeSettings } from '#lib/ike/index.js';
import { notify } from '#lib/ike/notify.js';
import { ExchangeType } from '#lib/ike/payloads/constants.js';
import { NotifyType } from '#lib/ike/payloads/notify-type.js';
import type { Payload } from '#lib/ike/payloads/payload.js';
import { Peer } from '#lib/ike/peer.js';
import { ChildCreate } from '#lib/ike/tasks/child-create.js';
import { prefixTrafficSelector } from '#lib/ike/traffic-selector.js';
import { child, config } from './ike/configuration.ts';
import { Pair } from './ike/pair.ts';

/** A minimal implementation (RFC 7296 4): one CHILD_SA, that of IKE_AUTH, and no more. */
const minimal = { spareChildSas: -3 };
const starting = (more = {}) => ({ children: [child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true, ...more })] });

test('a peer that rekeys no CHILD_SA makes the next one with another IKE_SA (RFC 7296 2.8)', () => {
  const pair = new Pair({ settings: minimal, a: starting() });
  pair.run(1000);
  const old = pair.sa(pair.a);
  pair.probe();
  pair.run(100);
  pair.ladder.length = 0;
  pair.a.do(pair.a.ike.rekeyChild(pair.child(pair.a).childSa, pair.now));
  pair.run(20_000);
  assert.deepEqual(pair.ladder, [
    'a -> b CREATE_CHILD_SA request { N(REKEY_SA), SA, Ni, KEi, TSi, TSr }',
    'b -> a CREATE_CHILD_SA response { N(NO_ADDITIONAL_SAS) }',
    'a -> b INFORMATIONAL request { D }',
    'b -> a INFORMATIONAL response {  }',
    'a -> b IKE_SA_INIT request { SA, KEi, Ni }',
    'b -> a IKE_SA_INIT response { SA, KEr, Nr }',
    'a -> b IKE_AUTH request { IDi, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr }',
    'b -> a IKE_AUTH response { IDr, AUTH, N(INITIAL_CONTACT), SA, TSi, TSr }',
  ]);
  assert.equal(pair.a.named('ike-sa-closed').at(-1)?.reason, 'NO_ADDITIONAL_SAS');
  assert.notEqual(pair.sa(pair.a).ikeSa, old.ikeSa);
  pair.assertConverged();
});

test('what does not fit beside CHILD_SAs that work does not cost them, and is asked for ever more seldom', () => {
  const pair = new Pair({
    settings: { spareChildSas: -7 },
    a: {
      children: [
        child('10.1.0.0/16', '10.2.0.0/16', { autoStart: true }),
        child('10.3.0.0/16', '10.2.0.0/16', { name: 'other', reqid: 2, autoStart: true }),
      ],
    },
    b: {
      children: [child('10.2.0.0/16', '10.1.0.0/16'), child('10.2.0.0/16', '10.3.0.0/16', { name: 'other', reqid: 2 })],
    },
  });
  pair.run(600_000);
  assert.equal(pair.child(pair.a).child, 'net');
  assert.equal(pair.a.named('ike-sa-closed').length, 0);
  const refusals = pair.a.named('child-sa-failed');
  assert.ok(refusals.length > 5 && refusals.length < 30, `${refusals.length} refusals in ten minutes`);
  assert.ok(refusals.every(({ child: name, reason }) => name === 'other' && reason === 'NO_ADDITIONAL_SAS'));
});

test('SINGLE_PAIR_REQUIRED: the packet that asks for an SA gets one of its own (RFC 7296 2.9)', () => {
  const core = new Core(defaultIkeSettings, {
    crypto: new OpensslCrypto(),
    allocateSpi: () => 0x1000,
    localAddress: () => '192.0.2.2',
  });
  const [local, remote] = ['192.0.2.2', '192.0.2.1'].map((address) => ({ address, port: 500 }));
  const sa = new IkeSa(core, { initiator: true, local: local!, remote: remote!, localSpi: 1n });
  sa.join(new Peer(core, config('one', '10.2.0.0/16', '10.1.0.0/16', '192.0.2.1')));
  sa.state = 'established';
  const refusal = {
    initiatorSpi: 1n,
    responderSpi: 2n,
    exchangeType: ExchangeType.CREATE_CHILD_SA,
    initiator: false,
    response: true,
    messageId: 2,
    payloads: [notify(NotifyType.SINGLE_PAIR_REQUIRED)],
  };
  const selectors = (payloads: readonly Payload[] | undefined) =>
    (payloads ?? []).flatMap((payload) =>
      payload.type === 'TSi' || payload.type === 'TSr'
        ? [payload.selectors.map(({ startAddress }) => startAddress)]
        : [],
    );

  const packet = { local: prefixTrafficSelector('10.2.0.9/32'), remote: prefixTrafficSelector('10.1.0.9/32') };
  const asked = new ChildCreate(child('10.2.0.0/16', '10.1.0.0/16'), packet);
  assert.deepEqual(selectors(asked.build(sa)), [
    ['10.2.0.9', '10.2.0.0'],
    ['10.1.0.9', '10.1.0.0'],
  ]);
  assert.equal(asked.process(sa, refusal), 'again');
  assert.deepEqual(selectors(asked.build(sa)), [['10.2.0.9'], ['10.1.0.9']]);
  // It may not go on for ever.
  assert.equal(asked.process(sa, refusal), 'done');

  const configured = new ChildCreate(child('10.2.0.0/16', '10.1.0.0/16'), undefined);
  configured.build(sa);
  assert.equal(configured.process(sa, refusal), 'done');
});
