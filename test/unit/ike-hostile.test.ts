import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { Core } from '#lib/ike/core.js';
import { IkeSa } from '#lib/ike/ike-sa.js';
import { type Action, defaultIkeSettings, Ike } from '#lib/ike/index.js';
import { deriveIkeSaKeys } from '#lib/ike/keymat.js';
import { decodeMessage, encodeMessage, peekHeader } from '#lib/ike/message.js';
import { ExchangeType } from '#lib/ike/payloads/constants.js';
import { NotifyType } from '#lib/ike/payloads/notify-type.js';
import type { Payload } from '#lib/ike/payloads/payload.js';
import { Peer } from '#lib/ike/peer.js';
import { ikeProposals } from '#lib/ike/proposal.js';
import { respondIkeRekey } from '#lib/ike/tasks/ike-rekey.js';
import { config } from './ike/configuration.ts';
import { Pair, type Passing } from './ike/pair.ts';
import { seeded } from './ike/random.ts';

const local = { address: '192.0.2.2', port: 500 };
const proposals = config('x', '10.1.0.0/16', '10.2.0.0/16', '192.0.2.1').proposals;

function responder() {
  const ike = new Ike(defaultIkeSettings, {
    crypto: new OpensslCrypto(),
    allocateSpi: () => 0x1000,
    localAddress: () => local.address,
  });
  ike.setPeers([config('anyone', '10.2.0.0/16', '10.1.0.0/16', '0.0.0.0', { remote: '0.0.0.0/0', passive: true })], 0);
  return ike;
}

const crypto = new OpensslCrypto();
const { publicValue } = crypto.diffieHellman('curve25519');

function initRequest(initiatorSpi: bigint, random: () => number, first: readonly Payload[] = []): Uint8Array {
  const nonce = Uint8Array.from({ length: 32 }, () => Math.floor(random() * 256));
  return encodeMessage({
    initiatorSpi,
    responderSpi: 0n,
    exchangeType: ExchangeType.IKE_SA_INIT,
    initiator: true,
    response: false,
    messageId: 0,
    payloads: [
      ...first,
      { type: 'SA', proposals: ikeProposals(proposals, new Uint8Array(0)) },
      { type: 'KE', group: 31, data: publicValue },
      { type: 'Nonce', data: nonce },
    ],
  });
}

const sent = (actions: readonly Action[]) => actions.filter((action) => action.type === 'send');
const logs = (actions: readonly Action[]) =>
  actions.flatMap((action) => (action.type === 'event' && action.event.name === 'log' ? [action.event] : []));

test('10,000 IKE_SA_INIT requests from anywhere: cookies go on, and little is kept or logged', () => {
  const ike = responder();
  const random = seeded(1);
  let timers = 0;
  let cookies = 0;
  let logged = 0;
  for (let i = 0; i < 10_000; i++) {
    const remote = { address: `198.51.${Math.floor(random() * 256)}.${Math.floor(random() * 256)}`, port: 500 };
    const data = initRequest(BigInt(i + 1), random);
    const actions = ike.handleDatagram({ local, remote, data }, i / 10);
    for (const action of actions) timers += action.type === 'setTimer' ? 1 : 0;
    logged += logs(actions).length;
    const [answer] = sent(actions);
    assert.ok(answer?.type === 'send');
    assert.ok(answer.data.length < data.length + 200);
    const [first] = decodeMessage(answer.data).payloads;
    if (first?.type === 'N' && first.notify === NotifyType.COOKIE) cookies++;
  }
  assert.equal(ike.ikeSas().length, defaultIkeSettings.cookieThreshold);
  assert.equal(timers, defaultIkeSettings.cookieThreshold);
  assert.equal(cookies, 10_000 - defaultIkeSettings.cookieThreshold);
  assert.ok(logged <= 2, `${logged} log lines in a second`);
});

