import { WireError } from '../../errors.ts';
import { Reader, Writer } from '../../wire/index.ts';
import type { Clock } from '../clock.ts';
import { ALL_PORTS, type PortIdentity } from '../identity.ts';
import { FLAG, LOG_INTERVAL_NONE } from '../messages/constants.ts';
import { encodeMessage, type Management } from '../messages/message.ts';
import type { Port } from '../port.ts';
import { makeHeader } from '../port-host.ts';
import type { ManagementErrorStatusTlv, ManagementTlv } from '../tlv/management.ts';
import { CLOCK_FIELDS } from './clock-data.ts';
import { type ClockField, type PortField, WrongValueError } from './field.ts';
import { MANAGEMENT_ERROR, MANAGEMENT_ID } from './ids.ts';
import { PORT_FIELDS } from './port-data.ts';

const FIELDS = new Map<number, ClockField | PortField>(
  Object.entries({ ...CLOCK_FIELDS, ...PORT_FIELDS }).map(([name, field]) => [
    MANAGEMENT_ID[name as keyof typeof MANAGEMENT_ID],
    field,
  ]),
);

/** Ids that exist in table 40 and have no answer here: NOT_SUPPORTED. Others are NO_SUCH_ID. */
function isKnownToStandard(id: number): boolean {
  return (
    id <= 0x0007 || (id >= 0x2000 && id <= 0x2021) || (id >= 0x3000 && id <= 0x3004) || (id >= 0x4000 && id <= 0x4002)
  );
}

type Result = ManagementTlv | ManagementErrorStatusTlv;

/**
 * The responses to one Management message (IEEE 1588-2008 15.4): one for a clock's field, one per port that it is meant
 * for otherwise. `get` access refuses SET and COMMAND with NOT_SETABLE. What is not for this clock has none.
 */
export function answerManagement(clock: Clock, message: Management, access: 'get' | 'set', now: number): Uint8Array[] {
  const target = message.targetPortIdentity;
  const { clockIdentity } = clock.defaultDS;
  if (target.clockIdentity !== clockIdentity && target.clockIdentity !== ALL_PORTS.clockIdentity) return [];
  const tlv = message.tlvs[0];
  const { actionField } = message;
  if (tlv?.type !== 'MANAGEMENT' || actionField === 'RESPONSE' || actionField === 'ACKNOWLEDGE') return [];
  const ports = clock.ports.filter((port) => [port.number, ALL_PORTS.portNumber].includes(target.portNumber));
  const field = FIELDS.get(tlv.managementId);
  const perPort = field === undefined ? isPortCommand(tlv.managementId) : field.scope === 'port';
  if (perPort) {
    return ports.map((port) => {
      const result = attempt(tlv, () => portResult(clock, port, message, tlv, access, now));
      return respond(clock, port.identity, message, result);
    });
  }
  if (target.portNumber !== 0 && ports.length === 0) return [];
  const result = attempt(tlv, () => clockResult(clock, message, tlv, access, now));
  return [respond(clock, { clockIdentity, portNumber: 0 }, message, result)];
}

function isPortCommand(id: number): boolean {
  return id === MANAGEMENT_ID.ENABLE_PORT || id === MANAGEMENT_ID.DISABLE_PORT;
}

function attempt(tlv: ManagementTlv, result: () => Result): Result {
  try {
    return result();
  } catch (error) {
    if (error instanceof WireError) return failure(tlv, MANAGEMENT_ERROR.WRONG_LENGTH);
    if (error instanceof WrongValueError) return failure(tlv, MANAGEMENT_ERROR.WRONG_VALUE);
    throw error;
  }
}

function failure(tlv: ManagementTlv, managementErrorId: number): ManagementErrorStatusTlv {
  return { type: 'MANAGEMENT_ERROR_STATUS', managementErrorId, managementId: tlv.managementId, displayData: '' };
}

