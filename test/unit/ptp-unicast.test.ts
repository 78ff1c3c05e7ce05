import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type ClockConfig,
  decodeMessage,
  encodeMessage,
  FLAG,
  MESSAGE_TYPE,
  type PortConfig,
  type Tlv,
  UnicastGrants,
} from '#lib/ptp/index.js';
import { FAST, follows } from './ptp/ladder.ts';
import { Network, type Node } from './ptp/network.ts';

const serving: Partial<PortConfig> = { unicastListen: true, multicast: false };

interface Sent {
  readonly from: string;
  readonly to: string | undefined;
  readonly messageType: string;
  readonly flagField: number;
  readonly tlvs: readonly Tlv[];
}

/** Masters m1, m2... of falling priority and one slave on a segment, and all that was sent. */
function segment(
  masters: readonly Partial<PortConfig>[],
  slavePort: Partial<PortConfig>,
  slaveConfig: Partial<ClockConfig> = {},
): { network: Network; masters: Node[]; slave: Node; sent: Sent[] } {
  const network = new Network(17);
  const port = (options: Partial<PortConfig>) => [{ name: 'ether1', ...FAST, ...options }];
  const nodes = masters.map((options, i) =>
    network.clock(`m${i + 1}`, 1, { priority1: 10 + i, ports: port(options) }, { quantumNs: 8, offsetNs: 500 * i }),
  );
  const slave = network.clock(
    'slave',
    1,
    { slaveOnly: true, ports: port(slavePort), ...slaveConfig },
    { driftPpb: 9000, offsetNs: 1e6, quantumNs: 8 },
  );
  network.link([...nodes, slave].map((node) => [node, 1] as const));
  const sent: Sent[] = [];
  network.tap = (node, _port, bytes, to) => {
    const { messageType, header, tlvs } = decodeMessage(bytes);
    sent.push({ from: node.name, to, messageType, flagField: header.flagField, tlvs });
  };
  network.start();
  return { network, masters: nodes, slave, sent };
}

const requests = (sent: readonly Sent[], messageType: number) =>
  sent.filter(({ tlvs }) =>
    tlvs.some((tlv) => tlv.type === 'REQUEST_UNICAST_TRANSMISSION' && tlv.messageType === messageType),
  );

function request(clockIdentity: bigint, messageType: number, period = 0, seconds = 300): Uint8Array {
  return encodeMessage({
    messageType: 'Signaling',
    header: {
      majorSdoId: 0,
      minorVersionPTP: 0,
      versionPTP: 2,
      domainNumber: 0,
      minorSdoId: 0,
      flagField: FLAG.unicast,
      correctionField: 0n,
      messageTypeSpecific: 0,
      sourcePortIdentity: { clockIdentity, portNumber: 1 },
      sequenceId: 1,
      logMessageInterval: 0x7f,
    },
    targetPortIdentity: { clockIdentity: 0xffff_ffff_ffff_ffffn, portNumber: 0xffff },
    tlvs: [
      {
        type: 'REQUEST_UNICAST_TRANSMISSION',
        messageType,
        logInterMessagePeriod: period,
        durationSeconds: seconds,
      },
    ],
  });
}

