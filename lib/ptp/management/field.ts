import type { Reader, Writer } from '../../wire/index.ts';
import type { Clock } from '../clock.ts';
import type { Port } from '../port.ts';

/** One managementId of the clock; without `set` it is read-only. A reader that runs out is WRONG_LENGTH. */
export interface ClockField {
  readonly scope: 'clock';
  readonly get: (w: Writer, clock: Clock) => void;
  readonly set?: (r: Reader, clock: Clock, now: number) => void;
}

/** One managementId of each port. */
export interface PortField {
  readonly scope: 'port';
  readonly get: (w: Writer, port: Port, clock: Clock) => void;
  readonly set?: (r: Reader, port: Port, now: number) => void;
}

/** A value that the field cannot have: WRONG_VALUE. */
export class WrongValueError extends Error {}

/** A boolean in one octet with a reserved one after it. */
export function flag(r: Reader): boolean {
  const value = octet(r);
  if (value > 1) throw new WrongValueError();
  return value === 1;
}

/** A value in one octet with a reserved one after it. */
export function octet(r: Reader): number {
  const value = r.u8();
  r.skip(1);
  return value;
}

/** An interval of -7..7 in one octet with a reserved one after it. */
export function logInterval(r: Reader): number {
  const value = r.i8();
  r.skip(1);
  if (value < -7 || value > 7) throw new WrongValueError();
  return value;
}
