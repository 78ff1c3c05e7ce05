import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { WireError } from '#lib/errors.js';
import {
  clockIdentityOf,
  decodeMessage,
  encodeMessage,
  followUpInformation,
  followUpInformationTlv,
  formatClockIdentity,
  MESSAGE_TYPE,
  type Message,
  messageIntervalRequest,
  messageIntervalRequestTlv,
  parseClockIdentity,
  synchronizationMetadata,
  synchronizationMetadataTlv,
  timestampFromNs,
  timestampToNs,
} from '#lib/ptp/index.js';
import { fromHex, toHex } from '#lib/wire/index.js';
import { message } from './ptp/arbitrary.ts';

interface Vector {
  readonly name: string;
  readonly hex: string;
  readonly tshark: Readonly<Record<string, string>>;
}
const { messages: vectors } = JSON.parse(readFileSync('test/vectors/ptp/linuxptp.json', 'utf8')) as {
  messages: Vector[];
};

const hex = (value: bigint | number, digits: number) => `0x${value.toString(16).padStart(digits, '0')}`;

/** A message under the names that tshark has for its fields. */
function asTshark(decoded: Message, length: number): Record<string, string> {
  const { header } = decoded;
  const out: Record<string, string> = {
    majorsdoid: hex(header.majorSdoId, 2),
    messagetype: hex(MESSAGE_TYPE[decoded.messageType], 2),
    minorversionptp: `${header.minorVersionPTP}`,
    versionptp: `${header.versionPTP}`,
    messagelength: `${length}`,
    domainnumber: `${header.domainNumber}`,
    minorsdoid: `${header.minorSdoId}`,
    flags: hex(header.flagField, 4),
    'correction.ns': `${header.correctionField >> 16n}`,
    messagetypespecific: `${header.messageTypeSpecific}`,
    clockidentity: hex(header.sourcePortIdentity.clockIdentity, 16),
    sourceportid: `${header.sourcePortIdentity.portNumber}`,
    sequenceid: `${header.sequenceId}`,
    logmessageperiod: `${header.logMessageInterval}`,
  };
  const time = (prefix: string, value: { seconds: number; nanoseconds: number }) => {
    out[`${prefix}.seconds`] = `${value.seconds}`;
    out[`${prefix}.nanoseconds`] = `${value.nanoseconds}`;
  };
  const requester = (identity: string, port: string, value: { clockIdentity: bigint; portNumber: number }) => {
    out[identity] = hex(value.clockIdentity, 16);
    out[port] = `${value.portNumber}`;
  };
  switch (decoded.messageType) {
    case 'Sync':
    case 'Delay_Req':
      time('sdr.origintimestamp', decoded.originTimestamp);
      break;
    case 'Follow_Up':
      time('fu.preciseorigintimestamp', decoded.preciseOriginTimestamp);
      break;
    case 'Delay_Resp':
      time('dr.receivetimestamp', decoded.receiveTimestamp);
      requester('dr.requestingsourceportidentity', 'dr.requestingsourceportid', decoded.requestingPortIdentity);
      break;
    case 'Pdelay_Req':
      time('pdrq.origintimestamp', decoded.originTimestamp);
      break;
    case 'Pdelay_Resp':
      time('pdrs.requestreceipttimestamp', decoded.requestReceiptTimestamp);
      requester('pdrs.requestingportidentity', 'pdrs.requestingsourceportid', decoded.requestingPortIdentity);
      break;
    case 'Pdelay_Resp_Follow_Up':
      time('pdfu.responseorigintimestamp', decoded.responseOriginTimestamp);
      requester('pdfu.requestingportidentity', 'pdfu.requestingsourceportid', decoded.requestingPortIdentity);
      break;
    case 'Announce':
      time('an.origintimestamp', decoded.originTimestamp);
      out['an.origincurrentutcoffset'] = `${decoded.currentUtcOffset}`;
      out['an.priority1'] = `${decoded.grandmasterPriority1}`;
      out['an.grandmasterclockclass'] = `${decoded.grandmasterClockQuality.clockClass}`;
      out['an.grandmasterclockaccuracy'] = hex(decoded.grandmasterClockQuality.clockAccuracy, 2);
      out['an.grandmasterclockvariance'] = `${decoded.grandmasterClockQuality.offsetScaledLogVariance}`;
      out['an.priority2'] = `${decoded.grandmasterPriority2}`;
      out['an.grandmasterclockidentity'] = hex(decoded.grandmasterIdentity, 16);
      out['an.localstepsremoved'] = `${decoded.stepsRemoved}`;
      out['timesource'] = hex(decoded.timeSource, 2);
      for (const tlv of decoded.tlvs) {
        if (tlv.type === 'PATH_TRACE') out['an.pathsequence'] = hex(tlv.pathSequence[0]!, 16);
      }
      break;
    case 'Signaling':
      break;
    case 'Management': {
      requester('mm.targetportidentity', 'mm.targetportid', decoded.targetPortIdentity);
      out['mm.startingboundaryhops'] = `${decoded.startingBoundaryHops}`;
      out['mm.boundaryhops'] = `${decoded.boundaryHops}`;
      out['mm.action'] = `${['GET', 'SET', 'RESPONSE', 'COMMAND', 'ACKNOWLEDGE'].indexOf(decoded.actionField)}`;
      const tlv = decoded.tlvs[0]!;
      if ('managementId' in tlv) out['mm.managementId'] = `${tlv.managementId}`;
      if ('managementErrorId' in tlv) out['mm.managementErrorId'] = `${tlv.managementErrorId}`;
    }
  }
  return out;
}

