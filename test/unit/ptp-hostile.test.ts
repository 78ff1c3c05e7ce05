import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type Announce, decodeMessage, encodeMessage, FLAG, type Header, type Message } from '#lib/ptp/index.js';
import { message as anyMessage } from './ptp/arbitrary.ts';
import { follows, pair, ports } from './ptp/ladder.ts';
import { Network, type Node } from './ptp/network.ts';

const rogueHeader: Header = {
  majorSdoId: 0,
  minorVersionPTP: 0,
  versionPTP: 2,
  domainNumber: 0,
  minorSdoId: 0,
  flagField: 0,
  correctionField: 0n,
  messageTypeSpecific: 0,
  sourcePortIdentity: { clockIdentity: 0xbad0_0000_0000_0001n, portNumber: 1 },
  sequenceId: 1,
  logMessageInterval: 0,
};

/** An Announce that would win every election. */
function rogueAnnounce(change: Partial<Header> = {}, body: Partial<Announce> = {}): Announce {
  return {
    messageType: 'Announce',
    header: { ...rogueHeader, ...change },
    originTimestamp: { seconds: 0, nanoseconds: 0 },
    currentUtcOffset: 37,
    grandmasterPriority1: 0,
    grandmasterClockQuality: { clockClass: 6, clockAccuracy: 0x20, offsetScaledLogVariance: 0 },
    grandmasterPriority2: 0,
    grandmasterIdentity: 0xbad0_0000_0000_0001n,
    stepsRemoved: 0,
    timeSource: 0x20,
    tlvs: [],
    ...body,
  };
}

function settled(): { network: Network; master: Node; slave: Node } {
  const all = pair();
  assert.ok(all.network.until(() => follows(all.slave, all.master), 10) !== undefined);
  all.network.run(10);
  return all;
}

/** Sends it three times a second for five seconds: nothing may change but the counter `kind`. */
function ignored(kind: string, make: (sequenceId: number) => Uint8Array): void {
  const { network, master, slave } = settled();
  for (let i = 0; i < 15; i++) {
    network.inject(slave, 1, make(i));
    network.run(1 / 3);
  }
  assert.equal(slave.count(kind), 15);
  assert.ok(follows(slave, master));
  assert.ok(Math.abs(network.truth(slave, master)) < 10);
}

