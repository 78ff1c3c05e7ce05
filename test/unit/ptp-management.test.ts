import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import {
  decodeMessage,
  encodeMessage,
  MANAGEMENT_ERROR,
  MANAGEMENT_ID,
  type Management,
  type Tlv,
} from '#lib/ptp/index.js';
import { fromHex, toHex } from '#lib/wire/index.js';
import { follows, pair, ports } from './ptp/ladder.ts';
import { Network, type Node } from './ptp/network.ts';

type Id = keyof typeof MANAGEMENT_ID;

const ALL = { clockIdentity: 0xffff_ffff_ffff_ffffn, portNumber: 0xffff };

function request(id: number, actionField: Management['actionField'], data: Uint8Array, target = ALL): Uint8Array {
  return encodeMessage({
    messageType: 'Management',
    header: {
      majorSdoId: 0,
      minorVersionPTP: 0,
      versionPTP: 2,
      domainNumber: 0,
      minorSdoId: 0,
      flagField: 0,
      correctionField: 0n,
      messageTypeSpecific: 0,
      sourcePortIdentity: { clockIdentity: 0x99n, portNumber: 7 },
      sequenceId: 42,
      logMessageInterval: 0x7f,
    },
    targetPortIdentity: target,
    startingBoundaryHops: 1,
    boundaryHops: 1,
    actionField,
    tlvs: [{ type: 'MANAGEMENT', managementId: id, data }],
  });
}

/** The one TLV of the one response. */
function ask(
  node: Node,
  network: Network,
  id: Id | number,
  actionField: Management['actionField'] = 'GET',
  data: Uint8Array = new Uint8Array(0),
  access: 'get' | 'set' = 'set',
): Tlv {
  const number = typeof id === 'number' ? id : MANAGEMENT_ID[id];
  const { responses, actions } = node.engine.handleManagement(
    request(number, actionField, data),
    access,
    network.nowMs,
  );
  network.perform(node, actions);
  assert.equal(responses.length, 1);
  const response = decodeMessage(responses[0]!);
  assert.ok(response.messageType === 'Management');
  assert.equal(response.header.sequenceId, 42);
  assert.deepEqual(response.targetPortIdentity, { clockIdentity: 0x99n, portNumber: 7 });
  assert.equal(response.actionField, actionField === 'COMMAND' ? 'ACKNOWLEDGE' : 'RESPONSE');
  return response.tlvs[0]!;
}

const dataOf = (tlv: Tlv): Uint8Array => {
  assert.ok(
    tlv.type === 'MANAGEMENT',
    JSON.stringify(tlv, (_, value) => (typeof value === 'bigint' ? `${value}` : value)),
  );
  return tlv.data;
};
const errorOf = (tlv: Tlv): number => {
  assert.ok(tlv.type === 'MANAGEMENT_ERROR_STATUS');
  return tlv.managementErrorId;
};

function settled(): { network: Network; master: Node; slave: Node } {
  const all = pair();
  assert.ok(all.network.until(() => follows(all.slave, all.master), 10) !== undefined);
  all.network.run(10);
  return all;
}

