/** IEEE 802.1AS: what time-aware bridges hand on. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type ClockConfig, decodeMessage, type FollowUp, followUpInformation } from '#lib/ptp/index.js';
import { follows } from './ptp/ladder.ts';
import { Network, type Node } from './ptp/network.ts';

const RATE_SCALE = 2 ** 41;
const MAX_CORRECTION = 0x7fff_ffff_ffff_ffffn;

/** A grandmaster, bridges and an end station in a row; `drift` is in ppb, by place. */
function row(drift: readonly number[], bridge: Partial<ClockConfig> = {}): { network: Network; nodes: Node[] } {
  const network = new Network(23);
  const nodes = drift.map((driftPpb, i) => {
    const last = i === drift.length - 1;
    const ports = i === 0 || last ? [{ name: 'ether1' }] : [{ name: 'ether1' }, { name: 'ether2' }];
    const config: Partial<ClockConfig> = { profile: '802.1as', priority1: i === 0 ? 100 : 246, ports };
    const oscillator = { driftPpb, offsetNs: i * 3_000_000, quantumNs: 8 };
    return network.clock(`n${i}`, ports.length, i === 0 || last ? config : { ...config, ...bridge }, oscillator);
  });
  for (const [i, node] of nodes.slice(0, -1).entries()) {
    network.link([
      [node, i === 0 ? 1 : 2],
      [nodes[i + 1]!, 1],
    ]);
  }
  network.start();
  return { network, nodes };
}

describe('a time-aware bridge', () => {
  it('hands on the grandmaster’s own timestamp, the way it took, and the sum of the rate ratios', () => {
    // Bridges that only measure: what they hand on cannot be their own time.
    const drift = [0, 20_000, -30_000, 8_000];
    const { network, nodes } = row(drift, { servo: { type: 'none' } });
    const [grandmaster, , , station] = nodes as [Node, Node, Node, Node];
    network.run(30);
    const sent = nodes.map((): FollowUp[] => []);
    network.tap = (node, _port, bytes) => {
      const message = decodeMessage(bytes);
      if (message.messageType === 'Follow_Up') sent[nodes.indexOf(node)]!.push(message);
    };
    network.run(10);
    const origins = new Set(sent[0]!.map((message) => JSON.stringify(message.preciseOriginTimestamp)));
    for (const [i, node] of nodes.slice(1, 3).entries()) {
      const messages = sent[i + 1]!;
      assert.ok(messages.length > 70, `${node.name}: ${messages.length}`);
      for (const { preciseOriginTimestamp, header, tlvs } of messages.slice(1)) {
        assert.ok(origins.has(JSON.stringify(preciseOriginTimestamp)), `${node.name} told its own time`);
        // At most two bridges at 8 Syncs a second, and not nothing.
        const correctionNs = Number(header.correctionField) / 65536;
        assert.ok(correctionNs > 0 && correctionNs < 300e6, `${correctionNs}`);
        const rate = followUpInformation(tlvs)!.cumulativeScaledRateOffset / RATE_SCALE;
        assert.ok(Math.abs(rate * 1e9 + drift[i + 1]!) < 20, `${node.name}: ${rate * 1e9} ppb`);
      }
    }
    assert.ok(network.until(() => follows(station, grandmaster), 60) !== undefined, station.states().join());
    network.run(60);
    const { max } = network.record(station, grandmaster, 30);
    assert.ok(max < 40, `${max} ns`);
    assert.equal(station.snapshot.currentDS.stepsRemoved, 3);
  });

  it('six of them in a row, all with servos: the last one is within 60 ns', () => {
    const { network, nodes } = row([0, 12_000, -9_000, 15_000, -4_000, 7_000, -11_000, 3_000]);
    const last = nodes.at(-1)!;
    assert.ok(network.until(() => follows(last, nodes[0]!), 120) !== undefined);
    network.run(90);
    const { max } = network.record(last, nodes[0]!, 60);
    assert.ok(max < 60, `${max} ns`);
    for (const node of nodes) assert.ok(node.snapshot.ports.every(({ linkDS }) => linkDS.asCapable));
  });

  it('hands on the biggest correction there is when the sum would be more', () => {
    const { network, nodes } = row([0, 20_000, 8_000], { servo: { type: 'none' } });
    const [grandmaster, bridge] = nodes as [Node, Node, Node];
    network.run(30);
    for (const [told, handedOn] of [
      [MAX_CORRECTION, MAX_CORRECTION],
      [-MAX_CORRECTION - 1n, undefined],
    ] as const) {
      const corrections: bigint[] = [];
      network.tap = (node, port, bytes) => {
        if ((bytes[0]! & 0x0f) !== 8) return;
        const view = new DataView(bytes.buffer, bytes.byteOffset);
        if (node === grandmaster) view.setBigInt64(8, told);
        if (node === bridge && port === 2) corrections.push(view.getBigInt64(8));
      };
      network.run(5);
      assert.ok(corrections.length > 30, `${corrections.length}`);
      if (handedOn !== undefined) assert.equal(corrections.at(-1), handedOn);
    }
  });

  it('is not configured to send Sync in one step', () => {
    assert.throws(() => row([0, 0, 0], { twoStep: false }), { name: 'ConfigError', property: 'twoStep' });
  });

  it('sends no Sync while its slave port hears none, and none over a link that is too long', () => {
    const { network, nodes } = row([0, 5_000, 6_000]);
    const [grandmaster, bridge, station] = nodes as [Node, Node, Node];
    assert.ok(network.until(() => follows(station, grandmaster), 60) !== undefined);
    let syncs = 0;
    network.tap = (node, port, bytes) => {
      if (node === bridge && port === 2 && (bytes[0]! & 0x0f) === 0) syncs++;
    };
    network.links[0]!.options = { ...network.links[0]!.options, delayNs: 5_000 };
    const capable = (node: Node, port: number) => node.snapshot.ports[port - 1]!.linkDS.asCapable;
    assert.ok(network.until(() => !capable(bridge, 1) && !capable(grandmaster, 1), 30) !== undefined);
    // It becomes grandmaster of those that it still reaches.
    assert.ok(network.until(() => follows(station, bridge), 30) !== undefined);
    syncs = 0;
    network.run(10);
    assert.ok(Math.abs(syncs - 80) <= 1, `${syncs}`);
    assert.equal(grandmaster.snapshot.grandmaster, true);
  });
});
