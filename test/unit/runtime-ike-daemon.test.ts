import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { IkeDaemon, type IkeEvent, type PeerConfig, type TrafficSelector } from '#lib/runtime/ike/index.js';
import { RecordingPlane } from './runtime-recording-plane.ts';

const any = { protocol: 0, startPort: 0, endPort: 65535 };
const left: TrafficSelector = { ...any, startAddress: '10.1.0.0', endAddress: '10.1.0.255' };
const right: TrafficSelector = { ...any, startAddress: '10.2.0.0', endAddress: '10.2.0.255' };

function peer(own: string, other: string, more: Partial<PeerConfig> = {}): PeerConfig {
  const isLeft = own < other;
  return {
    name: 'other',
    localAddress: own,
    remote: `${other}/32`,
    port: 500,
    passive: !isLeft,
    sendInitialContact: true,
    proposals: [{ encryption: ['aes-128-gcm'], integrity: [], prf: ['hmac-sha256'], dhGroups: ['curve25519'] }],
    lifetimeSeconds: 3600,
    dpdIntervalSeconds: 0,
    auth: { method: 'psk', secret: Buffer.from('secret') },
    children: [
      {
        name: 'lan',
        mode: 'tunnel',
        local: [isLeft ? left : right],
        remote: [isLeft ? right : left],
        proposals: [
          { protocol: 'esp', encryption: ['aes-128-gcm'], integrity: [], dhGroups: ['curve25519'], esn: ['no'] },
        ],
        lifetimeSeconds: 600,
        lifetimeBytes: 0,
        reqid: 1,
        autoStart: isLeft,
        template: false,
      },
    ],
    forceEncapsulation: false,
    ...more,
  };
}

/** Two daemons whose data planes hand each other's IKE messages over. */
function pair() {
  const planes: RecordingPlane[] = [];
  const make = (address: string): IkeDaemon => {
    return new IkeDaemon({
      openDataPlane: (events) => {
        const plane = new RecordingPlane(address, events);
        planes.push(plane);
        return plane;
      },
    });
  };
  const a = make('192.0.2.1');
  const b = make('192.0.2.2');
  const [planeA, planeB] = planes as [RecordingPlane, RecordingPlane];
  planeA.other = planeB;
  planeB.other = planeA;
  return { a, b, planeA, planeB };
}

async function established(
  a: IkeDaemon,
  b: IkeDaemon,
  left = peer('192.0.2.1', '192.0.2.2'),
  right = peer('192.0.2.2', '192.0.2.1'),
) {
  const up = Promise.all([once(a, 'child-sa-established'), once(b, 'child-sa-established')]);
  b.setPeers([right]);
  a.setPeers([left]);
  await up;
}

/** The SAs of both sides, by SPI: the same four halves with the same keys. */
function keysOf(plane: RecordingPlane): string[] {
  return [...plane.sas.values()].map((sa) => {
    const key = plane.keys.get(RecordingPlane.key(sa));
    return `${sa.spi} ${sa.src} ${sa.dst} ${key?.encryption}`;
  });
}

test('two daemons bring up a CHILD_SA with the same keys, rekey it, and close it at both ends', async () => {
  const { a, b, planeA, planeB } = pair();
  await established(a, b);
  assert.equal(planeA.sas.size, 2);
  assert.deepEqual(keysOf(planeA).sort(), keysOf(planeB).sort());
  assert.deepEqual(
    [planeA, planeB].map(({ policies }) => policies.map((p) => `${p.selector.local} ${p.selector.remote} ${p.action}`)),
    [['10.1.0.0/24 10.2.0.0/24 encrypt'], ['10.2.0.0/24 10.1.0.0/24 encrypt']],
  );

  const before = new Set(planeA.sas.keys());
  const rekeyed = once(a, 'child-sa-rekeyed');
  a.rekeyChild(a.children()[0]!.childSa);
  await rekeyed;
  // The responder sends on the new SA at the latest when the old one is deleted.
  while (planeB.sas.size !== 2 || planeA.sas.size !== 2) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.ok([...planeA.sas.keys()].every((key) => !before.has(key)));
  assert.deepEqual(keysOf(planeA).sort(), keysOf(planeB).sort());

  const closed = once(b, 'ike-sa-closed');
  await a.close();
  await closed;
  assert.equal(planeB.sas.size, 0);
  assert.ok(planeA.closed);
  assert.throws(() => a.setPeers([]), /closed/);
  await b.close();
});