test('the half-open IKE_SAs of one source are capped, behind a cookie, and go when IKE_AUTH does not come', () => {
  const ike = responder();
  const remote = { address: '198.51.100.1', port: 500 };
  const { cookieThresholdPerSource, halfOpenPerSource } = defaultIkeSettings;
  const timers: string[] = [];
  const ask = (spi: number, now: number, cookie: readonly Payload[]): readonly Payload[] => {
    const actions = ike.handleDatagram({ local, remote, data: initRequest(BigInt(spi), seeded(spi), cookie) }, now);
    for (const action of actions) if (action.type === 'setTimer') timers.push(action.id);
    return sent(actions).flatMap((answer) => (answer.type === 'send' ? decodeMessage(answer.data).payloads : []));
  };
  /* A source address can be forged: without a cookie it gets no further than this. */
  for (let i = 1; i <= 200; i++) ask(i, i, []);
  assert.equal(ike.ikeSas().length, cookieThresholdPerSource);
  assert.equal(ike.counters().get('cookie demanded'), 200 - cookieThresholdPerSource);
  assert.equal(ike.counters().get('half-open limit'), undefined);
  /* Who really has it takes the cookie, and is served. */
  for (let i = 201; i <= 300; i++) {
    const [cookie] = ask(i, i, []);
    assert.ok(cookie?.type === 'N' && cookie.notify === NotifyType.COOKIE);
    const answer = ask(i, i, [cookie]);
    assert.equal(answer[0]?.type, i <= 200 + halfOpenPerSource - cookieThresholdPerSource ? 'SA' : undefined);
  }
  assert.equal(ike.ikeSas().length, halfOpenPerSource);
  assert.equal(ike.counters().get('half-open limit'), 100 - halfOpenPerSource + cookieThresholdPerSource);
  for (const id of timers) ike.handleTimer(id, 40_000);
  assert.equal(ike.ikeSas().length, 0);
});

test('an IKE_SA_INIT request that is far too long is not kept', () => {
  const ike = responder();
  const remote = { address: '198.51.100.1', port: 500 };
  const ballast = (length: number): Payload => ({ type: 'V', data: new Uint8Array(length) });
  const answers = (data: Uint8Array) => sent(ike.handleDatagram({ local, remote, data }, 0)).length;
  assert.equal(answers(initRequest(1n, seeded(1), [ballast(3000)])), 1);
  assert.equal(answers(initRequest(2n, seeded(1), [ballast(60_000)])), 0);
  assert.equal(ike.ikeSas().length, 1);
  assert.equal(ike.counters().get('malformed message'), 1);
});

test('an unknown critical payload of a stranger is not answered', () => {
  const ike = responder();
  ike.setPeers([config('one', '10.2.0.0/16', '10.1.0.0/16', '192.0.2.1')], 0);
  const remote = { address: '198.51.100.1', port: 500 };
  const unknown: Payload = { type: 'unknown', payloadType: 200, critical: true, data: new Uint8Array(4) };
  assert.equal(sent(ike.handleDatagram({ local, remote, data: initRequest(1n, seeded(5), [unknown]) }, 0)).length, 0);
  const known = { address: '192.0.2.1', port: 500 };
  assert.equal(
    sent(ike.handleDatagram({ local, remote: known, data: initRequest(1n, seeded(5), [unknown]) }, 0)).length,
    1,
  );
});