describe('unicast negotiation', () => {
  it('Announce, Sync and delay responses are asked for, granted, and renewed before they end', () => {
    const { network, masters, slave, sent } = segment([serving], {
      unicastMasters: ['m1/1'],
      unicastDurationSeconds: 40,
    });
    assert.ok(network.until(() => follows(slave, masters[0]!), 20) !== undefined, slave.states().join());
    network.run(300);
    assert.ok(follows(slave, masters[0]!));
    assert.ok(Math.abs(network.truth(slave, masters[0]!)) < 20);
    for (const { messageType, to, flagField } of sent) {
      assert.notEqual(to, undefined, `${messageType} by multicast`);
      assert.notEqual(flagField & FLAG.unicast, 0, messageType);
    }
    for (const type of ['Announce', 'Sync', 'Delay_Resp'] as const) {
      // Every 30 s of 40.
      const count = requests(sent, MESSAGE_TYPE[type]).length;
      assert.ok(count >= 10 && count <= 14, `${type}: ${count} requests`);
    }
    assert.deepEqual([...slave.snapshot.counters.keys()], []);
  });

  it('the interval that was granted is the one that is used', () => {
    const { network, masters, slave, sent } = segment([serving], {
      unicastMasters: ['m1/1'],
      logSyncInterval: -4,
      logMinDelayReqInterval: -2,
    });
    assert.ok(network.until(() => follows(slave, masters[0]!), 20) !== undefined);
    network.run(10);
    const before = sent.length;
    network.run(100);
    const count = (type: string) => sent.slice(before).filter(({ messageType }) => messageType === type).length;
    assert.ok(Math.abs(count('Sync') - 1600) <= 2, `${count('Sync')} Syncs`);
    assert.equal(count('Follow_Up'), count('Sync'));
    assert.ok(Math.abs(count('Delay_Req') - 400) < 80, `${count('Delay_Req')} requests`);
    assert.equal(slave.snapshot.ports[0]!.portDS.logSyncInterval, -4);
    assert.equal(slave.snapshot.ports[0]!.portDS.logMinDelayReqInterval, -2);
  });

  it('of several masters the best serves; the next one does when it is gone, and not for longer', () => {
    const { network, masters, slave, sent } = segment([serving, serving], { unicastMasters: ['m1/1', 'm2/1'] });
    const [first, second] = [masters[0]!, masters[1]!];
    const { links } = first;
    const link = links[1];
    assert.ok(network.until(() => follows(slave, first), 20) !== undefined);
    network.run(20);
    const syncs = (name: string) => sent.filter(({ from, messageType }) => from === name && messageType === 'Sync');
    assert.equal(syncs('m2').length, 0);
    first.links.length = 0;
    assert.ok(network.until(() => follows(slave, second), 30) !== undefined, slave.states().join());
    network.run(20);
    assert.ok(Math.abs(network.truth(slave, second)) < 20);
    first.links[1] = link;
    assert.ok(network.until(() => follows(slave, first), 60) !== undefined);
    network.run(5);
    // It was told that nobody listens any more.
    const cancels = sent.filter(
      ({ from, to, tlvs }) =>
        from === 'slave' && to === 'm2/1' && tlvs.some(({ type }) => type === 'CANCEL_UNICAST_TRANSMISSION'),
    );
    assert.ok(cancels.length >= 1);
    const served = syncs('m2').length;
    network.run(20);
    assert.equal(syncs('m2').length, served);
  });

  it('a master that is one no more cancels, and the slave acknowledges and looks elsewhere', () => {
    const { network, masters, slave, sent } = segment([serving, serving], { unicastMasters: ['m1/1', 'm2/1'] });
    assert.ok(network.until(() => follows(slave, masters[0]!), 20) !== undefined);
    network.perform(masters[0]!, masters[0]!.engine.setPortEnabled(1, false, network.nowMs));
    assert.ok(network.until(() => follows(slave, masters[1]!), 20) !== undefined);
    const tells = (from: string, type: Tlv['type']) =>
      sent.some((message) => message.from === from && message.tlvs.some((tlv) => tlv.type === type));
    assert.ok(tells('m1', 'CANCEL_UNICAST_TRANSMISSION'));
    assert.ok(tells('slave', 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION'));
  });

  it('a master that starts again is asked again, long before its grants would have ended', () => {
    const { network, masters, slave } = segment([serving], { unicastMasters: ['m1/1'], unicastDurationSeconds: 3000 });
    const master = masters[0]!;
    assert.ok(network.until(() => follows(slave, master), 20) !== undefined);
    // Nobody hears what it says on its way down.
    const link = master.links[1];
    master.links.length = 0;
    network.perform(master, master.engine.setPortEnabled(1, false, network.nowMs));
    network.perform(master, master.engine.setPortEnabled(1, true, network.nowMs));
    master.links[1] = link;
    assert.ok(network.until(() => !follows(slave, master), 20) !== undefined);
    assert.ok(network.until(() => follows(slave, master), 60) !== undefined, slave.states().join());
  });

  it('who does not grant is asked again each second, and nobody else is heard meanwhile', () => {
    const { network, masters, slave } = segment([{ multicast: false }, {}], { unicastMasters: ['m1/1'] });
    network.run(30);
    assert.deepEqual(slave.states(), ['LISTENING']);
    assert.ok(masters[0]!.count('unicast request refused') >= 25);
    assert.ok(slave.count('not a unicast master') >= 25);
  });

  it('peer delay by unicast is measured once it was granted', () => {
    const p2p = { delayMechanism: 'p2p' } as const;
    const { network, masters, slave, sent } = segment([{ ...serving, ...p2p, unicastPeer: 'slave/1' }], {
      ...p2p,
      unicastMasters: ['m1/1'],
      unicastPeer: 'm1/1',
      unicastListen: true,
    });
    assert.ok(network.until(() => follows(slave, masters[0]!), 20) !== undefined, slave.states().join());
    network.run(60);
    assert.ok(Math.abs(network.truth(slave, masters[0]!)) < 20);
    const delays = sent.filter(({ messageType }) => messageType.startsWith('Pdelay'));
    assert.ok(delays.length > 100);
    assert.ok(delays.every(({ to }) => to !== undefined));
    assert.ok(Math.abs(slave.snapshot.ports[0]!.delayNs! - 500) < 20);
  });

  it('hybrid: Sync by multicast, delay requests and responses by unicast', () => {
    const { network, masters, slave, sent } = segment([{}], { hybridE2e: true });
    assert.ok(network.until(() => follows(slave, masters[0]!), 20) !== undefined);
    network.run(30);
    assert.ok(Math.abs(network.truth(slave, masters[0]!)) < 20);
    for (const { messageType, to } of sent) {
      assert.equal(to !== undefined, messageType === 'Delay_Req' || messageType === 'Delay_Resp', messageType);
    }
  });

  it('grants and cancellations that nobody asked for, and TLVs of every kind, change nothing', () => {
    const { network, masters, slave } = segment([serving], { unicastMasters: ['m1/1'] });
    assert.ok(network.until(() => follows(slave, masters[0]!), 20) !== undefined);
    network.run(20);
    const header = {
      majorSdoId: 0,
      minorVersionPTP: 0,
      versionPTP: 2,
      domainNumber: 0,
      minorSdoId: 0,
      flagField: FLAG.unicast,
      correctionField: 0n,
      messageTypeSpecific: 0,
      sourcePortIdentity: { clockIdentity: 0xbadn, portNumber: 1 },
      sequenceId: 1,
      logMessageInterval: 0x7f,
    };
    const signal = (node: Node, from: string, tlvs: readonly Tlv[]) => {
      const target = { clockIdentity: 0xffff_ffff_ffff_ffffn, portNumber: 0xffff };
      const bytes = encodeMessage({ messageType: 'Signaling', header, targetPortIdentity: target, tlvs });
      network.perform(node, node.engine.handleMessage(1, bytes, undefined, network.nowMs, from));
    };
    const grant = (messageType: number, logInterMessagePeriod: number, durationSeconds: number): Tlv => ({
      type: 'GRANT_UNICAST_TRANSMISSION',
      messageType,
      logInterMessagePeriod,
      durationSeconds,
      renewalInvited: true,
    });
    signal(slave, 'stranger', [grant(MESSAGE_TYPE.Sync, -7, 0), grant(MESSAGE_TYPE.Announce, 3, 1000)]);
    signal(slave, 'm1/1', [grant(MESSAGE_TYPE.Sync, -128, 0xffff_ffff), grant(MESSAGE_TYPE.Pdelay_Resp, 0, 60)]);
    assert.equal(slave.count('unexpected message'), 4);
    signal(masters[0]!, 'stranger', [{ type: 'CANCEL_UNICAST_TRANSMISSION', messageType: MESSAGE_TYPE.Sync }]);
    assert.equal(masters[0]!.count('unexpected message'), 1);
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            type: fc.constantFrom('CANCEL_UNICAST_TRANSMISSION', 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION'),
            messageType: fc.integer({ min: 0, max: 15 }),
          }),
          { maxLength: 60 },
        ),
        fc.constantFrom(slave, masters[0]!),
        (tlvs, node) => signal(node, 'stranger', tlvs),
      ),
      { numRuns: 300 },
    );
    network.run(20);
    assert.equal(slave.snapshot.ports[0]!.portDS.logSyncInterval, -3);
    assert.ok(follows(slave, masters[0]!));
    assert.ok(Math.abs(network.truth(slave, masters[0]!)) < 20);
  });

  it('grants are bounded: a flood of askers gets no more than there is', () => {
    const limits = { maxGrants: 50, maxGrantsPerAddress: 2, maxMessagesPerSecond: 100 };
    const { network, masters, sent } = segment([{ ...serving, unicastListen: limits }], {});
    const master = masters[0]!;
    network.run(10);
    const granted = () => {
      const last = sent.at(-1)?.tlvs[0];
      return last?.type === 'GRANT_UNICAST_TRANSMISSION' ? last.durationSeconds : Number.NaN;
    };
    const ask = (clock: bigint, from: string, type: number, period = 0) => {
      const bytes = request(clock, type, period, 1_000_000);
      network.perform(master, master.engine.handleMessage(1, bytes, undefined, network.nowMs, from));
      return granted();
    };
    // No longer than the standard's most, and no message that is not granted at all.
    assert.equal(ask(1n, 'a', MESSAGE_TYPE.Sync), 1000);
    assert.equal(ask(1n, 'a', MESSAGE_TYPE.Management), 0);
    assert.equal(ask(1n, 'a', MESSAGE_TYPE.Pdelay_Resp), 0);
    assert.equal(ask(1n, 'a', MESSAGE_TYPE.Announce, -20), 0);
    assert.equal(ask(2n, 'a', MESSAGE_TYPE.Sync), 1000);
    assert.equal(ask(3n, 'a', MESSAGE_TYPE.Sync), 0);
    assert.equal(ask(4n, 'b', MESSAGE_TYPE.Sync, -7), 0);
    let grants = 2;
    for (let i = 0; i < 5000; i++) if (ask(100n + BigInt(i), `c${i}`, MESSAGE_TYPE.Sync) > 0) grants++;
    assert.equal(grants, 50);
    assert.ok(master.count('unicast grants full') >= 4950);
    const before = sent.length;
    network.run(10);
    assert.ok(Math.abs(sent.slice(before).filter(({ messageType }) => messageType === 'Sync').length - 500) <= 50);
  });

  it('whatever is asked and cancelled, the rate that was granted is the rate that is served', () => {
    const operation = fc.record({
      address: fc.constantFrom('a', 'b', 'c', 'd'),
      clock: fc.bigInt({ min: 1n, max: 6n }),
      message: fc.constantFrom('Announce', 'Sync', 'Delay_Resp'),
      period: fc.integer({ min: -8, max: 8 }),
      seconds: fc.integer({ min: 0, max: 30 }),
      cancel: fc.boolean(),
      wait: fc.integer({ min: 0, max: 3000 }),
    });
    const limits = { maxGrants: 12, maxGrantsPerAddress: 5, maxMessagesPerSecond: 64 };
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 60 }), (operations) => {
        const grants = new UnicastGrants(limits);
        let now = 0;
        for (const { address, clock, message, period, seconds, cancel, wait } of operations) {
          const identity = { clockIdentity: clock, portNumber: 1 };
          if (cancel) grants.cancel(address, identity, message);
          else grants.request(address, identity, message, period, seconds, now);
          assert.ok(grants.size <= 12);
          const end = now + wait;
          let served = 0;
          for (;;) {
            const due = grants.nextDue();
            if (due === undefined || due > end) break;
            now = Math.max(now, due);
            for (const grant of grants.take(now)) {
              served++;
              assert.ok(grant.until > now && grant.due > now && grant.message !== 'Delay_Resp');
            }
          }
          now = end;
          assert.ok(served <= (wait / 1000) * 64 + 12, `${served} in ${wait} ms`);
        }
      }),
      { numRuns: 500 },
    );
  });
});