describe('management', () => {
  it('GET has the lengths that linuxptp has, for every id that its pmc asked there', () => {
    const { messages } = JSON.parse(readFileSync('test/vectors/ptp/linuxptp.json', 'utf8')) as {
      messages: { name: string; hex: string }[];
    };
    const { network, master } = settled();
    let compared = 0;
    for (const { hex } of messages) {
      const message = decodeMessage(fromHex(hex));
      const tlv = message.tlvs[0];
      if (message.messageType !== 'Management' || message.actionField !== 'RESPONSE' || tlv?.type !== 'MANAGEMENT')
        continue;
      const data = dataOf(ask(master, network, tlv.managementId));
      // Its texts are of other lengths.
      if (tlv.managementId !== MANAGEMENT_ID.CLOCK_DESCRIPTION)
        assert.equal(data.length, tlv.data.length, `${tlv.managementId}`);
      compared++;
    }
    assert.ok(compared >= 12, `${compared}`);
  });

  it('GET of every id there is answers, at every access', () => {
    const { network, master, slave } = settled();
    for (const id of Object.keys(MANAGEMENT_ID) as Id[]) {
      if (id === 'INITIALIZE' || id === 'ENABLE_PORT' || id === 'DISABLE_PORT') continue;
      for (const node of [master, slave]) dataOf(ask(node, network, id, 'GET', new Uint8Array(0), 'get'));
    }
  });

  it('the data sets say what the snapshot says', () => {
    const { network, slave, master } = settled();
    const { defaultDS, parentDS, currentDS, ports } = slave.snapshot;
    const data = dataOf(ask(slave, network, 'DEFAULT_DATA_SET'));
    assert.equal(toHex(data), `03000001 80fffeffff80 ${defaultDS.clockIdentity.toString(16)} 0000`.replaceAll(' ', ''));
    const parent = dataOf(ask(slave, network, 'PARENT_DATA_SET'));
    const { clockIdentity, portNumber } = parentDS.parentPortIdentity;
    assert.equal(toHex(parent.subarray(0, 10)), clockIdentity.toString(16) + portNumber.toString(16).padStart(4, '0'));
    assert.equal(toHex(parent.subarray(18)), `64f8feffff80${master.snapshot.defaultDS.clockIdentity.toString(16)}`);
    const current = new DataView(dataOf(ask(slave, network, 'CURRENT_DATA_SET')).slice().buffer);
    assert.equal(current.getUint16(0), 1);
    assert.ok(Math.abs(Number(current.getBigInt64(2)) / 65536 - currentDS.offsetFromMasterNs) < 1e-3);
    assert.ok(Math.abs(Number(current.getBigInt64(10)) / 65536 - currentDS.meanPathDelayNs) < 1e-3);
    const port = dataOf(ask(slave, network, 'PORT_DATA_SET'));
    assert.equal(port[10], 9);
    const statistics = new DataView(dataOf(ask(slave, network, 'PORT_STATS_NP')).slice().buffer);
    assert.equal(Number(statistics.getBigUint64(10, true)), ports[0]!.messages.get('rx Sync'));
    assert.equal(Number(statistics.getBigUint64(10 + 16 * 8 + 8, true)), ports[0]!.messages.get('tx Delay_Req'));
    const status = new DataView(dataOf(ask(slave, network, 'TIME_STATUS_NP')).slice().buffer);
    assert.equal(status.getInt32(38), 1);
    assert.equal(status.getBigUint64(42), parentDS.grandmasterIdentity);
  });

  it('SET of priority1 elects another grandmaster', () => {
    const { network, master, slave } = settled();
    dataOf(ask(master, network, 'PRIORITY1', 'SET', Uint8Array.of(77, 0)));
    network.run(3);
    assert.equal(slave.snapshot.parentDS.grandmasterPriority1, 77);
    assert.equal(dataOf(ask(master, network, 'PRIORITY1'))[0], 77);
  });

  it('SET of grandmaster settings, intervals and properties holds', () => {
    const { network, master, slave } = settled();
    const settings = fromHex('06210fff0024 3f20'.replace(' ', ''));
    dataOf(ask(master, network, 'GRANDMASTER_SETTINGS_NP', 'SET', settings));
    assert.equal(toHex(dataOf(ask(master, network, 'GRANDMASTER_SETTINGS_NP'))), toHex(settings));
    network.run(3);
    assert.equal(slave.snapshot.timePropertiesDS.currentUtcOffset, 36);
    assert.equal(slave.snapshot.parentDS.grandmasterClockQuality.clockClass, 6);
    for (const [id, value] of [
      ['LOG_SYNC_INTERVAL', 0xfc],
      ['LOG_ANNOUNCE_INTERVAL', 1],
      ['ANNOUNCE_RECEIPT_TIMEOUT', 5],
      ['LOG_MIN_PDELAY_REQ_INTERVAL', 2],
    ] as const) {
      dataOf(ask(master, network, id, 'SET', Uint8Array.of(value, 0)));
      assert.equal(dataOf(ask(master, network, id))[0], value, id);
    }
    dataOf(ask(master, network, 'UTC_PROPERTIES', 'SET', Uint8Array.of(0, 38, 4, 0)));
    network.run(5);
    assert.equal(slave.snapshot.timePropertiesDS.currentUtcOffset, 38);
  });

  it('SET of the domain leaves the one before; SET back finds the master again', () => {
    const { network, master, slave } = settled();
    dataOf(ask(slave, network, 'DOMAIN', 'SET', Uint8Array.of(9, 0)));
    network.run(10);
    assert.deepEqual(slave.states(), ['LISTENING']);
    assert.ok(slave.count('wrong domain') > 10);
    const back = request(MANAGEMENT_ID.DOMAIN, 'SET', Uint8Array.of(0, 0));
    back[4] = 9;
    network.perform(slave, slave.engine.handleManagement(back, 'set', network.nowMs).actions);
    assert.ok(network.until(() => follows(slave, master), 20) !== undefined);
    assert.ok(network.until(() => Math.abs(network.truth(slave, master)) < 20, 60) !== undefined);
  });

  it('SET of the delay mechanism changes what is asked of a unicast master', () => {
    const p2p = { delayMechanism: 'p2p' } as const;
    const { network, master, slave } = pair({
      master: { ports: ports(1, { ...p2p, unicastListen: true, multicast: false }) },
      slave: { ports: ports(1, { ...p2p, unicastMasters: ['master/1'] }) },
    });
    assert.ok(network.until(() => follows(slave, master), 20) !== undefined);
    for (const node of [master, slave]) dataOf(ask(node, network, 'DELAY_MECHANISM', 'SET', Uint8Array.of(1, 0)));
    assert.ok(network.until(() => follows(slave, master), 20) !== undefined, slave.states().join());
    assert.ok(Math.abs(slave.snapshot.ports[0]!.delayNs! - 500) < 20);
  });

  it('SET of slaveOnly, of the delay mechanism, of a description and of unicast negotiation holds', () => {
    const { network, master, slave } = settled();
    // While it is slave-only its class is 255, which is not to stay.
    dataOf(ask(slave, network, 'CLOCK_ACCURACY', 'SET', Uint8Array.of(0xfe, 0)));
    dataOf(ask(slave, network, 'SLAVE_ONLY', 'SET', Uint8Array.of(0, 0)));
    assert.equal(slave.snapshot.defaultDS.clockQuality.clockClass, 248);
    dataOf(ask(master, network, 'SLAVE_ONLY', 'SET', Uint8Array.of(1, 0)));
    assert.equal(master.snapshot.defaultDS.clockQuality.clockClass, 255);
    assert.ok(network.until(() => follows(master, slave), 30) !== undefined, master.states().join());

    for (const node of [master, slave]) dataOf(ask(node, network, 'DELAY_MECHANISM', 'SET', Uint8Array.of(2, 0)));
    assert.ok(network.until(() => slave.states()[0] === 'LISTENING', 10) !== undefined);
    assert.ok(network.until(() => follows(master, slave), 30) !== undefined, master.states().join());
    network.run(5);
    assert.ok(master.snapshot.ports[0]!.portDS.peerMeanPathDelayNs > 400);

    const text = Uint8Array.of(3, ...new TextEncoder().encode('x-1'));
    dataOf(ask(master, network, 'USER_DESCRIPTION', 'SET', text));
    assert.deepEqual(dataOf(ask(master, network, 'USER_DESCRIPTION')), text);
    dataOf(ask(master, network, 'UNICAST_NEGOTIATION_ENABLE', 'SET', Uint8Array.of(0, 0)));
    assert.equal(dataOf(ask(master, network, 'UNICAST_NEGOTIATION_ENABLE'))[0], 0);

    const wrong = (id: Id, ...data: number[]) => errorOf(ask(slave, network, id, 'SET', Uint8Array.from(data)));
    assert.equal(wrong('DELAY_MECHANISM', 7, 0), MANAGEMENT_ERROR.WRONG_VALUE);
    assert.equal(wrong('SLAVE_ONLY', 2, 0), MANAGEMENT_ERROR.WRONG_VALUE);
    assert.equal(wrong('USER_DESCRIPTION', 9, 65), MANAGEMENT_ERROR.WRONG_LENGTH);
    assert.equal(wrong('USER_DESCRIPTION', 1, 65, 66, 67), MANAGEMENT_ERROR.WRONG_LENGTH);
  });

  it('COMMAND disables and enables a port', () => {
    const { network, slave } = settled();
    dataOf(ask(slave, network, 'DISABLE_PORT', 'COMMAND'));
    assert.deepEqual(slave.states(), ['DISABLED']);
    dataOf(ask(slave, network, 'ENABLE_PORT', 'COMMAND'));
    assert.deepEqual(slave.states(), ['LISTENING']);
  });

  it('errors are those of table 72', () => {
    const { network, master } = settled();
    const set = (id: Id, data: Uint8Array, access: 'get' | 'set' = 'set') =>
      errorOf(ask(master, network, id, 'SET', data, access));
    assert.equal(set('PRIORITY1', Uint8Array.of(1, 0), 'get'), MANAGEMENT_ERROR.NOT_SETABLE);
    assert.equal(set('DEFAULT_DATA_SET', new Uint8Array(20)), MANAGEMENT_ERROR.NOT_SETABLE);
    assert.equal(set('PRIORITY1', new Uint8Array(0)), MANAGEMENT_ERROR.WRONG_LENGTH);
    assert.equal(set('PRIORITY1', Uint8Array.of(1, 0, 0, 0)), MANAGEMENT_ERROR.WRONG_LENGTH);
    assert.equal(set('LOG_SYNC_INTERVAL', Uint8Array.of(100, 0)), MANAGEMENT_ERROR.WRONG_VALUE);
    assert.equal(set('ANNOUNCE_RECEIPT_TIMEOUT', Uint8Array.of(1, 0)), MANAGEMENT_ERROR.WRONG_VALUE);
    assert.equal(errorOf(ask(master, network, 0x0006)), MANAGEMENT_ERROR.NOT_SUPPORTED);
    assert.equal(errorOf(ask(master, network, 0x2222)), MANAGEMENT_ERROR.NO_SUCH_ID);
    assert.equal(
      errorOf(ask(master, network, 'DISABLE_PORT', 'COMMAND', new Uint8Array(0), 'get')),
      MANAGEMENT_ERROR.NOT_SETABLE,
    );
    assert.equal(master.snapshot.defaultDS.priority1, 100);
    assert.deepEqual(master.states(), ['MASTER']);
  });

  it('what is for another clock or port, another domain, or no request, has no answer', () => {
    const { network, master } = settled();
    const other = { clockIdentity: 5n, portNumber: 1 };
    const quiet = (bytes: Uint8Array) =>
      assert.deepEqual(master.engine.handleManagement(bytes, 'set', network.nowMs).responses, []);
    quiet(request(MANAGEMENT_ID.PRIORITY1, 'GET', new Uint8Array(0), other));
    const mine = { clockIdentity: master.snapshot.defaultDS.clockIdentity, portNumber: 9 };
    quiet(request(MANAGEMENT_ID.PORT_DATA_SET, 'GET', new Uint8Array(0), mine));
    quiet(request(MANAGEMENT_ID.PRIORITY1, 'RESPONSE', new Uint8Array(0)));
    const bytes = request(MANAGEMENT_ID.PRIORITY1, 'GET', new Uint8Array(0));
    bytes[4] = 3;
    quiet(bytes);
    quiet(bytes.subarray(0, 20));
  });

  it('through a port nobody is heard unless the port says so', () => {
    const { network, master } = settled();
    const bytes = request(MANAGEMENT_ID.PRIORITY1, 'GET', new Uint8Array(0));
    assert.deepEqual(master.engine.handleMessage(1, bytes, undefined, network.nowMs, 'pmc'), []);
    assert.equal(master.count('management refused'), 1);
    const open = pair({ port: { management: 'get' } });
    open.network.run(1);
    const actions = open.master.engine.handleMessage(1, bytes, undefined, open.network.nowMs, 'pmc');
    assert.equal(actions.length, 1);
    assert.ok(actions[0]!.type === 'send' && actions[0]!.to === 'pmc');
    const set = request(MANAGEMENT_ID.PRIORITY1, 'SET', Uint8Array.of(1, 0));
    const refused = open.master.engine.handleMessage(1, set, undefined, open.network.nowMs, 'pmc');
    assert.ok(refused[0]!.type === 'send');
    assert.equal(errorOf(decodeMessage(refused[0]!.bytes).tlvs[0]!), MANAGEMENT_ERROR.NOT_SETABLE);
  });
});

