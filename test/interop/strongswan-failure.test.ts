import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { missingKernelFeature, StrongSwan, until } from '../lab/index.ts';
import { connect, gcm, withPair } from './strongswan-peer.ts';

const lacking = missingKernelFeature();

// Mostly waiting, in namespaces of their own: a silent peer is given up after a minute of retransmissions.
describe('failures', { concurrency: 3, skip: lacking }, () => {
  for (const initiator of ['routeplane', 'strongswan'] as const) {
    const who = initiator === 'routeplane' ? 'we initiate' : 'we respond';

    test(`wrong pre-shared key, ${who}`, async () => {
      await withPair({ initiator, secret: 'not what the peer has' }, async ({ router, swan, ourHost, theirHost }) => {
        if (initiator === 'strongswan') await assert.rejects(swan.initiate('lan', 30), /AUTHENTICATION_FAILED|failed/);
        else await ourHost.ping(theirHost.address, { count: 1, waitMs: 200 });
        await until(() => /authentication|AUTHENTICATION_FAILED/i.test(router.log), 5000, 'our log names the failure');
        assert.doesNotMatch(router.log, /not what the peer has/);
        assert.deepEqual(await swan.children(), []);
        assert.equal(await router.count('/ip ipsec installed-sa'), 0);
        assert.equal((await ourHost.ping(theirHost.address, { count: 2, waitMs: 200 })).received, 0);
      });
    });

    test(`no common IKE proposal, ${who}`, async () => {
      const suite = { ...gcm, ike: 'aes256-sha512-ecp521' };
      await withPair({ initiator, suite }, async ({ router, swan, ourHost, theirHost }) => {
        if (initiator === 'strongswan') await assert.rejects(swan.initiate('lan', 30), /NO_PROP/);
        else await ourHost.ping(theirHost.address, { count: 1, waitMs: 200 });
        await until(
          () => /NO_PROPOSAL_CHOSEN|no suitable proposal found/.test(router.log),
          5000,
          'our log names the failure',
        );
        // What we have to offer, and what the peer does where it says so: a responder's NO_PROPOSAL_CHOSEN does not.
        assert.match(router.log, /aes-128-cbc.*modp2048/);
        if (initiator === 'strongswan') assert.match(router.log, /aes-256-cbc.*ecp521/);
        assert.deepEqual(await swan.sas(), []);
        assert.equal(await router.count('/ip ipsec installed-sa'), 0);
      });
    });

    test(`no common ESP proposal, ${who}`, async () => {
      const suite = { ...gcm, esp: 'aes256-sha512' };
      await withPair({ initiator, suite }, async ({ router, swan, ourHost, theirHost }) => {
        if (initiator === 'strongswan') await assert.rejects(swan.initiate('lan', 30), /NO_PROP/);
        else await ourHost.ping(theirHost.address, { count: 1, waitMs: 200 });
        await until(() => /no suitable proposal found/.test(router.log), 5000, 'our log names the failure');
        assert.match(router.log, /aes-128-gcm/);
        if (initiator === 'strongswan') assert.match(router.log, /aes-256-cbc.*sha512-256/);
        assert.deepEqual(await swan.children(), []);
        assert.equal(await router.count('/ip ipsec installed-sa'), 0);
      });
    });

    test(`selectors that do not meet, ${who}`, async () => {
      const child = { local_ts: '10.99.0.0/24', remote_ts: '10.98.0.0/24' };
      await withPair({ initiator, child }, async ({ router, swan, ourHost, theirHost }) => {
        if (initiator === 'strongswan') await assert.rejects(swan.initiate('lan', 30), /TS_UNACCEPT/);
        else await ourHost.ping(theirHost.address, { count: 1, waitMs: 200 });
        await until(() => /TS_UNACCEPTABLE|traffic selectors/.test(router.log), 5000, 'our log names the failure');
        assert.deepEqual(await swan.children(), []);
        assert.equal(await router.count('/ip ipsec installed-sa'), 0);
      });
    });
  }

  test('a peer that dies is noticed, and the tunnel comes back with it', async () => {
    const profile = 'dpd-interval=1s dpd-maximum-failures=1';
    await withPair({ initiator: 'routeplane', profile }, async (pair) => {
      const { router, swan, net, ourHost, theirHost } = pair;
      await connect(pair, 'routeplane');
      await swan.kill();
      await until(async () => (await router.count('/ip ipsec installed-sa')) === 0, 90_000, 'our SAs are gone');
      assert.match(router.log, /peer does not respond/);
      await using again = await StrongSwan.start(net.r2, swan.options);
      await until(
        async () => (await ourHost.ping(theirHost.address, { count: 1, waitMs: 300 })).received === 1,
        10_000,
        () => `the tunnel is back:\n${again.log}`,
      );
      assert.equal((await again.children()).length, 1);
    });
  });

  test('SIGTERM deletes the SAs at the peer', async () => {
    await withPair({ initiator: 'routeplane' }, async (pair) => {
      await connect(pair, 'routeplane');
      assert.deepEqual(await pair.router.stop(), { code: 0, signal: null });
      await until(async () => (await pair.swan.sas()).length === 0, 2000, 'charon took the DELETE');
    });
  });

  test('a peer that deletes the CHILD_SA takes ours along, and traffic brings a new one', async () => {
    await withPair({ initiator: 'routeplane' }, async (pair) => {
      await connect(pair, 'routeplane');
      await pair.swan.terminate({ child: 'lan' });
      await until(async () => (await pair.router.count('/ip ipsec installed-sa')) === 0, 3000, 'our SAs are gone');
      await connect(pair, 'routeplane');
      assert.equal((await pair.ourHost.ping(pair.theirHost.address, { count: 3 })).received, 3);
    });
  });
});
