import type { Reader, Writer } from '../../wire/index.ts';
import { decodePortIdentity, encodePortIdentity, type PortIdentity } from '../identity.ts';

/** IEEE 1588-2008 table 38. */
export const MANAGEMENT_ACTION = { GET: 0, SET: 1, RESPONSE: 2, COMMAND: 3, ACKNOWLEDGE: 4 } as const;
export type ManagementAction = keyof typeof MANAGEMENT_ACTION;

const ACTIONS = Object.keys(MANAGEMENT_ACTION) as ManagementAction[];

/** Table 37, without its TLV. */
export interface ManagementBody {
  readonly targetPortIdentity: PortIdentity;
  readonly startingBoundaryHops: number;
  readonly boundaryHops: number;
  readonly actionField: ManagementAction;
}

export function decodeManagementBody(r: Reader): ManagementBody {
  const targetPortIdentity = decodePortIdentity(r);
  const startingBoundaryHops = r.u8('startingBoundaryHops');
  const boundaryHops = r.u8('boundaryHops');
  const number = r.u8('actionField') & 0x0f;
  const actionField = ACTIONS[number];
  if (actionField === undefined) throw r.error(`actionField ${number} is reserved`, r.offset - 1);
  r.skip(1, 'reserved');
  return { targetPortIdentity, startingBoundaryHops, boundaryHops, actionField };
}

export function encodeManagementBody(w: Writer, body: ManagementBody): void {
  encodePortIdentity(w, body.targetPortIdentity);
  w.u8(body.startingBoundaryHops);
  w.u8(body.boundaryHops);
  w.u8(MANAGEMENT_ACTION[body.actionField]);
  w.u8(0);
}
