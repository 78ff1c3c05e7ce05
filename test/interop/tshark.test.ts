import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type DecodedLayers, decryptionTableLine, loggedKeys, missingKernelFeature, until } from '../lab/index.ts';
import { assertTraffic, connect, type PairOptions, withPair } from './strongswan-peer.ts';

const lacking = missingKernelFeature();

/** Every value of the field, however deep. */
function fields(node: unknown, name: string): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]) =>
    key === name ? [value].flat().filter((item) => typeof item === 'string') : fields(value, name),
  );
}

/** The payload types of a message in order, those inside SK too (RFC 7296 3.2). */
const payloads = (layers: DecodedLayers) => {
  const all: number[] = [];
  const walk = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    for (const [key, value] of Object.entries(node)) {
      if (key === 'isakmp.typepayload')
        all.push(
          ...[value]
            .flat()
            .filter((v) => Number(v) >= 33)
            .map(Number),
        );
      else if (typeof value === 'object') walk(value);
    }
  };
  walk(layers['isakmp']);
  return all;
};

const IKE_SA_INIT = 34;
const IKE_AUTH = 35;
const CREATE_CHILD_SA = 36;
const INFORMATIONAL = 37;

for (const initiator of ['routeplane', 'strongswan'] as const satisfies readonly PairOptions['initiator'][]) {
  const who = initiator === 'routeplane' ? 'we initiate' : 'we respond';
  test(`tshark decrypts and reads every IKE message, ${who}`, { skip: lacking }, async () => {
    await withPair({ initiator, ikeLog: 4 }, async (pair) => {
      await connect(pair, initiator);
      const [first] = await pair.swan.sas();
      // A responder rekeys once it knows that its answer arrived: traffic tells.
      await assertTraffic(pair);
      await pair.router.exec('/ip ipsec installed-sa rekey [find]');
      await until(
        async () => (await pair.swan.children()).every((sa) => sa.spiIn !== first?.children[0]?.spiIn),
        5000,
        'the CHILD_SA is rekeyed',
      );
      await pair.router.exec('/ip ipsec active-peers rekey [find]');
      const second = await until(
        async () => (await pair.swan.sas()).find((sa) => sa.initiatorSpi !== first?.initiatorSpi && sa.children.length),
        5000,
        'the IKE_SA is rekeyed',
      );
      await assertTraffic(pair);
      await pair.router.stop();
      await until(async () => (await pair.swan.sas()).length === 0, 3000, 'our DELETE arrived');
      await pair.capture.stop();

      const keys = loggedKeys(pair.swan.log);
      assert.equal(keys.length, 2);
      const table = decryptionTableLine(first!, keys[0]!) + decryptionTableLine(second, keys[1]!);
      const decoded = await pair.capture.decode({ filter: 'isakmp', tables: { ikev2_decryption_table: table } });
      for (const message of decoded) {
        const text = JSON.stringify(message);
        // Wireshark's own complaints: malformed packets, wrong lengths, checksums that do not match.
        assert.doesNotMatch(text, /_ws\.malformed|_ws\.expert|_ws\.unreassembled/, JSON.stringify(message, null, 1));
      }

      const ours = decoded.filter((message) => {
        const source = fields(message, 'ip.src')[0];
        return source === '192.168.90.1';
      });
      const of = (exchange: number) =>
        ours.filter((message) => fields(message, 'isakmp.exchangetype')[0] === `${exchange}`).map(payloads);
      const [init] = of(IKE_SA_INIT);
      for (const type of [33, 34, 40, 41]) assert.ok(init?.includes(type), `IKE_SA_INIT has payload ${type}: ${init}`);
      const [auth] = of(IKE_AUTH);
      const identity = initiator === 'routeplane' ? 35 : 36;
      for (const type of [46, identity, 39, 33, 44, 45]) {
        assert.ok(auth?.includes(type), `IKE_AUTH has payload ${type}: ${auth}`);
      }
      const rekeys = of(CREATE_CHILD_SA);
      assert.ok(
        rekeys.some((types) => [33, 40, 34, 44, 45, 41].every((type) => types.includes(type))),
        `${rekeys}`,
      );
      assert.ok(rekeys.some((types) => [33, 40, 34].every((type) => types.includes(type)) && !types.includes(44)));
      assert.ok(
        of(INFORMATIONAL).some((types) => types.includes(42)),
        'a DELETE',
      );
    });
  });
}
