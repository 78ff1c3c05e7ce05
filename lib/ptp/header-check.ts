/** Kinds of bad input, as `PtpSnapshot.counters` counts them. */
export type BadInput =
  | 'truncated message'
  | 'malformed message'
  | 'wrong version'
  | 'wrong domain'
  | 'wrong sdoId'
  | 'own message'
  | 'event message without timestamp'
  | 'unexpected message'
  | 'delay mechanism mismatch'
  | 'stepsRemoved too large'
  | 'path trace loop'
  | 'foreign masters full'
  | 'time jumped back'
  | 'clock check failed'
  | 'transmit timestamp lost'
  | 'several peers answered'
  | 'management refused'
  | 'unicast grants full'
  | 'unicast request refused'
  | 'not a unicast master';

/** Which messages are for this clock at all (IEEE 1588-2008 9.5.1, 7.1; 2019 16.5). */
export interface HeaderRules {
  readonly clockIdentityOctets: Uint8Array;
  readonly majorSdoId: number;
  readonly minorSdoId: number;
  readonly domainNumber: number;
}

/** A look at the octets of the header, before anything is decoded: undefined for what may go on. */
export function rejectHeader(bytes: Uint8Array, rules: HeaderRules): BadInput | undefined {
  if (bytes.length < 34) return 'truncated message';
  const version = bytes[1]!;
  if ((version & 0x0f) !== 2) return 'wrong version';
  if (bytes[0]! >> 4 !== rules.majorSdoId) return 'wrong sdoId';
  // Reserved in 2008, whose receivers ignore it.
  if (version >> 4 >= 1 && bytes[5] !== rules.minorSdoId) return 'wrong sdoId';
  if (bytes[4] !== rules.domainNumber) return 'wrong domain';
  return isFrom(bytes, rules.clockIdentityOctets) ? 'own message' : undefined;
}

function isFrom(bytes: Uint8Array, identity: Uint8Array): boolean {
  // The last octets differ most often.
  for (let i = 7; i >= 0; i--) if (bytes[20 + i] !== identity[i]) return false;
  return true;
}
