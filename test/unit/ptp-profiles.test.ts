import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ConfigError } from '#lib/errors.js';
import {
  type ClockConfig,
  createPtpEngine,
  decodeMessage,
  encodeMessage,
  followUpInformation,
  messageIntervalRequestTlv,
  PROFILES,
  type ProfileName,
  resolvePort,
} from '#lib/ptp/index.js';
import { follows } from './ptp/ladder.ts';
import { Network, type Node } from './ptp/network.ts';

/** A grandmaster and a clock of one profile, nothing else set. */
function profile(name: ProfileName, slaveConfig: Partial<ClockConfig> = {}, delayNs = 300) {
  const network = new Network(11);
  const ports = [{ name: 'ether1' }];
  const master = network.clock('master', 1, {
    profile: name,
    clockQuality: { clockClass: 6, clockAccuracy: 0x21, offsetScaledLogVariance: 0x4e5d },
    ports,
  });
  const slave = network.clock(
    'slave',
    1,
    { profile: name, ports, ...slaveConfig },
    { driftPpb: 8000, offsetNs: 1e6, quantumNs: 8 },
  );
  network.link(
    [
      [master, 1],
      [slave, 1],
    ],
    { delayNs },
  );
  network.start();
  return { network, master, slave };
}

const summary = (name: ProfileName) => {
  const { priority1, priority2, domainNumber, transport, delayMechanism } = PROFILES[name];
  return { priority1, priority2, domainNumber, transport, delayMechanism };
};

describe('profiles', () => {
  it('have the automatic values of the manual', () => {
    const common = { priority1: 128, priority2: 128, delayMechanism: 'e2e' };
    assert.deepEqual(summary('default'), { ...common, domainNumber: 0, transport: 'ipv4' });
    assert.deepEqual(summary('aes67'), { ...common, domainNumber: 0, transport: 'ipv4' });
    assert.deepEqual(summary('g8275.1'), { ...common, domainNumber: 24, transport: 'l2-non-forwardable' });
    assert.deepEqual(summary('smpte'), { ...common, domainNumber: 127, transport: 'ipv4' });
    assert.deepEqual(summary('802.1as'), {
      priority1: 246,
      priority2: 248,
      domainNumber: 0,
      transport: 'l2-non-forwardable',
      delayMechanism: 'p2p',
    });
  });

  it('give way to what is set, port before clock before profile', () => {
    const config: ClockConfig = {
      clockIdentity: 1n,
      profile: 'smpte',
      delayMechanism: 'p2p',
      ports: [
        { name: 'a', transport: 'l2-forwardable' },
        { name: 'b', delayMechanism: 'e2e' },
      ],
    };
    const [a, b] = config.ports.map((port) => resolvePort(config, port));
    assert.deepEqual([a!.transport, a!.delayMechanism, a!.logSyncInterval], ['l2-forwardable', 'p2p', -3]);
    assert.deepEqual([b!.transport, b!.delayMechanism], ['ipv4', 'e2e']);
  });

  for (const name of Object.keys(PROFILES) as ProfileName[]) {
    it(`${name}: a clock of it follows another`, () => {
      const { network, master, slave } = profile(name);
      const seen = new Set<string>();
      network.tap = (_node, _port, bytes) => {
        const { messageType, header } = decodeMessage(bytes);
        seen.add(messageType);
        assert.equal(header.majorSdoId, name === '802.1as' ? 1 : 0);
        assert.equal(header.domainNumber, PROFILES[name].domainNumber);
        assert.equal(header.minorVersionPTP, 0);
      };
      assert.ok(network.until(() => follows(slave, master), 30) !== undefined, slave.states().join());
      network.run(60);
      const { max } = network.record(slave, master, 30);
      assert.ok(max <= 20, `${max} ns`);
      assert.equal(seen.has('Pdelay_Req'), name === '802.1as');
      assert.equal(seen.has('Delay_Req'), name !== '802.1as');
    });
  }

  it('IEEE 1588-2019: minorVersionPTP 1 is sent when asked for, and 2008 and 2019 understand each other', () => {
    const network = new Network(12);
    const ports = [{ name: 'ether1', logSyncInterval: -3, logMinDelayReqInterval: -3, logAnnounceInterval: 0 }];
    const master = network.clock('master', 1, { priority1: 1, minorVersionPTP: 1, ports });
    const slave = network.clock('slave', 1, { ports }, { offsetNs: 1e6 });
    network.link([
      [master, 1],
      [slave, 1],
    ]);
    let minor = 0;
    network.tap = (node, _port, bytes) => {
      if (node === master) minor = decodeMessage(bytes).header.minorVersionPTP;
    };
    network.start();
    assert.ok(network.until(() => follows(slave, master), 20) !== undefined);
    assert.equal(minor, 1);
  });

  it('configurations that cannot be are refused by name', () => {
    const base: ClockConfig = { clockIdentity: 1n, ports: [{ name: 'a' }] };
    const refuse = (change: Partial<ClockConfig>, property: string) =>
      assert.throws(
        () => createPtpEngine({ ...base, ...change }, { random: () => 0 }),
        (error) => error instanceof ConfigError && error.property === property,
      );
    refuse({ domainNumber: 256 }, 'domainNumber');
    refuse({ priority1: -1 }, 'priority1');
    refuse({ ports: [] }, 'ports');
    refuse({ ports: [{ name: 'a', logSyncInterval: 9 }] }, 'logSyncInterval');
    refuse({ ports: [{ name: 'a', announceReceiptTimeout: 1 }] }, 'announceReceiptTimeout');
    refuse({ clockIdentity: 1n << 64n }, 'clockIdentity');
    refuse({ clockType: 'ordinary', ports: [{ name: 'a' }, { name: 'b' }] }, 'clockType');
  });
});