test('RFC 7296 3.3.1: a rekey offer of the IKE_SA has an SPI, or is no offer', () => {
  const core = new Core(defaultIkeSettings, {
    crypto,
    allocateSpi: () => 0x1000,
    localAddress: () => local.address,
  });
  const sa = new IkeSa(core, {
    initiator: false,
    local,
    remote: { address: '192.0.2.1', port: 500 },
    localSpi: core.newIkeSpi(),
  });
  sa.join(new Peer(core, config('one', '10.2.0.0/16', '10.1.0.0/16', '192.0.2.1')));
  sa.state = 'established';
  sa.suite = { encryption: 'aes-128-gcm', integrity: 'none', prf: 'hmac-sha256', dhGroup: 'curve25519' };
  sa.keys = deriveIkeSaKeys(crypto, sa.suite, {
    ni: new Uint8Array(32),
    nr: new Uint8Array(32),
    initiatorSpi: 1n,
    responderSpi: 2n,
    sharedSecret: new Uint8Array(32),
  });
  const request = (spi: Uint8Array): Payload[] => [
    { type: 'SA', proposals: ikeProposals(proposals, spi) },
    { type: 'Nonce', data: new Uint8Array(32) },
    { type: 'KE', group: 31, data: publicValue },
  ];
  assert.throws(() => respondIkeRekey(sa, request(new Uint8Array(0))), { notify: 'NO_PROPOSAL_CHOSEN' });
  assert.throws(() => respondIkeRekey(sa, request(new Uint8Array(8))), { notify: 'INVALID_SYNTAX' });
  assert.equal(core.ikeSas.size, 1);
  const answer = respondIkeRekey(sa, request(new Uint8Array(8).fill(9)));
  assert.deepEqual(
    answer.payloads.map(({ type }) => type),
    ['SA', 'Nonce', 'KE'],
  );
});

test('cookies that are good for another source, or too old, are not taken', () => {
  const ike = new Ike(
    { ...defaultIkeSettings, cookieThreshold: 0 },
    { crypto, allocateSpi: () => 0x1000, localAddress: () => local.address },
  );
  ike.setPeers([config('anyone', '10.2.0.0/16', '10.1.0.0/16', '0.0.0.0', { remote: '0.0.0.0/0', passive: true })], 0);
  const ask = (address: string, now: number, cookie?: Payload): Payload => {
    const data = initRequest(7n, seeded(3), cookie === undefined ? [] : [cookie]);
    const [answer] = sent(ike.handleDatagram({ local, remote: { address, port: 500 }, data }, now));
    assert.ok(answer?.type === 'send');
    return decodeMessage(answer.data).payloads[0]!;
  };
  const cookie = ask('198.51.100.1', 0);
  assert.equal(cookie.type === 'N' && cookie.notify, NotifyType.COOKIE);
  assert.equal(ask('198.51.100.2', 1, cookie).type, 'N');
  assert.equal(ike.ikeSas().length, 0);
  assert.equal(ask('198.51.100.1', 300_000, cookie).type, 'N');
  const fresh = ask('198.51.100.1', 300_001);
  /* The secret changes in between: the one before is good for a while. */
  assert.equal(ask('198.51.100.1', 361_000, fresh).type, 'SA');
  assert.equal(ike.ikeSas().length, 1);
});

/** Delivers copies of what passes, damaged, and sees that nothing but the original has an effect. */
function mangled(pair: Pair, message: Passing, random: () => number): void {
  const { data } = message;
  for (let i = 0; i < 8; i++) {
    const copy = data.slice();
    const at = Math.floor(random() * copy.length);
    copy[at] = copy[at]! ^ (1 << Math.floor(random() * 8));
    pair.deliver({ ...message, data: copy }, message.to);
  }
  for (const length of [0, 1, 27, 28, 31, Math.floor(random() * data.length), data.length - 1]) {
    pair.deliver({ ...message, data: data.slice(0, length) }, message.to);
  }
  const longer = new Uint8Array(data.length + 4);
  longer.set(data);
  pair.deliver({ ...message, data: longer }, message.to);
}

test('damaged, truncated and prolonged copies of every message change nothing', () => {
  for (let seed = 1; seed <= 40; seed++) {
    const pair = new Pair({ seed });
    const random = seeded(seed);
    let initial = 2;
    pair.pass = (message) => {
      /* IKE_SA_INIT is not protected: what is changed there is another message, and the real one has to be first. */
      if (initial-- > 0) return true;
      mangled(pair, message, random);
      return true;
    };
    pair.a.do(pair.a.ike.initiate('b', 0));
    pair.run(2000);
    pair.probe();
    pair.run(100);
    pair.a.do(pair.a.ike.rekeyChild(pair.child(pair.a).childSa, pair.now));
    pair.run(2000);
    pair.b.do(pair.b.ike.rekeyIke(pair.sa(pair.b).ikeSa, pair.now));
    pair.run(10_000);
    pair.assertConverged();
    assert.equal(pair.a.named('ike-sa-rekeyed').length, 1);
    assert.ok((pair.b.ike.counters().get('integrity check failed') ?? 0) > 0);
    assert.ok((pair.b.ike.counters().get('malformed message') ?? 0) > 0);
  }
});

