import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { missingKernelFeature, requirePackages, Topology, until } from '../lab/index.ts';
import { TestClock } from './ptp/clock.ts';
import { linuxptpPackages, Ptp4l, pmc } from './ptp/linuxptp.ts';

const lacking = missingKernelFeature();

/** GET of the standard's data sets, and a word of each answer. */
const gets: readonly (readonly [id: string, answer: RegExp])[] = [
  ['CLOCK_DESCRIPTION', /clockType\s+0x8000/],
  ['USER_DESCRIPTION', /userDescription\s+studio/],
  ['DEFAULT_DATA_SET', /clockIdentity\s+020000\.fffe\.007701/],
  ['CURRENT_DATA_SET', /stepsRemoved\s+0/],
  ['PARENT_DATA_SET', /gm\.ClockClass|grandmasterPriority1\s+77/],
  ['TIME_PROPERTIES_DATA_SET', /currentUtcOffset\s+37/],
  ['PORT_DATA_SET', /portState\s+MASTER/],
  ['PRIORITY1', /priority1\s+77/],
  ['PRIORITY2', /priority2\s+128/],
  ['DOMAIN', /domainNumber\s+5/],
  ['SLAVE_ONLY', /slaveOnly\s+0/],
  ['LOG_ANNOUNCE_INTERVAL', /logAnnounceInterval\s+-2/],
  ['ANNOUNCE_RECEIPT_TIMEOUT', /announceReceiptTimeout\s+3/],
  ['LOG_SYNC_INTERVAL', /logSyncInterval\s+-3/],
  ['VERSION_NUMBER', /versionNumber\s+2/],
  ['CLOCK_ACCURACY', /clockAccuracy\s+0xfe/],
  ['TRACEABILITY_PROPERTIES', /timeTraceable\s+0/],
  ['TIMESCALE_PROPERTIES', /ptpTimescale\s+1/],
  ['DELAY_MECHANISM', /delayMechanism\s+1/],
  ['LOG_MIN_PDELAY_REQ_INTERVAL', /logMinPdelayReqInterval\s+0/],
  ['GRANDMASTER_SETTINGS_NP', /timeSource\s+0xa0/],
  ['PORT_DATA_SET_NP', /asCapable\s+1/],
  ['PORT_PROPERTIES_NP', /portState\s+MASTER/],
  ['PORT_STATS_NP', /tx_Announce\s+[1-9]/],
  ['TIME_STATUS_NP', /gmPresent\s+false/],
];

test('pmc reads our data sets and sets what can be set', { skip: lacking }, async () => {
  requirePackages(linuxptpPackages);
  const directory = mkdtempSync(join(tmpdir(), 'rp-ptp-'));
  using topology = new Topology();
  const namespace = topology.namespace('clock');
  const far = topology.namespace('far');
  topology.link({ namespace, device: 'rp0', addresses: ['192.0.2.1/24'] }, { namespace: far, device: 'rp1' });
  namespace.ip('link', 'set', 'rp0', 'address', '02:00:00:00:77:01');
  const path = join(directory, 'ptp.sock');
  const clock = new TestClock(namespace, {
    clock: 'overlay',
    domainNumber: 5,
    priority1: 77,
    userDescription: 'studio',
    manage: { path },
    ports: [{ interface: 'rp0', logAnnounceInterval: -2, logSyncInterval: -3 }],
  });
  try {
    await clock.waitState('MASTER');
    const domain = ['-d', '5'];
    // pmc leaves some milliseconds after its last question, whatever is answered by then: what it missed is asked again.
    let text = '';
    const missed = () => gets.filter(([id]) => !new RegExp(`RESPONSE MANAGEMENT ${id}\\b`).test(text));
    const ask = async () => {
      const commands = missed().map(([id]) => `GET ${id}`);
      text += await pmc(namespace, path, commands, domain);
      return missed().length === 0;
    };
    await until(ask, 30_000, () => text);
    for (const [id, answer] of gets) {
      assert.match(text, new RegExp(`RESPONSE MANAGEMENT ${id}`), text);
      assert.match(text, answer, `${id}:\n${text}`);
    }
    await until(
      async () => /priority1\s+33/.test(await pmc(namespace, path, ['SET PRIORITY1 33', 'GET PRIORITY1'], domain)),
      30_000,
      'PRIORITY1 is set',
    );
    assert.equal((await clock.snapshot()).parentDS.grandmasterPriority1, 33);
    // Another domain is another clock.
    assert.doesNotMatch(await pmc(namespace, path, ['GET PRIORITY1'], ['-d', '6']), /RESPONSE/);

    // Over UDP of the loopback: pmc sends from port 320, which is root's.
    await until(
      async () => {
        const { stdout } = await namespace.exec(
          'pmc',
          ['-4', '-b', '0', '-d', '5', '-i', 'lo', 'SET PRIORITY1 34', 'GET PRIORITY1'],
          { timeoutMs: 20_000, check: false },
        );
        return /RESPONSE MANAGEMENT PRIORITY1\s+priority1\s+34/.test(stdout);
      },
      30_000,
      'PRIORITY1 is set over the loopback',
    );
    assert.equal((await clock.snapshot()).parentDS.grandmasterPriority1, 34);

    // UDP from the wire is not answered.
    far.address('rp1', '192.0.2.2/24');
    const { stdout } = await far.exec('pmc', ['-4', '-b', '1', '-d', '5', '-i', 'rp1', 'GET PRIORITY1'], {
      timeoutMs: 20_000,
      check: false,
    });
    assert.doesNotMatch(stdout, /RESPONSE/);
  } finally {
    await clock.process.stop('SIGTERM', 3000);
    rmSync(directory, { recursive: true });
  }
});