describe('IEEE 802.1AS', () => {
  it('Follow_Up has its information, Announce its path, and asCapable comes before both', () => {
    const { network, master, slave } = profile('802.1as');
    let told = 0;
    let path: readonly bigint[] = [];
    network.tap = (node, _port, bytes) => {
      const message = decodeMessage(bytes);
      if (node !== master) return;
      if (message.messageType === 'Sync') assert.equal(master.snapshot.ports[0]!.linkDS.asCapable, true);
      if (message.messageType === 'Follow_Up' && followUpInformation(message.tlvs) !== undefined) told++;
      if (message.messageType === 'Announce') {
        for (const tlv of message.tlvs) if (tlv.type === 'PATH_TRACE') path = tlv.pathSequence;
      }
    };
    network.run(20);
    assert.ok(told > 50);
    assert.deepEqual(path, [master.snapshot.defaultDS.clockIdentity]);
    assert.ok(follows(slave, master));
    const { neighborRateRatio } = slave.snapshot.ports[0]!.linkDS;
    assert.ok(Math.abs(neighborRateRatio - 1) < 1e-7, `${neighborRateRatio}`);
  });

  it('a link longer than neighborPropDelayThresh is no neighbour', () => {
    const { network, slave } = profile('802.1as', {}, 900);
    network.run(20);
    assert.equal(slave.snapshot.ports[0]!.linkDS.asCapable, false);
    assert.equal(slave.snapshot.grandmaster, true);
    const patient = profile('802.1as', { ports: [{ name: 'ether1', neighborPropDelayThreshNs: 2000 }] }, 900);
    patient.network.run(5);
    assert.equal(patient.slave.snapshot.ports[0]!.linkDS.asCapable, true);
  });

  it('a neighbour that answers no more is given up', () => {
    const { network, master, slave } = profile('802.1as');
    network.run(20);
    assert.ok(follows(slave, master));
    network.kill(master);
    network.run(20);
    assert.equal(slave.snapshot.ports[0]!.linkDS.asCapable, false);
    assert.equal(slave.snapshot.grandmaster, true);
  });

  it('a neighbour may ask for other intervals', () => {
    const { network, master } = profile('802.1as');
    network.run(5);
    const signaling = (timeSyncInterval: number): Uint8Array =>
      encodeMessage({
        messageType: 'Signaling',
        header: {
          majorSdoId: 1,
          minorVersionPTP: 0,
          versionPTP: 2,
          domainNumber: 0,
          minorSdoId: 0,
          flagField: 0,
          correctionField: 0n,
          messageTypeSpecific: 0,
          sourcePortIdentity: { clockIdentity: 5n, portNumber: 1 },
          sequenceId: 1,
          logMessageInterval: 0x7f,
        },
        targetPortIdentity: { clockIdentity: 0n, portNumber: 0 },
        tlvs: [
          messageIntervalRequestTlv({ linkDelayInterval: 127, timeSyncInterval, announceInterval: 127, flags: 0 }),
        ],
      });
    network.inject(master, 1, signaling(-5));
    assert.equal(master.snapshot.ports[0]!.portDS.logSyncInterval, -5);
    network.inject(master, 1, signaling(-90));
    assert.equal(master.snapshot.ports[0]!.portDS.logSyncInterval, -5);
    network.inject(master, 1, signaling(126));
    assert.equal(master.snapshot.ports[0]!.portDS.logSyncInterval, -3);
  });
});