test('unchanged peers keep their SAs through setPeers, a changed one loses them', { timeout: 60_000 }, async () => {
  const { a, b, planeA } = pair();
  await established(a, b);
  const before = [...planeA.sas.keys()];
  a.setPeers([peer('192.0.2.1', '192.0.2.2'), { ...peer('192.0.2.1', '192.0.2.9'), name: 'third', passive: true }]);
  assert.deepEqual([...planeA.sas.keys()], before);
  const gone = once(a, 'child-sa-closed');
  a.setPeers([]);
  await gone;
  // The inbound half stays open a little for packets on their way.
  while (planeA.sas.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await Promise.all([a.close(), b.close()]);
});

test('a CHILD_SA that the data plane refuses is said aloud and closed at the peer', async () => {
  const { a, b, planeA, planeB } = pair();
  planeA.refuse = (spec) => spec.direction === 'out';
  const logs: string[] = [];
  a.on('log', (event: Extract<IkeEvent, { name: 'log' }>) => logs.push(`${event.topics} ${event.message}`));
  const closed = once(b, 'child-sa-closed');
  b.setPeers([peer('192.0.2.2', '192.0.2.1')]);
  a.setPeers([peer('192.0.2.1', '192.0.2.2')]);
  await closed;
  assert.equal(planeA.sas.size, 0);
  assert.equal(planeB.sas.size, 0);
  assert.ok(
    logs.some((line) => /^ipsec,error the data plane refused CHILD_SA \d+: encryption: refused$/.test(line)),
    logs.join('\n'),
  );
  await Promise.all([a.close(), b.close()]);
});

test('a listener that throws, a data plane that throws and garbage from the wire take nothing down', async () => {
  const { a, b, planeA } = pair();
  const warned = once(process, 'warning');
  a.on('ike-sa-established', () => {
    throw new Error('listener');
  });
  await established(a, b);
  assert.match(String((await warned)[0]), /listener/);
  const local = { address: '192.0.2.1', port: 500 };
  for (let length = 0; length < 64; length++) {
    planeA.events.ike([
      { local, remote: { address: '192.0.2.66', port: 500 }, data: new Uint8Array(length).fill(length) },
    ]);
  }
  planeA.events.expire({ sa: { spi: 1, dst: '192.0.2.1', protocol: 'esp' }, direction: 'in', reqid: 1, hard: true });
  planeA.events.mapping({ sa: { spi: 1, dst: '192.0.2.1', protocol: 'esp' }, reqid: 1, remote: local });
  planeA.events.acquire({ policy: 99, reqid: 99, packet: planeA.policies[0]!.selector });
  planeA.sa = () => {
    throw new Error('counters');
  };
  assert.equal(a.ikeSas().length, 1);
  await Promise.all([a.close(), b.close()]);
});

test('close does not wait for ever for a peer that is gone', { timeout: 60_000 }, async () => {
  const { a, b, planeA } = pair();
  await established(a, b);
  planeA.lose = () => true;
  await a.close();
  assert.ok(planeA.closed);
  await b.close();
});

test('an expired lifetime of the data plane rekeys when soft and closes when hard', async () => {
  const { a, b, planeA } = pair();
  await established(a, b);
  const outward = (): { spi: number; dst: string; protocol: 'esp' } => {
    const sa = [...planeA.sas.values()].find(({ direction }) => direction === 'out')!;
    return { spi: sa.spi, dst: sa.dst, protocol: 'esp' };
  };
  const rekeyed = once(a, 'child-sa-rekeyed');
  planeA.events.expire({ sa: outward(), direction: 'out', reqid: 1, hard: false });
  await rekeyed;
  while (planeA.sas.size !== 2) await new Promise((resolve) => setTimeout(resolve, 5));
  const closed = once(a, 'child-sa-closed');
  planeA.events.expire({ sa: outward(), direction: 'out', reqid: 1, hard: true });
  await closed;
  await Promise.all([a.close(), b.close()]);
});
