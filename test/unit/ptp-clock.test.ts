import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeMessage, FLAG } from '#lib/ptp/index.js';
import { follows, pair, ports } from './ptp/ladder.ts';
import { Network } from './ptp/network.ts';

describe('ordinary clock', () => {
  for (const delayMechanism of ['e2e', 'p2p'] as const) {
    for (const twoStep of [true, false]) {
      it(`follows over ${delayMechanism}, ${twoStep ? 'two' : 'one'}-step, within 10 ns on a clean wire`, () => {
        const { network, master, slave } = pair({ port: { delayMechanism }, master: { twoStep } });
        assert.ok(network.until(() => follows(slave, master), 10) !== undefined);
        network.run(15);
        const { max } = network.record(slave, master, 60);
        assert.ok(max <= 10, `${max} ns`);
        const { ports: snapshots, lastMeasurement } = slave.snapshot;
        assert.ok(Math.abs(snapshots[0]!.delayNs! - 500) <= 8, `${snapshots[0]!.delayNs}`);
        assert.ok(Math.abs(lastMeasurement!.frequencyPpb + 12_000) < 200, `${lastMeasurement!.frequencyPpb}`);
        assert.equal(slave.snapshot.counters.size, 0);
      });
    }
  }

  it('peer delay answered in one step is measured as well', () => {
    const { network, master, slave } = pair({
      port: { delayMechanism: 'p2p' },
      master: { twoStep: false, oneStepPeerDelay: true },
    });
    let followUps = 0;
    network.tap = (node, _port, bytes) => {
      if (node === master && decodeMessage(bytes).messageType.endsWith('Follow_Up')) followUps++;
    };
    assert.ok(network.until(() => follows(slave, master), 10) !== undefined);
    network.run(15);
    const { max } = network.record(slave, master, 60);
    assert.ok(max <= 20, `${max} ns`);
    assert.ok(Math.abs(slave.snapshot.ports[0]!.delayNs! - 500) <= 20, `${slave.snapshot.ports[0]!.delayNs}`);
    assert.equal(followUps, 0);
  });

  it('a leap second: a clock that counts UTC repeats it when it is over, and PTP time goes on', () => {
    const { network, master, slave } = pair({
      master: { timeProperties: { currentUtcOffset: 37, currentUtcOffsetValid: true, leap61: true } },
      slave: { localTimescale: 'utc' },
      oscillator: { offsetNs: -37e9 },
    });
    assert.ok(network.until(() => follows(slave, master), 10) !== undefined);
    network.run(20);
    assert.equal(slave.snapshot.timePropertiesDS.leap61, true);
    assert.ok(Math.abs(network.truth(slave, master) + 37e9) < 20, `${network.truth(slave, master)}`);
    const { clockQuality } = master.snapshot.defaultDS;
    const after = { currentUtcOffset: 38, leap61: false };
    network.perform(master, master.engine.setClockQuality(clockQuality, after, network.nowMs));
    network.run(5);
    assert.ok(Math.abs(network.truth(slave, master) + 38e9) < 20, `${network.truth(slave, master)}`);
    assert.deepEqual(slave.states(), ['SLAVE']);
    const steps = slave.events.flatMap(({ event }) => (event.name === 'clockStepped' ? [event.deltaNs] : []));
    assert.equal(steps.at(-1), -1_000_000_000n);
    // It says so too when it is master itself.
    network.kill(master);
    network.run(20);
    assert.equal(slave.snapshot.timePropertiesDS.currentUtcOffset, 38);
  });

  it('under 50 ns of jitter the Kalman servo stays below 6.4 ns, and says how sure it is', () => {
    const { network, master, slave } = pair({ link: { jitterNs: 50 } });
    network.until(() => follows(slave, master), 10);
    network.run(20);
    const { sd, mean, max } = network.record(slave, master, 200);
    assert.ok(sd <= 6.4, `${sd} ns`);
    assert.ok(Math.abs(mean) < 8, `${mean} ns`);
    const { uncertaintyNs } = slave.snapshot.lastMeasurement!;
    assert.ok(uncertaintyNs! > 0.5 && uncertaintyNs! < max, `${uncertaintyNs}`);
  });

  it('stays below 8 ns for every seed on machines that are late and now and then stand still for a second', () => {
    for (let seed = 1; seed <= 16; seed++) {
      const { network, master, slave } = pair({ seed, link: { jitterNs: 50 }, port: { logAnnounceInterval: -1 } });
      for (const node of [master, slave]) {
        node.busy = () => {
          const kind = network.random();
          if (kind < 0.003) return (0.2 + network.random()) * 1e9;
          return kind < 0.1 ? network.random() * 150e6 : network.random() * 10e6;
        };
      }
      network.run(25);
      const { sd, max } = network.record(slave, master, 25);
      assert.ok(sd <= 8 && max <= 25, `seed ${seed}: sd ${sd} ns, max ${max} ns`);
      const left = slave.events.filter(({ event }) => event.name === 'portState' && event.from === 'SLAVE');
      assert.deepEqual(left, []);
    }
  });

  it('p2p: a neighbour that takes up to 100 ms to answer, while the clock is steered, is no nearer or farther', () => {
    for (let seed = 1; seed <= 6; seed++) {
      const { network, master, slave } = pair({ seed, port: { delayMechanism: 'p2p' } });
      for (const node of [master, slave]) node.busy = () => network.random() * 100e6;
      network.run(25);
      const { max } = network.record(slave, master, 35);
      assert.ok(max <= 8, `seed ${seed}: ${max} ns`);
      const delayNs = slave.snapshot.ports[0]!.delayNs!;
      assert.ok(Math.abs(delayNs - 500) <= 2, `seed ${seed}: ${delayNs} ns`);
    }
  });

  it('a master that falls silent for a second, and is lost by 802.1AS, is followed on from where it was', () => {
    for (let seed = 1; seed <= 8; seed++) {
      const gptp = { profile: '802.1as' } as const;
      const { network, master, slave } = pair({ seed, master: gptp, slave: gptp, link: { jitterNs: 50 } });
      master.busy = () => (network.random() < 0.008 ? 1e9 : 1e6);
      slave.busy = () => 1e6;
      network.run(25);
      const { sd, max } = network.record(slave, master, 40);
      const lost = slave.events.filter(({ event }) => event.name === 'holdover' && event.active).length;
      assert.ok(lost > 5, `lost ${lost} times`);
      assert.ok(sd <= 8 && max <= 25, `seed ${seed}: sd ${sd} ns, max ${max} ns`);
    }
  });

  it('a machine that stands still with master and slave on it loses no master, by 802.1AS and by Announce', () => {
    for (const [profile, standstillMs] of [
      ['802.1as', 1000],
      ['default', 9000],
    ] as const) {
      const { network, master, slave } = pair({ master: { profile }, slave: { profile, slaveOnly: false } });
      for (const node of [master, slave]) {
        node.busy = () => {
          const ms = network.nowMs % 30_000;
          return ms < standstillMs ? (standstillMs - ms) * 1e6 : network.random() * 1e6;
        };
      }
      network.run(29);
      const { max } = network.record(slave, master, 120);
      const left = slave.events.filter(({ event }) => event.name === 'portState' && event.from === 'SLAVE');
      assert.deepEqual(left, [], profile);
      assert.ok(max <= 20, `${profile}: ${max} ns`);
    }
  });

  it('a slave that is always late loses a silent master all the same', () => {
    const profile = '802.1as';
    const { network, master, slave } = pair({ master: { profile }, slave: { profile, slaveOnly: false } });
    slave.busy = () => network.random() * 60e6;
    assert.ok(network.until(() => follows(slave, master), 20) !== undefined);
    network.kill(master);
    const seconds = network.until(() => slave.snapshot.grandmaster, 10);
    // syncReceiptTimeout is 375 ms.
    assert.ok(seconds !== undefined && seconds < 1.5, `${seconds} s`);
  });

  for (const [type, limit] of [
    ['pi', 20],
    ['linreg', 12],
  ] as const) {
    it(`servo ${type} holds ${limit} ns under the same jitter`, () => {
      const delayFilter = { type: 'moving-median' } as const;
      const { network, master, slave } = pair({ slave: { servo: { type }, delayFilter }, link: { jitterNs: 50 } });
      network.until(() => follows(slave, master), 10);
      network.run(20);
      const { sd } = network.record(slave, master, 200);
      assert.ok(sd <= limit, `${sd} ns`);
    });
  }

  for (const type of ['pi', 'linreg', 'kalman'] as const) {
    it(`servo ${type} takes a step of 48 ppm without stepping the clock`, () => {
      const { network, master, slave } = pair({ slave: { servo: { type } }, link: { jitterNs: 50 } });
      network.until(() => follows(slave, master), 10);
      network.run(20);
      slave.oscillator.drift(48_000, network.trueNs);
      network.run(15);
      const { max } = network.record(slave, master, 20);
      assert.ok(max < 200, `${max} ns`);
      assert.equal(slave.events.filter(({ event }) => event.name === 'clockStepped').length, 1);
      assert.deepEqual(slave.states(), ['SLAVE']);
    });
  }

  it('an oscillator that wanders by 1 ppb is followed', () => {
    const { network, master, slave } = pair({ link: { jitterNs: 50 }, oscillator: { wanderPpb: 1 } });
    network.run(60);
    const { sd } = network.record(slave, master, 300);
    assert.ok(sd < 12, `${sd} ns`);
  });

  it('an asymmetric path leaves half of the difference, and delayAsymmetry takes it away', () => {
    const uncorrected = pair({ link: { asymmetryNs: 1000 } });
    uncorrected.network.run(40);
    const left = uncorrected.network.truth(uncorrected.slave, uncorrected.master);
    assert.ok(Math.abs(left + 500) < 10, `${left}`);
    const corrected = pair({ link: { asymmetryNs: 1000 }, slave: { ports: ports(1, { delayAsymmetryNs: 500 }) } });
    corrected.network.run(40);
    const right = corrected.network.truth(corrected.slave, corrected.master);
    assert.ok(Math.abs(right) < 10, `${right}`);
  });

  it('latencies of the stampers count', () => {
    const { network, master, slave } = pair({ slave: { ports: ports(1, { ingressLatencyNs: 400 }) } });
    network.run(40);
    // 400 ns less in one direction only: half of it is taken for delay.
    const left = network.truth(slave, master);
    assert.ok(Math.abs(left - 200) < 10, `${left}`);
  });

  it('every 60th transmit stamp lost: counted, and the port stays SLAVE', () => {
    const { network, master, slave } = pair();
    master.dropStamps = 60;
    slave.dropStamps = 60;
    network.until(() => follows(slave, master), 10);
    network.run(120);
    assert.deepEqual(slave.states(), ['SLAVE']);
    assert.ok(master.count('transmit timestamp lost') > 10);
    assert.ok(slave.count('transmit timestamp lost') > 10);
    const back = slave.events.filter(({ event }) => event.name === 'portState' && event.from === 'SLAVE');
    assert.deepEqual(back, []);
  });

  it('follows when a fifth of all frames is lost', () => {
    const { network, master, slave } = pair({ link: { loss: 0.2, jitterNs: 50 } });
    assert.ok(network.until(() => follows(slave, master), 30) !== undefined);
    network.run(30);
    const { max } = network.record(slave, master, 60);
    assert.ok(max < 200, `${max} ns`);
  });

  it('software stamps in UTC: the offset to PTP time is taken off, at both ends', () => {
    const utc = { localTimescale: 'utc' } as const;
    const { network, master, slave } = pair({ slave: utc, master: utc });
    let origin = 0;
    network.tap = (node, _, bytes) => {
      const message = decodeMessage(bytes);
      if (node === master && message.messageType === 'Follow_Up') origin = message.preciseOriginTimestamp.seconds;
    };
    network.run(20);
    assert.ok(Math.abs(network.truth(slave, master)) < 10);
    assert.ok(Math.abs(origin - (1_700_000_037 + network.seconds)) <= 1, `${origin}`);
    const mixed = pair({ slave: utc });
    mixed.network.run(20);
    const apart = mixed.network.truth(mixed.slave, mixed.master);
    assert.ok(Math.abs(apart + 37e9) < 20, `${apart}`);
  });

  for (const type of ['pi', 'linreg', 'kalman'] as const) {
    for (const offsetNs of [90e9, -90e9]) {
      it(`servo ${type} locks after a step of ${-offsetNs / 1e9} s as soon as after a small one`, () => {
        const { network, master, slave } = pair({ slave: { servo: { type } }, oscillator: { offsetNs } });
        network.run(25);
        assert.ok(Math.abs(network.truth(slave, master)) < 10, `${network.truth(slave, master)}`);
      });
    }
  }

  it('a step happens once at the start, never later, unless it is asked for', () => {
    const { network, master, slave } = pair();
    network.run(20);
    master.oscillator.step(1_000_000n, network.trueNs);
    network.run(5);
    assert.equal(slave.events.filter(({ event }) => event.name === 'clockStepped').length, 1);
    const asked = pair({ slave: { servo: { stepThresholdNs: 100_000 } } });
    asked.network.run(20);
    asked.master.oscillator.step(1_000_000n, asked.network.trueNs);
    asked.network.run(5);
    assert.equal(asked.slave.events.filter(({ event }) => event.name === 'clockStepped').length, 2);
    assert.ok(Math.abs(asked.network.truth(asked.slave, asked.master)) < 100);
  });

  it('a link that goes and comes: FAULTY, then SLAVE again', () => {
    const { network, master, slave } = pair();
    network.run(20);
    network.setLink(network.links[0]!, false);
    assert.deepEqual(slave.states(), ['FAULTY']);
    assert.equal(slave.snapshot.holdover, true);
    network.run(10);
    // Holdover keeps the frequency: 12 ppm would be 120 us by now.
    assert.ok(Math.abs(network.truth(slave, master)) < 1000);
    network.setLink(network.links[0]!, true);
    assert.ok(network.until(() => follows(slave, master), 15) !== undefined);
    assert.equal(slave.snapshot.holdover, false);
  });

  it('a clock that runs away from the driver’s time is not believed; a driver that stalls is', () => {
    const wild = pair();
    wild.network.run(20);
    wild.slave.oscillator.drift(600_000_000, wild.network.trueNs);
    wild.master.oscillator.drift(600_000_000, wild.network.trueNs);
    wild.network.run(10);
    assert.ok(wild.slave.count('clock check failed') > 0);
    const doubted = wild.slave.events.some(
      ({ event }) => event.name === 'portState' && event.to === 'UNCALIBRATED' && event.reason === 'clock check failed',
    );
    assert.ok(doubted);
    const stalled = pair();
    stalled.network.run(20);
    // A second's messages are seen together, every ten seconds.
    stalled.network.driverMs = (ms) => (ms % 10_000 < 1000 ? ms - (ms % 10_000) + 1000 : ms);
    stalled.network.run(60);
    assert.equal(stalled.slave.count('clock check failed'), 0);
    assert.ok(follows(stalled.slave, stalled.master));
  });

  it('a fault of the driver: FAULTY with its reason, until the link is up again', () => {
    const { network, master, slave } = pair();
    network.run(20);
    network.perform(slave, slave.engine.fault(1, 'socket is gone', network.nowMs));
    assert.deepEqual(slave.states(), ['FAULTY']);
    const told = slave.events.map(({ event }) => event).find((event) => event.name === 'faulty');
    assert.deepEqual(told, { name: 'faulty', port: 1, reason: 'socket is gone' });
    network.perform(slave, slave.engine.linkUp(1, network.nowMs));
    assert.ok(network.until(() => follows(slave, master), 15) !== undefined);
    network.perform(slave, slave.engine.setPortEnabled(1, false, network.nowMs));
    assert.deepEqual(slave.states(), ['DISABLED']);
    network.perform(slave, slave.engine.linkUp(1, network.nowMs));
    assert.deepEqual(slave.states(), ['DISABLED']);
  });

  it('announces leap seconds, traceability and time source, and slaves pass them on', () => {
    const timeProperties = {
      currentUtcOffset: 36,
      currentUtcOffsetValid: true,
      leap61: true,
      timeTraceable: true,
      frequencyTraceable: true,
      timeSource: 0x20,
    };
    const clockQuality = { clockClass: 6, clockAccuracy: 0x21, offsetScaledLogVariance: 0x4e5d };
    const { network, master, slave } = pair({ master: { timeProperties, clockQuality } });
    network.run(15);
    assert.deepEqual(slave.snapshot.timePropertiesDS, { ...timeProperties, leap59: false, ptpTimescale: true });
    assert.deepEqual(slave.snapshot.parentDS.grandmasterClockQuality, clockQuality);
    const changed = { ...timeProperties, leap61: false, currentUtcOffset: 37 };
    network.perform(master, master.engine.setClockQuality({ ...clockQuality, clockClass: 7 }, changed, network.nowMs));
    network.run(3);
    assert.equal(slave.snapshot.timePropertiesDS.currentUtcOffset, 37);
    assert.equal(slave.snapshot.parentDS.grandmasterClockQuality.clockClass, 7);
    assert.deepEqual(slave.states(), ['SLAVE']);
  });

  it('a master-only port does not hear better masters', () => {
    const network = new Network(1);
    const proud = network.clock('proud', 1, { ports: ports(1, { masterOnly: true }) });
    const better = network.clock('better', 1, { priority1: 1, ports: ports(1) });
    network.link([
      [proud, 1],
      [better, 1],
    ]);
    network.start();
    network.run(15);
    assert.deepEqual(proud.states(), ['MASTER']);
  });

  it('answers a unicast delay request to its sender alone', () => {
    const { network, master } = pair();
    network.run(10);
    const request = new Uint8Array(44);
    request.set([0x01, 0x02, 0, 44, 0, 0, FLAG.unicast >> 8]);
    request.set([1, 2, 3, 4, 5, 6, 7, 8, 0, 9, 0x12, 0x34], 20);
    const actions = master.engine.handleMessage(1, request, 5_000_000_001n, network.nowMs, 'peer');
    assert.equal(actions.length, 1);
    const action = actions[0]!;
    assert.ok(action.type === 'send' && action.to === 'peer' && action.channel === 'general');
    const response = decodeMessage(action.bytes);
    assert.ok(response.messageType === 'Delay_Resp');
    assert.deepEqual(response.receiveTimestamp, { seconds: 5, nanoseconds: 1 });
    assert.deepEqual(response.requestingPortIdentity, { clockIdentity: 0x0102030405060708n, portNumber: 9 });
    assert.equal(response.header.sequenceId, 0x1234);
    assert.equal(response.header.flagField, FLAG.unicast);
    assert.equal(response.header.logMessageInterval, 0x7f);
  });
});
