/** Everything that clocks of ours say: for a decoder that is to understand it, and for mutations. */
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
import { FAST, pair, ports } from './ladder.ts';
import { Network, type Node } from './network.ts';

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

/** One message of each kind, by its kind. */
export function everyKind(): ReadonlyMap<string, Uint8Array> {
  const kinds = new Kinds();
  conversations(kinds);
  const { network, slave } = pair();
  network.run(10);
  management(kinds, slave, network);
  others(kinds);
  return kinds.messages;
}
