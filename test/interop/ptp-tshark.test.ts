import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { before, it } from 'node:test';
import {
  decodeMessage,
  encodeMessage,
  MANAGEMENT_ID,
  type Management,
  MESSAGE_TYPE,
  type Message,
  messageIntervalRequestTlv,
  type Tlv,
} from '#lib/ptp/index.js';
import { type DecodedLayers, decodePcap, networkPackages, requirePackages } from '../lab/index.ts';
import { FAST, pair, ports } from '../unit/ptp/ladder.ts';
import { Network, type Node } from '../unit/ptp/network.ts';

before(() => requirePackages(networkPackages));

/** libpcap's file format, LINKTYPE_ETHERNET: each message in a frame of EtherType 0x88F7, padded as on the wire. */
function pcap(messages: readonly Uint8Array[]): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(65_535, 16);
  header.writeUInt32LE(1, 20);
  const parts: Buffer[] = [header];
  for (const [i, message] of messages.entries()) {
    const frame = Buffer.alloc(Math.max(60, 14 + message.length));
    frame.set([0x01, 0x1b, 0x19, 0, 0, 0, 0x02, 0, 0, 0, 0x99, 0x01, 0x88, 0xf7]);
    frame.set(message, 14);
    const record = Buffer.alloc(16);
    record.writeUInt32LE(i, 0);
    record.writeUInt32LE(frame.length, 8);
    record.writeUInt32LE(frame.length, 12);
    parts.push(record, frame);
  }
  return Buffer.concat(parts);
}

async function decode(messages: readonly Uint8Array[]): Promise<readonly DecodedLayers[]> {
  const directory = mkdtempSync(join(tmpdir(), 'rp-tshark-ptp-'));
  try {
    const file = join(directory, 'all.pcap');
    writeFileSync(file, pcap(messages));
    return await decodePcap(file);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** One message of each kind that was sent: of each type with each set of TLVs, version and flags. */
class Kinds {
  readonly messages = new Map<string, Uint8Array>();

  add(bytes: Uint8Array): void {
    const message = decodeMessage(bytes);
    const { majorSdoId, minorVersionPTP, flagField } = message.header;
    const tlvs = message.tlvs.map((tlv) => `${tlv.type} ${'managementId' in tlv ? tlv.managementId : ''}`);
    this.messages.set([message.messageType, majorSdoId, minorVersionPTP, flagField, ...tlvs].join(), bytes.slice());
  }
}

const header = {
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
} as const;
const all = { clockIdentity: 0xffff_ffff_ffff_ffffn, portNumber: 0xffff };

const synchronizationMetadata = {
  defaultSystemFrameRate: { numerator: 30_000, denominator: 1001 },
  masterLockingStatus: 4,
  timeAddressFlags: 1,
  currentLocalOffset: -18_000,
  jumpSeconds: 0,
  timeOfNextJump: 0,
  timeOfNextJam: 1_700_000_000,
  timeOfPreviousJam: 1_690_000_000,
  previousJamLocalOffset: -14_400,
  daylightSaving: 0,
  leapSecondJump: 0,
} as const;

/** What a master and a slave of every profile and mechanism say to each other. */
function conversations(kinds: Kinds): void {
  const run = (network: Network) => {
    network.tap = (_node, _port, bytes) => kinds.add(bytes);
    network.run(20);
  };
  for (const profile of ['default', '802.1as', 'aes67', 'g8275.1', 'smpte'] as const) {
    const master = profile === 'smpte' ? { profile, synchronizationMetadata } : { profile, pathTrace: true };
    run(pair({ master, slave: { profile }, port: FAST }).network);
  }
  for (const delayMechanism of ['e2e', 'p2p'] as const) {
    for (const twoStep of [true, false]) run(pair({ master: { twoStep }, port: { delayMechanism } }).network);
    run(pair({ master: { minorVersionPTP: 1 }, slave: { minorVersionPTP: 1 }, port: { delayMechanism } }).network);
  }
  for (const type of ['e2e', 'p2p'] as const) {
    const network = new Network(3);
    const port = (count: number) => ports(count, { delayMechanism: type });
    const master = network.clock('master', 1, { priority1: 1, ports: port(1) });
    const middle = network.clock('middle', 2, { clockType: `${type}-transparent`, ports: port(2) });
    const slave = network.clock('slave', 1, { slaveOnly: true, ports: port(1) });
    network.link([
      [master, 1],
      [middle, 1],
    ]);
    network.link([
      [middle, 2],
      [slave, 1],
    ]);
    network.start();
    run(network);
  }
}

/** What a clock answers to each question of management, refusals among them. */
function management(kinds: Kinds, node: Node, network: Network): void {
  for (const managementId of [...Object.values(MANAGEMENT_ID), 0x7000]) {
    for (const actionField of ['GET', 'SET', 'COMMAND'] as const satisfies readonly Management['actionField'][]) {
      const tlvs: readonly Tlv[] = [{ type: 'MANAGEMENT', managementId, data: new Uint8Array(0) }];
      const hops = { startingBoundaryHops: 1, boundaryHops: 1 };
      const question = encodeMessage({
        messageType: 'Management',
        header,
        targetPortIdentity: all,
        ...hops,
        actionField,
        tlvs,
      });
      for (const bytes of node.engine.handleManagement(question, 'set', network.nowMs).responses) kinds.add(bytes);
    }
  }
}

/** TLVs that no conversation above has. */
function others(kinds: Kinds): void {
  const signaling = (tlvs: readonly Tlv[], majorSdoId = 0): Message => ({
    messageType: 'Signaling',
    header: { ...header, majorSdoId },
    targetPortIdentity: all,
    tlvs,
  });
  const grant = { messageType: MESSAGE_TYPE.Sync, logInterMessagePeriod: -3, durationSeconds: 300 };
  for (const message of [
    signaling([{ type: 'REQUEST_UNICAST_TRANSMISSION', ...grant }]),
    signaling([{ type: 'GRANT_UNICAST_TRANSMISSION', ...grant, renewalInvited: true }]),
    signaling([{ type: 'CANCEL_UNICAST_TRANSMISSION', messageType: MESSAGE_TYPE.Sync }]),
    signaling([{ type: 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION', messageType: MESSAGE_TYPE.Sync }]),
    signaling(
      [messageIntervalRequestTlv({ linkDelayInterval: 0, timeSyncInterval: -3, announceInterval: 0, flags: 3 })],
      1,
    ),
  ])
    kinds.add(encodeMessage(message));
}

it('tshark decodes every kind of message and TLV of ours without a complaint', async () => {
  const kinds = new Kinds();
  conversations(kinds);
  const { network, slave } = pair();
  network.run(10);
  management(kinds, slave, network);
  others(kinds);
  const sent = [...kinds.messages];
  const types = new Set(sent.map(([, bytes]) => decodeMessage(bytes).messageType));
  assert.deepEqual([...types].sort(), Object.keys(MESSAGE_TYPE).sort());
  const decoded = await decode(sent.map(([, bytes]) => bytes));
  assert.equal(decoded.length, sent.length);
  for (const [i, layers] of decoded.entries()) {
    const text = JSON.stringify(layers);
    assert.match(text, /ptp\.v2\.messagetype/, sent[i]![0]);
    assert.doesNotMatch(text, /_ws\.malformed|_ws\.expert/, `${sent[i]![0]}\n${JSON.stringify(layers, null, 1)}`);
  }
});
