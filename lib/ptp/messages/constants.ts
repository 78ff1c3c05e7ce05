/** IEEE 1588-2008 table 19. */
export const MESSAGE_TYPE = {
  Sync: 0x0,
  Delay_Req: 0x1,
  Pdelay_Req: 0x2,
  Pdelay_Resp: 0x3,
  Follow_Up: 0x8,
  Delay_Resp: 0x9,
  Pdelay_Resp_Follow_Up: 0xa,
  Announce: 0xb,
  Signaling: 0xc,
  Management: 0xd,
} as const;

export type MessageType = keyof typeof MESSAGE_TYPE;

/** Table 23. 2008 receivers may look at it, 2019 ones do not. */
export const CONTROL_FIELD: Readonly<Record<MessageType, number>> = {
  Sync: 0,
  Delay_Req: 1,
  Pdelay_Req: 5,
  Pdelay_Resp: 5,
  Follow_Up: 2,
  Delay_Resp: 3,
  Pdelay_Resp_Follow_Up: 5,
  Announce: 5,
  Signaling: 5,
  Management: 4,
};

/** flagField as one number of two octets, table 20. */
export const FLAG = {
  alternateMaster: 0x0100,
  twoStep: 0x0200,
  unicast: 0x0400,
  profileSpecific1: 0x2000,
  profileSpecific2: 0x4000,
  leap61: 0x0001,
  leap59: 0x0002,
  currentUtcOffsetValid: 0x0004,
  ptpTimescale: 0x0008,
  timeTraceable: 0x0010,
  frequencyTraceable: 0x0020,
  /** IEEE 1588-2019 table 37; G.8275.1 uses it too. */
  synchronizationUncertain: 0x0040,
} as const;

/** Table 24: logMessageInterval of messages that have none. */
export const LOG_INTERVAL_NONE = 0x7f;

/** Event messages are stamped, general messages are not (table 19). */
export function isEventMessage(type: MessageType): boolean {
  return MESSAGE_TYPE[type] < 0x4;
}