function clockResult(
  clock: Clock,
  message: Management,
  tlv: ManagementTlv,
  access: 'get' | 'set',
  now: number,
): Result {
  const { actionField } = message;
  const id = tlv.managementId;
  if (id === MANAGEMENT_ID.NULL_PTP_MANAGEMENT) return { ...tlv, data: new Uint8Array(0) };
  if (id === MANAGEMENT_ID.INITIALIZE && actionField === 'COMMAND') {
    if (access !== 'set') return failure(tlv, MANAGEMENT_ERROR.NOT_SETABLE);
    for (const port of clock.ports) port.start(now);
    return tlv;
  }
  const field = FIELDS.get(id);
  if (field?.scope !== 'clock') {
    return failure(tlv, isKnownToStandard(id) ? MANAGEMENT_ERROR.NOT_SUPPORTED : MANAGEMENT_ERROR.NO_SUCH_ID);
  }
  if (actionField === 'COMMAND') return failure(tlv, MANAGEMENT_ERROR.NOT_SUPPORTED);
  if (actionField === 'SET') {
    if (field.set === undefined || access !== 'set') return failure(tlv, MANAGEMENT_ERROR.NOT_SETABLE);
    field.set(exact(tlv), clock, now);
  }
  return written(tlv, (w) => field.get(w, clock));
}

function portResult(
  clock: Clock,
  port: Port,
  message: Management,
  tlv: ManagementTlv,
  access: 'get' | 'set',
  now: number,
): Result {
  const { actionField } = message;
  const id = tlv.managementId;
  if (isPortCommand(id)) {
    if (actionField !== 'COMMAND') return failure(tlv, MANAGEMENT_ERROR.NOT_SUPPORTED);
    if (access !== 'set') return failure(tlv, MANAGEMENT_ERROR.NOT_SETABLE);
    port.setEnabled(id === MANAGEMENT_ID.ENABLE_PORT, now);
    return tlv;
  }
  const field = FIELDS.get(id) as PortField;
  if (actionField === 'COMMAND') return failure(tlv, MANAGEMENT_ERROR.NOT_SUPPORTED);
  if (actionField === 'SET') {
    if (field.set === undefined || access !== 'set') return failure(tlv, MANAGEMENT_ERROR.NOT_SETABLE);
    field.set(exact(tlv), port, now);
  }
  return written(tlv, (w) => field.get(w, port, clock));
}

/** Every field that can be set has an even length of its own, but for texts; a longer or shorter one is WRONG_LENGTH. */
function exact(tlv: ManagementTlv): Reader {
  const lengths: Readonly<Record<number, number>> = {
    [MANAGEMENT_ID.UTC_PROPERTIES]: 4,
    [MANAGEMENT_ID.GRANDMASTER_SETTINGS_NP]: 8,
    [MANAGEMENT_ID.PORT_DATA_SET_NP]: 8,
  };
  if (tlv.managementId === MANAGEMENT_ID.USER_DESCRIPTION) return new Reader(tlv.data);
  const expected = lengths[tlv.managementId] ?? 2;
  if (tlv.data.length !== expected) throw new WireError(`dataField has ${tlv.data.length} octets`, 54);
  return new Reader(tlv.data);
}

function written(tlv: ManagementTlv, write: (w: Writer) => void): ManagementTlv {
  const w = new Writer(1400, 64);
  write(w);
  if (w.length % 2 !== 0) w.u8(0);
  return { type: 'MANAGEMENT', managementId: tlv.managementId, data: w.finish() };
}

function respond(clock: Clock, source: PortIdentity, message: Management, result: Result): Uint8Array {
  const hops = Math.max(0, message.startingBoundaryHops - message.boundaryHops);
  return encodeMessage({
    messageType: 'Management',
    header: makeHeader(
      clock,
      source.portNumber,
      message.header.sequenceId,
      LOG_INTERVAL_NONE,
      message.header.flagField & FLAG.unicast,
    ),
    targetPortIdentity: message.header.sourcePortIdentity,
    startingBoundaryHops: hops,
    boundaryHops: hops,
    actionField: message.actionField === 'COMMAND' ? 'ACKNOWLEDGE' : 'RESPONSE',
    tlvs: [result],
  });
}