test('pmc through a boundary clock, over UDP and by the access list of its ports', { skip: lacking }, async () => {
  requirePackages(linuxptpPackages);
  const directory = mkdtempSync(join(tmpdir(), 'rp-ptp-'));
  const path = join(directory, 'ptp.sock');
  using topology = new Topology();
  const middle = topology.namespace('middle');
  const client = topology.namespace('client');
  const far = topology.namespace('far');
  topology.link(
    { namespace: middle, device: 'rp0', addresses: ['192.0.2.1/24'] },
    { namespace: client, device: 'peer0', addresses: ['192.0.2.2/24'] },
  );
  topology.link(
    { namespace: middle, device: 'rp1', addresses: ['198.51.100.1/24'] },
    { namespace: far, device: 'peer0', addresses: ['198.51.100.2/24'] },
  );
  middle.ip('link', 'set', 'rp0', 'address', '02:00:00:00:78:01');
  far.ip('link', 'set', 'peer0', 'address', '02:00:00:00:78:02');
  const management = [{ from: '192.0.2.2', access: 'set' }] as const;
  const fast = { logAnnounceInterval: -2, logSyncInterval: -3 };
  const clock = new TestClock(middle, {
    clock: 'overlay',
    priority1: 77,
    manage: { path },
    ports: [
      { interface: 'rp0', ...fast, management },
      { interface: 'rp1', ...fast, management },
    ],
  });
  const peer = new Ptp4l(far, ['peer0'], { ...fast, network_transport: 'UDPv4', slaveOnly: 1 });
  const answers = (text: string) => [...text.matchAll(/(\S+)-\d+ seq \d+ RESPONSE/g)].map(([, id]) => id);
  try {
    await clock.waitState('MASTER', 30_000, 2);
    await until(
      () => /SLAVE|UNCALIBRATED/.test(peer.state()),
      30_000,
      () => peer.process.output,
    );
    // The boundary clock answers, and ptp4l behind it.
    const both = ['020000.fffe.007801', '020000.fffe.007802'];
    const asked = async (hops: number) => {
      const options = ['-4', '-b', String(hops), '-i', 'peer0', 'GET PRIORITY1'];
      const { stdout } = await client.exec('pmc', options, { timeoutMs: 20_000, check: false });
      return answers(stdout);
    };
    const all = async (hops: number) => (await asked(hops)).sort().join() === both.join();
    await until(() => all(1), 30_000, 'two answers');
    await until(async () => (await asked(0)).join() === both[0], 30_000, 'one answer');
    // So it is for a client of the boundary clock's own machine.
    const local = async () =>
      answers(await pmc(middle, path, ['GET PRIORITY1'], ['-b', '1']))
        .sort()
        .join();
    await until(async () => (await local()) === both.join(), 30_000, 'two answers over the unix socket');

    // Another address is heard by nobody.
    client.ip('address', 'del', '192.0.2.2/24', 'dev', 'peer0');
    client.address('peer0', '192.0.2.3/24');
    assert.deepEqual(await asked(1), []);
    assert.ok(((await clock.snapshot()).counters['management refused'] ?? 0) > 0);
  } finally {
    await peer.stop();
    await clock.process.stop('SIGTERM', 3000);
    rmSync(directory, { recursive: true });
  }
});
