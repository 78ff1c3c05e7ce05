import { Reader, Writer } from '../../wire/index.ts';
import { decodePortIdentity, encodePortIdentity, type PortIdentity } from '../identity.ts';
import { decodeTimestamp, encodeTimestamp, type Timestamp } from '../timestamp.ts';
import { decodeTlvs, encodeTlvs, type Tlv } from '../tlv/tlv.ts';
import { type AnnounceBody, decodeAnnounceBody, encodeAnnounceBody } from './announce.ts';
import { decodeHeader, encodeHeader, type Header, patchLength } from './header.ts';
import { decodeManagementBody, encodeManagementBody, type ManagementBody } from './management.ts';

interface Common {
  readonly header: Header;
  /** In the order of the wire; empty where there are none. */
  readonly tlvs: readonly Tlv[];
}

/** IEEE 1588-2008 13.6. */
export interface TimestampMessage extends Common {
  readonly messageType: 'Sync' | 'Delay_Req';
  readonly originTimestamp: Timestamp;
}

/** 13.7. */
export interface FollowUp extends Common {
  readonly messageType: 'Follow_Up';
  readonly preciseOriginTimestamp: Timestamp;
}

/** 13.8. */
export interface DelayResp extends Common {
  readonly messageType: 'Delay_Resp';
  readonly receiveTimestamp: Timestamp;
  readonly requestingPortIdentity: PortIdentity;
}

/** 13.9: the originTimestamp and ten reserved octets. */
export interface PdelayReq extends Common {
  readonly messageType: 'Pdelay_Req';
  readonly originTimestamp: Timestamp;
}

/** 13.10. */
export interface PdelayResp extends Common {
  readonly messageType: 'Pdelay_Resp';
  readonly requestReceiptTimestamp: Timestamp;
  readonly requestingPortIdentity: PortIdentity;
}

/** 13.11. */
export interface PdelayRespFollowUp extends Common {
  readonly messageType: 'Pdelay_Resp_Follow_Up';
  readonly responseOriginTimestamp: Timestamp;
  readonly requestingPortIdentity: PortIdentity;
}

/** 13.5. */
export interface Announce extends Common, AnnounceBody {
  readonly messageType: 'Announce';
}

/** 13.12. */
export interface Signaling extends Common {
  readonly messageType: 'Signaling';
  readonly targetPortIdentity: PortIdentity;
}

/** 15.4; one MANAGEMENT or MANAGEMENT_ERROR_STATUS TLV, or the organization's own (SMPTE ST 2059-2). */
export interface Management extends Common, ManagementBody {
  readonly messageType: 'Management';
}

export type Message =
  | TimestampMessage
  | FollowUp
  | DelayResp
  | PdelayReq
  | PdelayResp
  | PdelayRespFollowUp
  | Announce
  | Signaling
  | Management;

/** The longest message this codec makes: what fits an Ethernet frame. */
export const MAX_MESSAGE_BYTES = 1500;

/**
 * Decodes one message. Octets after messageLength are the link's padding and are ignored.
 * Throws `WireError` for what is truncated, has another version or a reserved messageType.
 */
export function decodeMessage(bytes: Uint8Array): Message {
  const { header, messageType, length } = decodeHeader(new Reader(bytes));
  const r = new Reader(bytes, 34, length);
  switch (messageType) {
    case 'Sync':
    case 'Delay_Req': {
      const originTimestamp = decodeTimestamp(r);
      return { messageType, header, originTimestamp, tlvs: decodeTlvs(r) };
    }
    case 'Follow_Up': {
      const preciseOriginTimestamp = decodeTimestamp(r);
      return { messageType, header, preciseOriginTimestamp, tlvs: decodeTlvs(r) };
    }
    case 'Delay_Resp': {
      const receiveTimestamp = decodeTimestamp(r);
      const requestingPortIdentity = decodePortIdentity(r);
      return { messageType, header, receiveTimestamp, requestingPortIdentity, tlvs: decodeTlvs(r) };
    }
    case 'Pdelay_Req': {
      const originTimestamp = decodeTimestamp(r);
      r.skip(10, 'reserved');
      return { messageType, header, originTimestamp, tlvs: decodeTlvs(r) };
    }
    case 'Pdelay_Resp': {
      const requestReceiptTimestamp = decodeTimestamp(r);
      const requestingPortIdentity = decodePortIdentity(r);
      return { messageType, header, requestReceiptTimestamp, requestingPortIdentity, tlvs: decodeTlvs(r) };
    }
    case 'Pdelay_Resp_Follow_Up': {
      const responseOriginTimestamp = decodeTimestamp(r);
      const requestingPortIdentity = decodePortIdentity(r);
      return { messageType, header, responseOriginTimestamp, requestingPortIdentity, tlvs: decodeTlvs(r) };
    }
    case 'Announce':
      return { messageType, header, ...decodeAnnounceBody(r), tlvs: decodeTlvs(r) };
    case 'Signaling': {
      const targetPortIdentity = decodePortIdentity(r);
      return { messageType, header, targetPortIdentity, tlvs: decodeTlvs(r) };
    }
    case 'Management':
      return { messageType, header, ...decodeManagementBody(r), tlvs: decodeTlvs(r) };
  }
}

/** Throws `WireError` for a value that does not fit its field, or more than `MAX_MESSAGE_BYTES`. */
export function encodeMessage(message: Message): Uint8Array {
  const w = new Writer(MAX_MESSAGE_BYTES, 128);
  encodeHeader(w, message.messageType, message.header);
  encodeBody(w, message);
  encodeTlvs(w, message.tlvs);
  patchLength(w);
  return w.finish();
}

function encodeBody(w: Writer, message: Message): void {
  switch (message.messageType) {
    case 'Sync':
    case 'Delay_Req':
      encodeTimestamp(w, message.originTimestamp);
      break;
    case 'Follow_Up':
      encodeTimestamp(w, message.preciseOriginTimestamp);
      break;
    case 'Delay_Resp':
      encodeTimestamp(w, message.receiveTimestamp);
      encodePortIdentity(w, message.requestingPortIdentity);
      break;
    case 'Pdelay_Req':
      encodeTimestamp(w, message.originTimestamp);
      w.zeros(10);
      break;
    case 'Pdelay_Resp':
      encodeTimestamp(w, message.requestReceiptTimestamp);
      encodePortIdentity(w, message.requestingPortIdentity);
      break;
    case 'Pdelay_Resp_Follow_Up':
      encodeTimestamp(w, message.responseOriginTimestamp);
      encodePortIdentity(w, message.requestingPortIdentity);
      break;
    case 'Announce':
      encodeAnnounceBody(w, message);
      break;
    case 'Signaling':
      encodePortIdentity(w, message.targetPortIdentity);
      break;
    case 'Management':
      encodeManagementBody(w, message);
      break;
  }
}