test('a recorded conversation that is played again changes nothing', () => {
  const pair = new Pair();
  const record: Passing[] = [];
  pair.pass = (message) => {
    record.push(message);
    return true;
  };
  pair.a.do(pair.a.ike.initiate('b', 0));
  pair.run(1000);
  pair.probe();
  pair.run(100);
  pair.a.do(pair.a.ike.rekeyChild(pair.child(pair.a).childSa, pair.now));
  pair.run(5000);
  const before = [pair.sa(pair.a), pair.sa(pair.b)].map(({ children, initiatorSpi }) => ({ children, initiatorSpi }));
  pair.pass = () => true;
  const played = record.splice(0);
  for (const message of [...played, ...played.toReversed()]) {
    pair.deliver(message, message.to);
    pair.run(500);
  }
  pair.run(60_000);
  const after = [pair.sa(pair.a), pair.sa(pair.b)].map(({ children, initiatorSpi }) => ({ children, initiatorSpi }));
  assert.deepEqual(after, before);
  pair.assertConverged();
});

test('messages for SPIs that nobody has get INVALID_IKE_SPI, once a second', () => {
  const ike = responder();
  const remote = { address: '198.51.100.1', port: 500 };
  let answers = 0;
  for (let i = 0; i < 1000; i++) {
    const data = encodeMessage({
      initiatorSpi: 1n,
      responderSpi: 2n + BigInt(i),
      exchangeType: ExchangeType.INFORMATIONAL,
      initiator: true,
      response: i % 2 === 1,
      messageId: 5,
      payloads: [],
    });
    for (const answer of sent(ike.handleDatagram({ local, remote, data }, i * 2))) {
      assert.ok(answer.type === 'send');
      answers++;
      const message = decodeMessage(answer.data);
      assert.deepEqual([message.initiatorSpi, message.messageId, message.response], [1n, 5, true]);
      const [notify] = message.payloads;
      assert.equal(notify?.type === 'N' && notify.notify, NotifyType.INVALID_IKE_SPI);
    }
  }
  assert.ok(answers >= 1 && answers <= 2, `${answers} answers in two seconds`);
});

test('RFC 7296 2.5: a higher major version is told ours, IKEv1 and nonsense nothing', () => {
  const ike = responder();
  const remote = { address: '198.51.100.1', port: 500 };
  const data = initRequest(9n, seeded(4));
  const versioned = (version: number) => data.with(17, version) as Uint8Array;
  const [answer, ...more] = sent(ike.handleDatagram({ local, remote, data: versioned(0x30) }, 0));
  assert.ok(answer?.type === 'send' && more.length === 0);
  const [notify] = decodeMessage(answer.data).payloads;
  assert.equal(notify?.type === 'N' && notify.notify, NotifyType.INVALID_MAJOR_VERSION);
  assert.equal(sent(ike.handleDatagram({ local, remote, data: versioned(0x10) }, 2000)).length, 0);
  assert.equal(sent(ike.handleDatagram({ local, remote, data: versioned(0x00) }, 4000)).length, 0);
  assert.equal(ike.ikeSas().length, 0);
});

test('RFC 7296 2.5: an unknown critical payload is refused, one that is not critical is skipped', () => {
  const ike = responder();
  const remote = { address: '198.51.100.1', port: 500 };
  const unknown = (critical: boolean): Payload => ({
    type: 'unknown',
    payloadType: 200,
    critical,
    data: new Uint8Array(4),
  });
  const [refusal] = sent(ike.handleDatagram({ local, remote, data: initRequest(1n, seeded(5), [unknown(true)]) }, 0));
  assert.ok(refusal?.type === 'send');
  const [notify] = decodeMessage(refusal.data).payloads;
  assert.ok(notify?.type === 'N' && notify.notify === NotifyType.UNSUPPORTED_CRITICAL_PAYLOAD);
  assert.deepEqual([...notify.data], [200]);
  const [answer] = sent(ike.handleDatagram({ local, remote, data: initRequest(2n, seeded(6), [unknown(false)]) }, 1));
  assert.ok(answer?.type === 'send');
  assert.equal(decodeMessage(answer.data).payloads[0]?.type, 'SA');
});

