import assert from 'node:assert/strict';
import { test } from 'node:test';
import { OpensslCrypto } from '#lib/crypto/openssl.js';
import { ChildOffer } from '#lib/ike/child-offer.js';
import { Core } from '#lib/ike/core.js';
import { initialContact } from '#lib/ike/duplicates.js';
import { markEstablished } from '#lib/ike/establish.js';
import { IkeSa } from '#lib/ike/ike-sa.js';
import { defaultIkeSettings, type PrfName } from '#lib/ike/index.js';
import { deriveIkeSaKeys, pskAuth } from '#lib/ike/keymat.js';
import { notify } from '#lib/ike/notify.js';
import { NotifyType } from '#lib/ike/payloads/notify-type.js';
import type { Payload } from '#lib/ike/payloads/payload.js';
import { Peer } from '#lib/ike/peer.js';
import { prefixTrafficSelector } from '#lib/ike/traffic-selector.js';
import { child, config, secret } from './ike/configuration.ts';

const local = { address: '192.0.2.1', port: 500 };
const remote = { address: '192.0.2.2', port: 500 };
const nonces = { ni: new Uint8Array(32).fill(1), nr: new Uint8Array(32).fill(2) };

/** Remembers what it has handed out. */
class Recording extends OpensslCrypto {
  readonly results: Uint8Array[] = [];
  override prf(name: PrfName, key: Uint8Array, parts: readonly Uint8Array[]): Uint8Array {
    const result = super.prf(name, key, parts);
    this.results.push(result);
    return result;
  }
}

const crypto = new Recording();
const environment = { crypto, allocateSpi: () => 0x1000, localAddress: () => local.address };

function begin(core: Core, peer: Peer): IkeSa {
  const sa = new IkeSa(core, { initiator: true, local, remote, localSpi: core.newIkeSpi() });
  sa.join(peer);
  sa.suite = { encryption: 'aes-128-gcm', integrity: 'none', prf: 'hmac-sha256', dhGroup: 'curve25519' };
  const sharedSecret = new Uint8Array(32).fill(3);
  sa.keys = deriveIkeSaKeys(crypto, sa.suite, { ...nonces, initiatorSpi: 1n, responderSpi: 2n, sharedSecret });
  return sa;
}

function establish(sa: IkeSa): IkeSa {
  sa.identify({ idType: 1, data: Uint8Array.of(192, 0, 2, 2) });
  markEstablished(sa);
  return sa;
}

function onePeer(): { core: Core; peer: Peer } {
  const core = new Core(defaultIkeSettings, environment);
  return { core, peer: new Peer(core, config('b', '10.1.0.0/16', '10.2.0.0/16', remote.address)) };
}

const isWiped = (bytes: Uint8Array) => bytes.every((byte) => byte === 0);

test('the keys of an IKE_SA that is closed are wiped, whatever closes it', () => {
  for (const how of [{}, { linger: true }, { retry: true, report: false }]) {
    const { core, peer } = onePeer();
    const sa = establish(begin(core, peer));
    const keys = Object.values(sa.keys ?? {}) as Uint8Array[];
    assert.ok(keys.length === 7 && keys.some((key) => !isWiped(key)));
    sa.close('done', how);
    assert.ok(keys.every(isWiped));
    assert.equal(sa.keys, undefined);
    assert.equal(core.timers.has(`ike:${sa.id}:abandon`), 'linger' in how);
  }
});

test('what only leads to a key is wiped: SKEYSEED, prf+ blocks, the padded secret', () => {
  crypto.results.length = 0;
  const { core, peer } = onePeer();
  const sa = begin(core, peer);
  assert.ok(crypto.results.length >= 3);
  assert.ok(crypto.results.every(isWiped), 'SKEYSEED and the blocks of prf+');
  sa.close('done');
  crypto.results.length = 0;
  const auth = pskAuth(crypto, 'hmac-sha256', secret, new Uint8Array(64));
  assert.deepEqual(crypto.results.map(isWiped), [true, false]);
  assert.deepEqual(crypto.results[1], auth);
});

test('INITIAL_CONTACT means what was there before, not what came up meanwhile', () => {
  const { core, peer } = onePeer();
  const before = establish(begin(core, peer));
  const sa = begin(core, peer);
  const meanwhile = establish(begin(core, peer));
  const connecting = begin(core, peer);
  establish(sa);
  initialContact(sa);
  assert.deepEqual(
    [before, sa, meanwhile, connecting].map(({ state }) => state),
    ['closed', 'established', 'established', 'connecting'],
  );
});

test('RFC 7296 2.9: a responder may narrow what was offered, and neither widen nor replace it', () => {
  const { core, peer } = onePeer();
  const sa = establish(begin(core, peer));
  const net = child('10.1.0.0/16', '10.2.0.0/16');
  const offer = () => new ChildOffer(sa, net, { local: net.local, remote: net.remote, group: 'none', pfs: false });
  const answer = ({ proposals }: ChildOffer, tsi: string, tsr: string, more: readonly Payload[] = []): Payload[] => {
    const [first] = proposals;
    assert.ok(first !== undefined);
    return [
      { type: 'SA', proposals: [{ ...first, spi: Uint8Array.of(1, 2, 3, 4) }] },
      { type: 'TSi', selectors: [prefixTrafficSelector(tsi)], unknown: [] },
      { type: 'TSr', selectors: [prefixTrafficSelector(tsr)], unknown: [] },
      ...more,
    ];
  };
  for (const [tsi, tsr] of [
    ['10.1.0.0/16', '0.0.0.0/0'],
    ['10.0.0.0/8', '10.2.0.0/16'],
    ['10.1.0.0/16', '10.3.0.0/16'],
    ['10.1.0.0/16', '::/0'],
  ] as const) {
    const wide = offer();
    assert.throws(
      () => wide.accept(sa, answer(wide, tsi, tsr), nonces),
      { notify: 'TS_UNACCEPTABLE' },
      `${tsi} ${tsr}`,
    );
  }
  const transport = offer();
  assert.throws(
    () =>
      transport.accept(
        sa,
        answer(transport, '10.1.0.0/16', '10.2.0.0/16', [notify(NotifyType.USE_TRANSPORT_MODE)]),
        nonces,
      ),
    { notify: 'NO_PROPOSAL_CHOSEN' },
  );
  assert.equal(sa.children.size, 0);
  const narrow = offer();
  const { child: made } = narrow.accept(sa, answer(narrow, '10.1.5.0/24', '10.2.0.1/32'), nonces);
  assert.equal(made.selectors, '10.1.5.0/24 === 10.2.0.1/32');
  assert.equal(sa.children.size, 1);
});