describe('bad input is counted by kind, and changes nothing', () => {
  it('wrong domain', () => ignored('wrong domain', () => encodeMessage(rogueAnnounce({ domainNumber: 7 }))));

  it('wrong sdoId, and in 2019 also its minor half', () => {
    ignored('wrong sdoId', () => encodeMessage(rogueAnnounce({ majorSdoId: 1 })));
    ignored('wrong sdoId', () => encodeMessage(rogueAnnounce({ minorVersionPTP: 1, minorSdoId: 9 })));
  });

  it('wrong version', () => ignored('wrong version', () => encodeMessage(rogueAnnounce({ versionPTP: 1 }))));

  it('own messages', () => {
    const clockIdentity = 0x64d1_54ff_fe00_0002n;
    ignored('own message', () =>
      encodeMessage(rogueAnnounce({ sourcePortIdentity: { clockIdentity, portNumber: 1 } })),
    );
  });

  it('truncated headers, bodies and TLVs', () => {
    const whole = encodeMessage(rogueAnnounce({}, { tlvs: [{ type: 'PATH_TRACE', pathSequence: [1n, 2n] }] }));
    ignored('truncated message', () => whole.subarray(0, 33));
    ignored('malformed message', () => whole.subarray(0, 60));
    ignored('malformed message', () => {
      const cut = whole.slice();
      cut[67] = 200;
      return cut;
    });
  });

  it('stepsRemoved 255', () => {
    ignored('stepsRemoved too large', () => encodeMessage(rogueAnnounce({}, { stepsRemoved: 255 })));
  });

  it('an Announce that came through this clock', () => {
    const tlvs = [{ type: 'PATH_TRACE', pathSequence: [5n, 0x64d1_54ff_fe00_0002n] }] as const;
    ignored('path trace loop', () => encodeMessage(rogueAnnounce({}, { tlvs })));
  });

  it('delay mechanisms that are not the port’s', () => {
    const { network, slave } = settled();
    const pdelay: Message = {
      messageType: 'Pdelay_Req',
      header: rogueHeader,
      originTimestamp: { seconds: 0, nanoseconds: 0 },
      tlvs: [],
    };
    network.inject(slave, 1, encodeMessage(pdelay));
    assert.equal(slave.count('delay mechanism mismatch'), 1);
  });

  it('event messages without a stamp', () => {
    const { network, master, slave } = settled();
    const sync = encodeMessage({
      messageType: 'Sync',
      header: { ...rogueHeader, sourcePortIdentity: { ...rogueHeader.sourcePortIdentity } },
      originTimestamp: { seconds: 0, nanoseconds: 0 },
      tlvs: [],
    });
    assert.deepEqual(slave.engine.handleMessage(1, sync, undefined, network.nowMs), []);
    assert.equal(slave.count('event message without timestamp'), 1);
    assert.ok(follows(slave, master));
  });

  it('a master that announced once does not qualify', () => {
    const { network, master, slave } = settled();
    network.inject(slave, 1, encodeMessage(rogueAnnounce()));
    network.run(20);
    assert.ok(follows(slave, master));
    // Two, but too far apart (9.3.2.4.4: a window of four intervals).
    network.inject(slave, 1, encodeMessage(rogueAnnounce()));
    network.run(4.5);
    network.inject(slave, 1, encodeMessage(rogueAnnounce()));
    network.run(1);
    assert.ok(follows(slave, master));
    assert.equal(slave.snapshot.ports[0]!.foreignMasters.find(({ qualified }) => !qualified)?.qualified, false);
  });

  it('a path that no Announce has room for beside this clock is followed, and not told', () => {
    const network = new Network(5);
    const bridge = network.clock('bridge', 2, { pathTrace: true, ports: ports(2) });
    const announced: Announce[] = [];
    network.tap = (_node, port, bytes) => {
      const message = decodeMessage(bytes);
      if (port === 2 && message.messageType === 'Announce') announced.push(message);
    };
    network.start();
    const tell = (identities: number) => {
      announced.length = 0;
      const pathSequence = Array.from({ length: identities }, (_, i) => BigInt(i + 1));
      const tlvs = [{ type: 'PATH_TRACE', pathSequence }] as const;
      for (let i = 0; i < 10; i++) {
        network.inject(bridge, 1, encodeMessage(rogueAnnounce({}, { stepsRemoved: identities, tlvs })));
        network.run(1);
      }
      const last = announced.at(-1);
      assert.equal(last?.grandmasterIdentity, 0xbad0_0000_0000_0001n);
      return last.tlvs.find((tlv) => tlv.type === 'PATH_TRACE')?.pathSequence.length;
    };
    assert.equal(tell(178), 179);
    assert.equal(tell(179), undefined);
  });

  it('a flood of rogue Announces from ever new identities: memory is bounded and the master stays', () => {
    const { network, master, slave } = settled();
    for (let i = 0; i < 20_000; i++) {
      const sourcePortIdentity = { clockIdentity: 0xbad0_0000_0000_0000n + BigInt(i), portNumber: 1 };
      network.inject(slave, 1, encodeMessage(rogueAnnounce({ sourcePortIdentity })));
      if (i % 100 === 0) network.run(0.1);
    }
    const { foreignMasters } = slave.snapshot.ports[0]!;
    assert.ok(foreignMasters.length <= 32, `${foreignMasters.length}`);
    assert.ok(follows(slave, master));
    assert.ok(Math.abs(network.truth(slave, master)) < 10);
  });

  it('a flood of rogues that all qualify fills the table, and the parent keeps its place in it', () => {
    const { network, slave } = settled();
    const worse = { grandmasterPriority1: 255 };
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 200; i++) {
        const sourcePortIdentity = { clockIdentity: 0xbad0_0000_0000_0000n + BigInt(i), portNumber: 1 };
        network.inject(slave, 1, encodeMessage(rogueAnnounce({ sourcePortIdentity }, worse)));
        network.inject(slave, 1, encodeMessage(rogueAnnounce({ sourcePortIdentity }, worse)));
      }
      network.run(1);
    }
    assert.ok(slave.count('foreign masters full') > 100);
    assert.equal(slave.snapshot.ports[0]!.foreignMasters.length, 32);
    assert.deepEqual(slave.states(), ['SLAVE']);
  });

  it('a Sync that goes back in time, from the parent itself', () => {
    const { network, master, slave } = settled();
    const sourcePortIdentity = { clockIdentity: master.snapshot.defaultDS.clockIdentity, portNumber: 1 };
    for (let i = 0; i < 10; i++) {
      const sync = encodeMessage({
        messageType: 'Sync',
        header: { ...rogueHeader, sourcePortIdentity, sequenceId: 60000 + i },
        originTimestamp: { seconds: 1_600_000_000, nanoseconds: i },
        tlvs: [],
      });
      network.inject(slave, 1, sync);
      network.run(1);
    }
    assert.equal(slave.count('time jumped back'), 10);
    assert.ok(follows(slave, master));
    assert.ok(Math.abs(network.truth(slave, master)) < 10);
  });

  it('responses that nobody asked for, or of another master', () => {
    const { network, master, slave } = settled();
    const requestingPortIdentity = { clockIdentity: slave.snapshot.defaultDS.clockIdentity, portNumber: 1 };
    const parent = { clockIdentity: master.snapshot.defaultDS.clockIdentity, portNumber: 1 };
    for (const sourcePortIdentity of [parent, rogueHeader.sourcePortIdentity]) {
      network.inject(
        slave,
        1,
        encodeMessage({
          messageType: 'Delay_Resp',
          header: { ...rogueHeader, sourcePortIdentity, sequenceId: 4711 },
          receiveTimestamp: { seconds: 5, nanoseconds: 5 },
          requestingPortIdentity,
          tlvs: [],
        }),
      );
    }
    assert.equal(slave.count('unexpected message'), 2);
    network.run(2);
    assert.ok(Math.abs(network.truth(slave, master)) < 10);
  });

  it('a request for unicast is denied, with no more octets than it had', () => {
    const { network, master } = settled();
    const request = encodeMessage({
      messageType: 'Signaling',
      header: { ...rogueHeader, flagField: FLAG.unicast },
      targetPortIdentity: { clockIdentity: master.snapshot.defaultDS.clockIdentity, portNumber: 1 },
      tlvs: [
        {
          type: 'REQUEST_UNICAST_TRANSMISSION',
          messageType: 11,
          logInterMessagePeriod: 0,
          durationSeconds: 300,
        },
      ],
    });
    const actions = master.engine.handleMessage(1, request, undefined, network.nowMs, 'peer');
    assert.equal(actions.length, 1);
    const action = actions[0]!;
    assert.ok(action.type === 'send' && action.to === 'peer');
    const { tlvs } = decodeMessage(action.bytes);
    assert.deepEqual(tlvs, [
      {
        type: 'GRANT_UNICAST_TRANSMISSION',
        messageType: 11,
        logInterMessagePeriod: 0,
        durationSeconds: 0,
        renewalInvited: false,
      },
    ]);
  });

  it('whatever comes, no engine throws, and the slave keeps its time', () => {
    const { network, master, slave } = settled();
    let sent = 0;
    fc.assert(
      fc.property(anyMessage, fc.constantFrom(master, slave), fc.boolean(), (original, node, matching) => {
        // Half of them pass the checks of the header, from strangers.
        const header = matching
          ? { ...original.header, majorSdoId: 0, minorSdoId: 0, domainNumber: 0, minorVersionPTP: 0 }
          : original.header;
        const bytes = encodeMessage({
          ...original,
          header: { ...header, sourcePortIdentity: { ...header.sourcePortIdentity, portNumber: 0xfffe } },
        });
        network.inject(node, 1, bytes);
        if (++sent % 10 === 0) network.run(0.02);
      }),
      { numRuns: 3000 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 120 }), (bytes) => {
        const header = bytes.slice();
        if (header.length > 5) {
          header[0] = (header[0] ?? 0) & 0x0f;
          header[1] = 2;
          header[4] = 0;
        }
        network.inject(slave, 1, header);
        network.inject(master, 1, header);
      }),
      { numRuns: 3000 },
    );
    network.run(30);
    assert.ok(Math.abs(network.truth(slave, master)) < 1000);
  });
});