describe('messages of linuxptp', () => {
  for (const { name, hex: octets, tshark } of vectors) {
    it(`${name} decodes as tshark decodes it, and encodes to the same octets`, () => {
      const bytes = fromHex(octets);
      const decoded = decodeMessage(bytes);
      const mine = asTshark(decoded, bytes.length);
      let compared = 0;
      for (const [field, value] of Object.entries(tshark)) {
        if (mine[field] === undefined) continue;
        assert.equal(mine[field], value, field);
        compared++;
      }
      assert.ok(compared >= 14, `${compared} fields`);
      assert.equal(toHex(encodeMessage(decoded)), octets);
    });

    it(`${name}: every prefix is refused`, () => {
      const bytes = fromHex(octets);
      for (let length = 0; length < bytes.length; length++) {
        assert.throws(() => decodeMessage(bytes.subarray(0, length)), WireError, `${length} octets`);
      }
      // Also where messageLength agrees: the body is cut, or a TLV is.
      let whole = 0;
      for (let length = 34; length < bytes.length; length++) {
        const cut = bytes.slice(0, length);
        cut[2] = length >> 8;
        cut[3] = length;
        try {
          decodeMessage(cut);
          whole++;
        } catch (error) {
          assert.ok(error instanceof WireError);
        }
      }
      // What remains is a message without its TLV, and a path trace cannot lose part of a clock.
      assert.ok(whole <= 1, `${whole}`);
    });
  }

  it('cover nine messages, three of them in the dialect of 802.1AS', () => {
    const types = new Set(vectors.map(({ hex: octets }) => decodeMessage(fromHex(octets)).messageType));
    assert.equal(types.size, 9);
    const gptp = vectors.find(({ name }) => name === 'gptp Follow_Up')!;
    assert.deepEqual(followUpInformation(decodeMessage(fromHex(gptp.hex)).tlvs), {
      cumulativeScaledRateOffset: 0,
      gmTimeBaseIndicator: 0,
      lastGmPhaseChange: 0n,
      scaledLastGmFreqChange: 0,
    });
  });
});

