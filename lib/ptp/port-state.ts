/** IEEE 1588-2008 table 8. Transparent clocks have ports that are only INITIALIZING, FAULTY, DISABLED or PASSIVE. */
export const PORT_STATE = {
  INITIALIZING: 1,
  FAULTY: 2,
  DISABLED: 3,
  LISTENING: 4,
  PRE_MASTER: 5,
  MASTER: 6,
  PASSIVE: 7,
  UNCALIBRATED: 8,
  SLAVE: 9,
} as const;

export type PortState = keyof typeof PORT_STATE;

/** The events of figures 23 and 24. */
export type PortEvent =
  | 'POWERUP'
  | 'INITIALIZE'
  /** The way out of INITIALIZING, which has no name in the figures. */
  | 'INITIALIZED'
  | 'DESIGNATED_ENABLED'
  | 'DESIGNATED_DISABLED'
  | 'FAULT_DETECTED'
  | 'FAULT_CLEARED'
  | 'ANNOUNCE_RECEIPT_TIMEOUT_EXPIRES'
  | 'QUALIFICATION_TIMEOUT_EXPIRES'
  | 'MASTER_CLOCK_SELECTED'
  | 'SYNCHRONIZATION_FAULT'
  | 'BMC_MASTER'
  | 'BMC_GRANDMASTER'
  | 'BMC_SLAVE'
  | 'BMC_PASSIVE';

type Transitions = Partial<Record<PortEvent, PortState>>;

const down: Transitions = {
  INITIALIZE: 'INITIALIZING',
  DESIGNATED_DISABLED: 'DISABLED',
  FAULT_DETECTED: 'FAULTY',
};

/** Figure 23: what the best master clock algorithm may say in any state of a working port. */
const elected: Transitions = {
  ...down,
  BMC_MASTER: 'PRE_MASTER',
  // M1 and M2 qualify at once (9.2.6.10).
  BMC_GRANDMASTER: 'MASTER',
  BMC_SLAVE: 'UNCALIBRATED',
  BMC_PASSIVE: 'PASSIVE',
};

const listens: Transitions = { ...elected, ANNOUNCE_RECEIPT_TIMEOUT_EXPIRES: 'MASTER' };

/** Ordinary and boundary clocks: IEEE 1588-2008 figure 23. An event that a state does not list changes nothing. */
const FIGURE_23: Readonly<Record<PortState, Transitions>> = {
  INITIALIZING: { ...down, INITIALIZED: 'LISTENING' },
  FAULTY: { FAULT_CLEARED: 'INITIALIZING', DESIGNATED_DISABLED: 'DISABLED', INITIALIZE: 'INITIALIZING' },
  DISABLED: { DESIGNATED_ENABLED: 'INITIALIZING' },
  LISTENING: listens,
  PRE_MASTER: { ...elected, BMC_MASTER: 'PRE_MASTER', QUALIFICATION_TIMEOUT_EXPIRES: 'MASTER' },
  MASTER: { ...elected, BMC_MASTER: 'MASTER' },
  PASSIVE: listens,
  UNCALIBRATED: { ...listens, MASTER_CLOCK_SELECTED: 'SLAVE' },
  // BMC_SLAVE for the same master: `nextState` takes care of a new one.
  SLAVE: { ...listens, BMC_SLAVE: 'SLAVE', SYNCHRONIZATION_FAULT: 'UNCALIBRATED' },
};

const listensOnly: Transitions = {
  ...down,
  ANNOUNCE_RECEIPT_TIMEOUT_EXPIRES: 'LISTENING',
  BMC_MASTER: 'LISTENING',
  BMC_GRANDMASTER: 'LISTENING',
  BMC_PASSIVE: 'LISTENING',
  BMC_SLAVE: 'UNCALIBRATED',
};

/** Slave-only clocks: figure 24. */
const FIGURE_24: Readonly<Record<PortState, Transitions>> = {
  ...FIGURE_23,
  LISTENING: listensOnly,
  PRE_MASTER: listensOnly,
  MASTER: listensOnly,
  PASSIVE: listensOnly,
  UNCALIBRATED: { ...listensOnly, MASTER_CLOCK_SELECTED: 'SLAVE' },
  SLAVE: { ...listensOnly, BMC_SLAVE: 'SLAVE', SYNCHRONIZATION_FAULT: 'UNCALIBRATED' },
};

/** The state after `event`. `newMaster`: a recommended SLAVE has another parent than before. */
export function nextState(state: PortState, event: PortEvent, slaveOnly: boolean, newMaster: boolean): PortState {
  if (event === 'POWERUP') return 'INITIALIZING';
  if (event === 'BMC_SLAVE' && newMaster && state === 'SLAVE') return 'UNCALIBRATED';
  return (slaveOnly ? FIGURE_24 : FIGURE_23)[state][event] ?? state;
}