describe('G.8275.1', () => {
  const clock = (network: Network, name: string, clockClass: number, localPriority: number): Node =>
    network.clock(name, 1, {
      profile: 'g8275.1',
      localPriority,
      clockQuality: { clockClass, clockAccuracy: 0xfe, offsetScaledLogVariance: 0xffff },
      ports: [{ name: 'ether1' }],
    });

  it('localPriority chooses between clocks of one class, and priority1 does not', () => {
    const network = new Network(13);
    const one = clock(network, 'one', 140, 200);
    const two = clock(network, 'two', 140, 100);
    network.link([
      [one, 1],
      [two, 1],
    ]);
    network.start();
    assert.ok(network.until(() => follows(one, two), 10) !== undefined);
  });

  it('a boundary clock in holdover says so: class 135, then 165', () => {
    const network = new Network(14);
    const grandmaster = clock(network, 'gm', 6, 128);
    const boundary = network.clock('bc', 2, {
      profile: 'g8275.1',
      holdoverSeconds: 30,
      ports: [{ name: 'ether1' }, { name: 'ether2' }],
    });
    const below = clock(network, 'below', 248, 128);
    network.link([
      [grandmaster, 1],
      [boundary, 1],
    ]);
    network.link([
      [boundary, 2],
      [below, 1],
    ]);
    network.start();
    assert.ok(network.until(() => follows(below, grandmaster), 20) !== undefined);
    network.run(5);
    network.kill(grandmaster);
    network.run(10);
    assert.ok(follows(below, boundary));
    assert.equal(below.snapshot.parentDS.grandmasterClockQuality.clockClass, 135);
    assert.equal(boundary.snapshot.holdover, true);
    network.run(30);
    assert.equal(below.snapshot.parentDS.grandmasterClockQuality.clockClass, 165);
  });

  it('a grandmaster that is heard again and lost again without a Sync ends no holdover', () => {
    const network = new Network(14);
    const grandmaster = clock(network, 'gm', 6, 128);
    const other = network.clock(
      'other',
      1,
      { profile: 'g8275.1', holdoverSeconds: 30, ports: [{ name: 'ether1' }] },
      { driftPpb: 10_000 },
    );
    const link = network.link([
      [grandmaster, 1],
      [other, 1],
    ]);
    network.start();
    assert.ok(network.until(() => follows(other, grandmaster), 20) !== undefined);
    network.run(5);
    const announces: Uint8Array[] = [];
    network.tap = (node, _port, bytes) => {
      if (node === grandmaster && decodeMessage(bytes).messageType === 'Announce') announces.push(bytes.slice());
    };
    network.run(1);
    const classNow = () => other.snapshot.defaultDS.clockQuality.clockClass;
    link.options = { ...link.options, loss: 1 };
    network.run(10);
    assert.equal(classNow(), 135);
    for (const announce of announces.slice(-3)) {
      network.inject(other, 1, announce);
      network.run(0.1);
    }
    assert.equal(other.snapshot.grandmaster, false);
    network.run(5);
    assert.equal(other.snapshot.grandmaster, true);
    assert.equal(other.snapshot.holdover, true);
    assert.equal(classNow(), 135);
    // From when it was lost first.
    network.run(17);
    assert.equal(classNow(), 165);
  });
});

describe('SMPTE ST 2059-2', () => {
  it('the grandmaster sends synchronization metadata every second, and slaves tell of it', () => {
    const metadata = {
      defaultSystemFrameRate: { numerator: 25, denominator: 1 },
      masterLockingStatus: 4,
      timeAddressFlags: 0,
      currentLocalOffset: 3600,
      jumpSeconds: 0,
      timeOfNextJump: 0,
      timeOfNextJam: 0,
      timeOfPreviousJam: 0,
      previousJamLocalOffset: 0,
      daylightSaving: 0,
      leapSecondJump: 0,
    };
    const network = new Network(15);
    const ports = [{ name: 'ether1' }];
    const master = network.clock('master', 1, {
      profile: 'smpte',
      priority1: 1,
      synchronizationMetadata: metadata,
      ports,
    });
    const slave = network.clock('slave', 1, { profile: 'smpte', slaveOnly: true, ports });
    network.link([
      [master, 1],
      [slave, 1],
    ]);
    network.start();
    network.run(12);
    const told = slave.events.map(({ event }) => event).filter((event) => event.name === 'synchronizationMetadata');
    assert.ok(told.length >= 5 && told.length <= 12, `${told.length}`);
    assert.deepEqual(told[0]!.metadata, metadata);
  });
});