describe('codec', () => {
  it('what is encoded decodes to the same', () => {
    fc.assert(
      fc.property(message, (original) => {
        const bytes = encodeMessage(original);
        // fast-check's records have no prototype; a clone has one.
        assert.deepEqual(decodeMessage(bytes), structuredClone(original));
      }),
      { numRuns: 2000 },
    );
  });

  it('padding after messageLength is ignored', () => {
    const bytes = fromHex(vectors[0]!.hex);
    const padded = new Uint8Array(bytes.length + 10).fill(0xee);
    padded.set(bytes);
    assert.deepEqual(decodeMessage(padded), decodeMessage(bytes));
  });

  it('random octets and mutated messages decode or are refused, and nothing else', () => {
    const attempt = (bytes: Uint8Array) => {
      try {
        encodeMessage(decodeMessage(bytes));
      } catch (error) {
        assert.ok(error instanceof WireError, `${error}`);
      }
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), attempt), { numRuns: 3000 });
    const mutation = fc.tuple(
      fc.constantFrom(...vectors),
      fc.array(fc.tuple(fc.nat(319), fc.nat(255)), { minLength: 1, maxLength: 4 }),
    );
    fc.assert(
      fc.property(mutation, ([vector, changes]) => {
        const bytes = fromHex(vector.hex);
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        attempt(bytes);
      }),
      { numRuns: 10_000 },
    );
  });

  it('an odd lengthField is refused', () => {
    const bytes = encodeMessage({
      ...(decodeMessage(fromHex(vectors.find(({ name }) => name === 'udp Announce')!.hex)) as Message & {
        messageType: 'Announce';
      }),
      tlvs: [{ type: 'OPAQUE', tlvType: 0x7f00, value: new Uint8Array(4) }],
    });
    bytes[67] = 3;
    assert.throws(() => decodeMessage(bytes), /odd/);
  });

  it('TLVs of IEEE 802.1AS and SMPTE keep their values', () => {
    const info = {
      cumulativeScaledRateOffset: -12345,
      gmTimeBaseIndicator: 0xfffe,
      lastGmPhaseChange: -(2n ** 80n) + 7n,
      scaledLastGmFreqChange: 99,
    };
    assert.deepEqual(followUpInformation([followUpInformationTlv(info)]), info);
    const request = { linkDelayInterval: -3, timeSyncInterval: 127, announceInterval: 126, flags: 3 };
    assert.deepEqual(messageIntervalRequest([messageIntervalRequestTlv(request)]), request);
    const metadata = {
      defaultSystemFrameRate: { numerator: 30000, denominator: 1001 },
      masterLockingStatus: 4,
      timeAddressFlags: 1,
      currentLocalOffset: -18000,
      jumpSeconds: 3600,
      timeOfNextJump: 2 ** 40,
      timeOfNextJam: 1,
      timeOfPreviousJam: 2,
      previousJamLocalOffset: -14400,
      daylightSaving: 5,
      leapSecondJump: 1,
    };
    assert.deepEqual(synchronizationMetadata([synchronizationMetadataTlv(metadata)]), metadata);
    const short = { ...followUpInformationTlv(info), data: new Uint8Array(21) };
    assert.throws(() => followUpInformation([short]), WireError);
  });

  it('timestamps and identities', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 48n * 1_000_000_000n - 1n }), (ns) => {
        return timestampToNs(timestampFromNs(ns)) === ns;
      }),
    );
    assert.throws(() => timestampFromNs(-1n), RangeError);
    const identity = clockIdentityOf(fromHex('64d154ebadc7'));
    assert.equal(formatClockIdentity(identity), '64:D1:54:FF:FE:EB:AD:C7');
    assert.equal(parseClockIdentity('64d154.fffe.ebadc7'), identity);
    assert.equal(parseClockIdentity('64:D1:54:FF:FE:EB:AD:C7'), identity);
    assert.throws(() => parseClockIdentity('64:D1'), TypeError);
  });
});
