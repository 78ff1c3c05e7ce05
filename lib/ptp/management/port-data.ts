/** Data fields that belong to one port, IEEE 1588-2008 15.5.3. */
import type { Reader, Writer } from '../../wire/index.ts';
import type { Clock } from '../clock.ts';
import type { Transport } from '../config.ts';
import { encodePortIdentity } from '../identity.ts';
import { MESSAGE_TYPE } from '../messages/constants.ts';
import type { Port } from '../port.ts';
import { PORT_STATE } from '../port-state.ts';
import { scaledFromNs } from '../timestamp.ts';
import { encodePtpText } from '../tlv/alternate-time-offset.ts';
import { shortText } from './clock-data.ts';
import { flag, logInterval, octet, type PortField, WrongValueError } from './field.ts';

const MECHANISM = { e2e: 1, p2p: 2 } as const;
/** networkProtocol, table 3. */
const PROTOCOL: Readonly<Record<Transport, number>> = {
  ipv4: 1,
  ipv6: 2,
  'l2-forwardable': 3,
  'l2-non-forwardable': 3,
};
/** profileIdentity: annex J.3.1 and J.4.1 for the default profiles, and those of the others. */
const PROFILE_IDENTITY = {
  default: { e2e: [0x00, 0x1b, 0x19, 0x00, 0x01, 0x00], p2p: [0x00, 0x1b, 0x19, 0x00, 0x02, 0x00] },
  '802.1as': [0x00, 0x80, 0xc2, 0x00, 0x01, 0x00],
  aes67: [0x00, 0x0b, 0x5e, 0x00, 0x01, 0x00],
  'g8275.1': [0x00, 0x19, 0xa7, 0x01, 0x02, 0x00],
  smpte: [0x68, 0x97, 0xe8, 0x00, 0x01, 0x00],
} as const;

function oneOctet(get: (port: Port) => number, set?: (port: Port, r: Reader, now: number) => void): PortField {
  return {
    scope: 'port',
    get: (w, port) => {
      w.i8((get(port) << 24) >> 24);
      w.u8(0);
    },
    ...(set === undefined ? {} : { set: (r: Reader, port: Port, now: number) => set(port, r, now) }),
  };
}

export const PORT_FIELDS = {
  CLOCK_DESCRIPTION: { scope: 'port', get: clockDescription },
  PORT_DATA_SET: {
    scope: 'port',
    get: (w, { portDS }) => {
      encodePortIdentity(w, portDS.portIdentity);
      w.u8(PORT_STATE[portDS.portState]);
      w.i8(portDS.logMinDelayReqInterval);
      w.i64(scaledFromNs(portDS.peerMeanPathDelayNs));
      w.i8(portDS.logAnnounceInterval);
      w.u8(portDS.announceReceiptTimeout);
      w.i8(portDS.logSyncInterval);
      w.u8(MECHANISM[portDS.delayMechanism]);
      w.i8(portDS.logMinPdelayReqInterval);
      w.u8(portDS.versionNumber);
    },
  },
  LOG_ANNOUNCE_INTERVAL: oneOctet(
    (port) => port.logAnnounceInterval,
    (port, r) => port.setIntervals({ announce: logInterval(r) }),
  ),
  ANNOUNCE_RECEIPT_TIMEOUT: oneOctet(
    (port) => port.config.announceReceiptTimeout,
    (port, r) => {
      const announceReceiptTimeout = octet(r);
      if (announceReceiptTimeout < 2) throw new WrongValueError();
      port.configure({ announceReceiptTimeout });
    },
  ),
  LOG_SYNC_INTERVAL: oneOctet(
    (port) => port.logSyncInterval,
    (port, r) => port.setIntervals({ sync: logInterval(r) }),
  ),
  VERSION_NUMBER: oneOctet(() => 2),
  MASTER_ONLY: oneOctet((port) => (port.config.masterOnly ? 1 : 0)),
  DELAY_MECHANISM: oneOctet(
    (port) => MECHANISM[port.config.delayMechanism],
    (port, r, now) => {
      const value = octet(r);
      const delayMechanism = (['e2e', 'p2p'] as const).find((name) => MECHANISM[name] === value);
      if (delayMechanism === undefined) throw new WrongValueError();
      port.configure({ delayMechanism });
      port.start(now);
    },
  ),
  UNICAST_NEGOTIATION_ENABLE: oneOctet(
    (port) => (port.config.unicast ? 1 : 0),
    (port, r) => port.configure({ unicast: flag(r) }),
  ),
  LOG_MIN_PDELAY_REQ_INTERVAL: oneOctet(
    (port) => port.logMinPdelayReqInterval,
    (port, r) => port.setIntervals({ pdelay: logInterval(r) }),
  ),
  PORT_DATA_SET_NP: {
    scope: 'port',
    get: (w, port) => {
      w.u32(Math.min(0xffff_ffff, Math.round(port.config.neighborPropDelayThreshNs)));
      w.i32(port.linkDS.asCapable ? 1 : 0);
    },
    set: (r, port) => {
      const neighborPropDelayThreshNs = r.u32();
      r.skip(4);
      port.configure({ neighborPropDelayThreshNs });
    },
  },
  PORT_PROPERTIES_NP: {
    scope: 'port',
    get: (w, port, clock) => {
      encodePortIdentity(w, port.identity);
      w.u8(PORT_STATE[port.state]);
      // 0 software, 1 hardware, 3 one-step; UTC stamps are the kernel's.
      w.u8(clock.defaultDS.twoStepFlag ? (clock.config.localTimescale === 'utc' ? 0 : 1) : 3);
      encodePtpText(w, shortText(port.config.name, 64));
    },
  },
  PORT_STATS_NP: {
    scope: 'port',
    get: (w, port) => {
      encodePortIdentity(w, port.identity);
      const { messages } = port.snapshot();
      for (const direction of ['rx', 'tx']) {
        const counts = new Array<number>(16).fill(0);
        for (const [name, type] of Object.entries(MESSAGE_TYPE))
          counts[type] = messages.get(`${direction} ${name}`) ?? 0;
        // linuxptp has these in little-endian order.
        for (const count of counts) w.bytes(littleEndian(count));
      }
    },
  },
} as const satisfies Record<string, PortField>;

function littleEndian(value: number): Uint8Array {
  const octets = new Uint8Array(8);
  new DataView(octets.buffer).setBigUint64(0, BigInt(value), true);
  return octets;
}

/** Table 41. The physical address is that of the clock identity where that was made from one. */
function clockDescription(w: Writer, port: Port, clock: Clock): void {
  const identity = clock.defaultDS.clockIdentity;
  const profile = clock.config.profile ?? 'default';
  const preset = PROFILE_IDENTITY[profile];
  // Table 42: ordinary 0x8000, boundary 0x4000.
  w.u16(clock.ports.length > 1 ? 0x4000 : 0x8000);
  encodePtpText(w, 'IEEE 802.3');
  w.u16(6);
  for (const shift of [56n, 48n, 40n, 16n, 8n, 0n]) w.u8(Number((identity >> shift) & 0xffn));
  w.u16(PROTOCOL[port.config.transport]);
  w.u16(0);
  w.zeros(4);
  encodePtpText(w, 'routeplane;;');
  encodePtpText(w, ';;');
  encodePtpText(w, shortText(clock.userDescription, 128));
  w.bytes(Uint8Array.from('e2e' in preset ? preset[port.config.delayMechanism] : preset));
}