test('random bytes are counted and never throw', () => {
  const ike = responder();
  const random = seeded(8);
  let logged = 0;
  for (let i = 0; i < 20_000; i++) {
    const data = Uint8Array.from({ length: Math.floor(random() * 200) }, () => Math.floor(random() * 256));
    if (data.length >= 28 && i % 2 === 0) {
      data[17] = 0x20;
      data[18] = 34 + (i % 5);
      new DataView(data.buffer).setUint32(24, data.length);
      if (i % 4 === 0) data.fill(0, 8, 16);
    }
    const actions = ike.handleDatagram({ local, remote: { address: '198.51.100.1', port: i & 0xffff }, data }, i / 20);
    logged += logs(actions).length;
  }
  assert.equal(ike.ikeSas().length, 0);
  assert.equal(ike.counters().get('internal error'), undefined);
  assert.ok((ike.counters().get('malformed message') ?? 0) > 1000);
  assert.ok(logged < 10, `${logged} log lines in a second`);
});

test('an unprotected INVALID_IKE_SPI asks for a sign of life and no more', () => {
  const pair = new Pair();
  pair.connect();
  const { initiatorSpi, responderSpi } = pair.sa(pair.a);
  const data = encodeMessage({
    initiatorSpi: BigInt(`0x${initiatorSpi}`),
    responderSpi: BigInt(`0x${responderSpi}`),
    exchangeType: ExchangeType.INFORMATIONAL,
    initiator: false,
    response: true,
    messageId: 1,
    payloads: [
      { type: 'N', protocol: 0, spi: new Uint8Array(0), notify: NotifyType.INVALID_IKE_SPI, data: new Uint8Array(0) },
    ],
  });
  for (let i = 0; i < 5; i++) {
    pair.deliver(
      { local: { address: '192.0.2.2', port: 500 }, remote: { address: '192.0.2.1', port: 500 }, data },
      pair.a,
    );
  }
  pair.run(1000);
  assert.deepEqual(pair.ladder, ['a -> b INFORMATIONAL request {  }', 'b -> a INFORMATIONAL response {  }']);
  pair.assertConverged();
  assert.equal(peekHeader(data).messageId, 1);
});

test('what looks like the last request, and is not, gets no answer', () => {
  const pair = new Pair();
  let request: Passing | undefined;
  pair.pass = (message) => {
    if (message.exchange === 'IKE_AUTH' && !message.response) request = message;
    return true;
  };
  pair.connect();
  assert.ok(request !== undefined);
  pair.deliver(request, pair.b);
  pair.run(100);
  assert.equal(pair.ladder.length, 1);
  pair.ladder.length = 0;
  const forged = request.data.slice();
  forged[forged.length - 1]! ^= 1;
  pair.deliver({ ...request, data: forged }, pair.b);
  pair.run(100);
  assert.deepEqual(pair.ladder, []);
  assert.equal(pair.b.ike.counters().get('unexpected message ID'), 1);
});

test('an IKE_SA_INIT response from elsewhere is not for us', () => {
  const pair = new Pair();
  pair.pass = (message) => {
    if (message.exchange !== 'IKE_SA_INIT' || !message.response) return true;
    pair.deliver({ ...message, local: { address: '203.0.113.9', port: 500 } }, pair.a);
    return false;
  };
  pair.a.do(pair.a.ike.initiate('b', 0));
  pair.run(1000);
  assert.equal(pair.sa(pair.a).state, 'connecting');
  assert.equal(pair.sa(pair.a).responderSpi, '0000000000000000');
});
