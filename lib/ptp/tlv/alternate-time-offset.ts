import { type Reader, utf8, type Writer } from '../../wire/index.ts';

/** ALTERNATE_TIME_OFFSET_INDICATOR, IEEE 1588-2008 16.3. */
export interface AlternateTimeOffset {
  readonly type: 'ALTERNATE_TIME_OFFSET_INDICATOR';
  readonly keyField: number;
  /** Seconds. */
  readonly currentOffset: number;
  readonly jumpSeconds: number;
  /** Seconds of the node's time at which the offset jumps. */
  readonly timeOfNextJump: number;
  /** At most 10 octets in UTF-8. */
  readonly displayName: string;
}

export function decodeAlternateTimeOffset(r: Reader): AlternateTimeOffset {
  const keyField = r.u8('keyField');
  const currentOffset = r.i32('currentOffset');
  const jumpSeconds = r.i32('jumpSeconds');
  const timeOfNextJump = r.u48('timeOfNextJump');
  const displayName = decodePtpText(r);
  if (r.remaining > 1) r.done('alternate time offset');
  return {
    type: 'ALTERNATE_TIME_OFFSET_INDICATOR',
    keyField,
    currentOffset,
    jumpSeconds,
    timeOfNextJump,
    displayName,
  };
}

export function encodeAlternateTimeOffset(w: Writer, tlv: AlternateTimeOffset): void {
  w.u8(tlv.keyField);
  w.i32(tlv.currentOffset);
  w.i32(tlv.jumpSeconds);
  w.u48(tlv.timeOfNextJump);
  encodePtpText(w, tlv.displayName);
}

/** PTPText, 5.3.9: a length and that many octets of UTF-8. */
export function decodePtpText(r: Reader): string {
  const octets = r.bytes(r.u8('lengthField'), 'textField');
  return new TextDecoder().decode(octets);
}

export function encodePtpText(w: Writer, text: string): void {
  const octets = utf8(text);
  w.u8(octets.length);
  w.bytes(octets);
}
