import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { DataPlane, SaSpec } from '#lib/dataplane/dataplane.js';
import { ConfigError } from '#lib/errors.js';
import { Configuration, Console } from '#lib/routeros/index.js';
import { ManualSas } from '#lib/runtime/ipsec/manual-sa.js';
import { PolicyNumbers, planIpsec, readItems } from '#lib/runtime/ipsec/plan.js';
import { onValidateIpsec } from '#lib/runtime/ipsec/validate.js';

const aes = '000102030405060708090a0b0c0d0e0f';
const sha1 = '000102030405060708090a0b0c0d0e0f10111213';
const manual = `/ip ipsec manual-sa add name=sa1 esp-enc-algorithm=aes-128 esp-enc-key=${aes}/ff${aes.slice(2)} \\
  esp-auth-algorithm=sha1 esp-auth-key=0x${sha1} esp-spi=0x1000/0x2000 lifetime=1h`;
const policy =
  '/ip ipsec policy add src-address=10.1.0.0/16 dst-address=10.2.0.0/16 tunnel=yes manual-sa=sa1 sa-src-address=192.0.2.1 sa-dst-address=192.0.2.2';

function configured(...lines: string[]): Configuration {
  const configuration = new Configuration();
  onValidateIpsec(configuration);
  const console = new Console(configuration);
  for (const line of lines) console.execute(line);
  return configuration;
}

const plan = (...lines: string[]) =>
  planIpsec(readItems(configured(...lines)), new PolicyNumbers(), {
    sourceAddress: () => undefined,
    resolve: () => undefined,
  });

test('a policy that names a manual SA has both of its directions, and no peer', () => {
  const { manualSas, spd, peers, refusals } = plan(manual, policy);
  assert.deepEqual([peers, refusals], [[], []]);
  assert.equal(spd.length, 1);
  const [out, inward] = manualSas;
  assert.ok(out && inward && manualSas.length === 2);
  assert.deepEqual(
    [out.direction, out.spi, out.src, out.dst, Buffer.from(out.encryptionKey).toString('hex')],
    ['out', 0x2000, '192.0.2.1', '192.0.2.2', `ff${aes.slice(2)}`],
  );
  assert.deepEqual(
    [inward.direction, inward.spi, inward.src, inward.dst, Buffer.from(inward.encryptionKey).toString('hex')],
    ['in', 0x1000, '192.0.2.2', '192.0.2.1', aes],
  );
  for (const sa of manualSas) {
    assert.equal(Buffer.from(sa.integrityKey).toString('hex'), sha1);
    assert.deepEqual(
      [sa.encryption, sa.integrity, sa.mode, sa.lifetime],
      ['aes-cbc', 'sha1-96', 'tunnel', { hardSeconds: 3600 }],
    );
    assert.equal('reqid' in spd[0]! && spd[0].reqid, sa.reqid);
  }
});

test('AH around ESP', () => {
  const both = `${manual} ah-algorithm=md5 ah-key=${aes} ah-spi=0x3000`;
  const { manualSas } = plan(both, `${policy} ipsec-protocols=ah,esp`);
  assert.deepEqual(
    manualSas.map(({ protocol, direction, mode, spi }) => [protocol, direction, mode, spi]),
    [
      ['esp', 'out', 'tunnel', 0x2000],
      ['esp', 'in', 'tunnel', 0x1000],
      ['ah', 'out', 'transport', 0x3000],
      ['ah', 'in', 'transport', 0x3000],
    ],
  );
});

test('what cannot be is refused where it is written', () => {
  const refused = (message: RegExp, ...lines: string[]) =>
    assert.throws(
      () => configured(...lines),
      (error: unknown) => error instanceof ConfigError && message.test(error.message),
    );
  refused(/aes-256 takes a key of 32 octets, not 16/, manual.replace('aes-128', 'aes-256'), policy);
  refused(/a manual SA needs both ends/, manual, policy.replace('sa-dst-address=192.0.2.2', ''));
  refused(/not of the IP version/, manual, policy.replace('192.0.2.2', '2001:db8::2'));
  refused(/hexadecimal digits/, manual.replace(aes, 'xyz'));
  refused(/AH without an algorithm/, manual, `${policy} ipsec-protocols=ah`);
  refused(/peer/, '/ip ipsec policy add src-address=10.1.0.0/16 dst-address=10.2.0.0/16 tunnel=yes');
});

test('keys are sensitive, values are written back as they were meant', () => {
  const configuration = configured(manual, policy);
  const { output } = new Console(configuration).execute('/ip ipsec manual-sa print detail');
  assert.ok(!output.includes(aes.slice(4)), output);
  const [item] = configuration.items('/ip ipsec manual-sa');
  assert.equal(item?.values['esp-spi'], '0x1000/0x2000');
  assert.equal(item?.values['esp-auth-key'], sha1);
});

test('the data plane gets what is new and loses what is gone', () => {
  const calls: string[] = [];
  const plane = {
    addSa: ({ spi }: SaSpec) => {
      if (spi === 0x666) throw new Error('no');
      calls.push(`add ${spi.toString(16)}`);
    },
    deleteSa: ({ spi }: SaSpec) => calls.push(`delete ${spi.toString(16)}`),
  } as unknown as DataPlane;
  const sas = plan(manual, policy).manualSas;
  const kept = new ManualSas();
  const refusals: string[] = [];
  const set = (wanted: readonly SaSpec[]) => {
    calls.length = 0;
    kept.set(plane, wanted, (_, error) => refusals.push(error.message));
    return calls.join();
  };
  assert.equal(set(sas), 'add 2000,add 1000');
  assert.equal(set(plan(manual, policy).manualSas), '');
  assert.equal(set([sas[0]!, { ...sas[1]!, spi: 0x666 }]), 'delete 1000');
  assert.deepEqual(refusals, ['no']);
  assert.equal(kept.all().length, 1);
  calls.length = 0;
  kept.flush(plane, 'ah', () => {});
  assert.deepEqual(calls, []);
  kept.flush(plane, 'all', () => {});
  assert.deepEqual(calls, ['delete 2000', 'add 2000']);
});
