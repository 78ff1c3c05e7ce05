import type { Reader, Writer } from '../../wire/index.ts';

/** REQUEST_UNICAST_TRANSMISSION, IEEE 1588-2008 16.1.4.1. `messageType` is a number of `MESSAGE_TYPE`. */
export interface RequestUnicast {
  readonly type: 'REQUEST_UNICAST_TRANSMISSION';
  readonly messageType: number;
  readonly logInterMessagePeriod: number;
  readonly durationSeconds: number;
}

/** GRANT_UNICAST_TRANSMISSION, 16.1.4.2; a duration of 0 denies. */
export interface GrantUnicast {
  readonly type: 'GRANT_UNICAST_TRANSMISSION';
  readonly messageType: number;
  readonly logInterMessagePeriod: number;
  readonly durationSeconds: number;
  readonly renewalInvited: boolean;
}

/** 16.1.4.3 and 16.1.4.4. */
export interface CancelUnicast {
  readonly type: 'CANCEL_UNICAST_TRANSMISSION' | 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION';
  readonly messageType: number;
}

export type UnicastTlv = RequestUnicast | GrantUnicast | CancelUnicast;

export function decodeUnicast(r: Reader, type: UnicastTlv['type']): UnicastTlv {
  const messageType = r.u8('messageType') >> 4;
  if (type === 'CANCEL_UNICAST_TRANSMISSION' || type === 'ACKNOWLEDGE_CANCEL_UNICAST_TRANSMISSION') {
    r.skip(1, 'reserved');
    r.done('unicast TLV');
    return { type, messageType };
  }
  const logInterMessagePeriod = r.i8('logInterMessagePeriod');
  const durationSeconds = r.u32('durationField');
  if (type === 'REQUEST_UNICAST_TRANSMISSION') {
    r.done('unicast TLV');
    return { type, messageType, logInterMessagePeriod, durationSeconds };
  }
  r.skip(1, 'reserved');
  const renewalInvited = (r.u8('renewalInvited') & 1) !== 0;
  r.done('unicast TLV');
  return { type, messageType, logInterMessagePeriod, durationSeconds, renewalInvited };
}

export function encodeUnicast(w: Writer, tlv: UnicastTlv): void {
  w.u8(tlv.messageType << 4);
  if (tlv.type === 'REQUEST_UNICAST_TRANSMISSION' || tlv.type === 'GRANT_UNICAST_TRANSMISSION') {
    w.i8(tlv.logInterMessagePeriod);
    w.u32(tlv.durationSeconds);
    if (tlv.type === 'REQUEST_UNICAST_TRANSMISSION') return;
    w.u8(0);
    w.u8(tlv.renewalInvited ? 1 : 0);
  } else {
    w.u8(0);
  }
}