describe('Management from the wire', () => {
  /** A client's question to `node`, as if it came in through port 1 from there. */
  function fromWire(node: Node, network: Network, from: string, bytes: Uint8Array) {
    return node.engine
      .handleMessage(1, bytes, undefined, network.nowMs, from)
      .flatMap((action) => (action.type === 'send' ? [action] : []));
  }
  const get = request(MANAGEMENT_ID.PRIORITY1, 'GET', new Uint8Array(0));
  const set = request(MANAGEMENT_ID.PRIORITY1, 'SET', Uint8Array.of(7, 0));

  it('is not heard, and counted, unless the port says so', () => {
    const { network, master } = pair();
    assert.deepEqual(fromWire(master, network, '192.0.2.9', get), []);
    assert.equal(master.count('management refused'), 1);
  });

  it('is heard by an access list: the first rule that matches decides', () => {
    const management = [
      { from: '192.0.2.66', access: 'none' },
      { from: '192.0.2.0/24', access: 'get' },
      { from: '2001:db8::/32', access: 'set' },
      { from: '02:00:00:00:00:0A', access: 'get' },
    ] as const;
    const { network, master } = pair({ port: { management } });
    const answer = (from: string, bytes: Uint8Array) => {
      const [sent] = fromWire(master, network, from, bytes);
      if (sent === undefined) return 'none';
      assert.equal(sent.to, from);
      const message = decodeMessage(sent.bytes);
      return message.tlvs[0]!.type;
    };
    assert.equal(answer('192.0.2.9', get), 'MANAGEMENT');
    assert.equal(answer('192.0.2.9', set), 'MANAGEMENT_ERROR_STATUS');
    assert.equal(answer('192.0.2.66', get), 'none');
    assert.equal(answer('198.51.100.1', get), 'none');
    assert.equal(answer('2001:db8::5', get), 'MANAGEMENT');
    assert.equal(answer('02:00:00:00:00:0a', get), 'MANAGEMENT');
    assert.equal(answer('02:00:00:00:00:0b', get), 'none');
    assert.equal(master.snapshot.defaultDS.priority1, 100);
    assert.equal(answer('2001:db8::5', set), 'MANAGEMENT');
    assert.equal(master.snapshot.defaultDS.priority1, 7);
    assert.throws(() => pair({ port: { management: [{ from: '192.0.2.0/33', access: 'get' }] } }), /CIDR/);
    for (const from of ['peer', '192.0.2', '02:00:00:00:0a']) {
      assert.throws(() => pair({ port: { management: [{ from, access: 'get' }] } }), { property: 'management' });
    }
  });

  /** A grandmaster, a boundary clock of three ports, and a slave behind two of them. */
  function tree(access: 'none' | 'get' | 'set') {
    const network = new Network(31);
    const port = ports(1, { management: access });
    const master = network.clock('gm', 1, { priority1: 10, ports: port });
    const boundary = network.clock('bc', 3, { ports: ports(3, { management: access }) });
    const slaves = ['a', 'b'].map((name) => network.clock(name, 1, { slaveOnly: true, ports: port }));
    network.link([
      [master, 1],
      [boundary, 1],
    ]);
    for (const [i, slave] of slaves.entries()) {
      network.link([
        [boundary, 2 + i],
        [slave, 1],
      ]);
    }
    network.start();
    assert.ok(network.until(() => slaves.every((slave) => follows(slave, master)), 30) !== undefined);
    return { network, master, boundary, slaves };
  }

  /** The clocks that answered a client at the boundary clock itself. */
  function reached(access: 'none' | 'get' | 'set', action: 'GET' | 'SET', hops = 1): string[] {
    const { network, boundary } = tree(access);
    const data = action === 'GET' ? new Uint8Array(0) : Uint8Array.of(99, 0);
    const bytes = request(MANAGEMENT_ID.PRIORITY2, action, data);
    bytes[44] = hops;
    bytes[45] = hops;
    const { actions } = boundary.engine.handleManagement(bytes, 'set', network.nowMs);
    network.perform(boundary, actions);
    network.run(1);
    return boundary.events
      .flatMap(({ event }) => (event.name === 'managementResponse' ? [decodeMessage(event.bytes)] : []))
      .map(({ header }) => network.nodes.find(({ name }) => nodeIs(network, name, header))!.name)
      .sort();
  }
  const nodeIs = (network: Network, name: string, header: { sourcePortIdentity: { clockIdentity: bigint } }) =>
    network.nodes.find((node) => node.name === name)!.snapshot.defaultDS.clockIdentity ===
    header.sourcePortIdentity.clockIdentity;

  it('goes on through a boundary clock as far as boundaryHops says, and the answers come back', () => {
    assert.deepEqual(reached('set', 'GET'), ['a', 'b', 'gm']);
    assert.deepEqual(reached('set', 'SET'), ['a', 'b', 'gm']);
    assert.deepEqual(reached('set', 'GET', 0), []);
    assert.deepEqual(reached('none', 'GET'), []);
  });

  it('a question from one port goes to the others with a hop less, never back, and only as far as it may', () => {
    for (const [access, action, expected] of [
      ['set', 'SET', 2],
      ['get', 'GET', 2],
      ['get', 'SET', 0],
      ['none', 'GET', 0],
    ] as const) {
      const { network, boundary } = tree(access);
      const data = action === 'GET' ? new Uint8Array(0) : Uint8Array.of(99, 0);
      const bytes = request(MANAGEMENT_ID.PRIORITY2, action, data);
      bytes[44] = 3;
      bytes[45] = 3;
      const forwarded = fromWire(boundary, network, 'gm/1', bytes).filter(({ to }) => to === undefined);
      assert.deepEqual(
        forwarded.map(({ port }) => port),
        expected === 2 ? [2, 3] : [],
      );
      for (const sent of forwarded) assert.equal(sent.bytes[45], 2);
      // What is for this clock alone goes nowhere else.
      const { clockIdentity } = boundary.snapshot.defaultDS;
      const own = request(MANAGEMENT_ID.PRIORITY2, 'GET', new Uint8Array(0), { clockIdentity, portNumber: 0 });
      assert.ok(fromWire(boundary, network, 'gm/1', own).every(({ to }) => to !== undefined));
    }
  });
});
