import type { ClockConfig } from './config.ts';
import type { DefaultDS, ParentDS, TimePropertiesDS } from './datasets.ts';
import type { ForeignMaster } from './foreign-masters.ts';
import type { ClockQuality } from './messages/announce.ts';
import { FLAG } from './messages/constants.ts';
import type { Profile } from './profiles.ts';

/** The data sets of an ordinary or boundary clock, and what is written into them (IEEE 1588-2008 9.3.5). */
export class ClockDataSets {
  #slaveOnly: boolean;
  /** As configured; a slave-only clock says another class. */
  #clockQuality: ClockQuality;
  #holdoverClass: number | undefined;
  defaultDS: DefaultDS;
  parentDS: ParentDS;
  timePropertiesDS: TimePropertiesDS;
  /** What this clock tells about time when it is grandmaster. */
  ownTime: TimePropertiesDS;
  stepsRemoved = 0;
  /** The clocks an Announce came through, this one not among them. */
  pathSequence: readonly bigint[] = [];

  constructor(config: ClockConfig, profile: Profile) {
    this.#slaveOnly = config.slaveOnly ?? false;
    this.#clockQuality = config.clockQuality ?? profile.clockQuality;
    this.ownTime = { ...profile.timeProperties, ...config.timeProperties };
    this.defaultDS = {
      twoStepFlag: config.twoStep ?? true,
      clockIdentity: config.clockIdentity,
      numberPorts: config.ports.length,
      clockQuality: this.#qualityOf(this.#clockQuality),
      priority1: config.priority1 ?? profile.priority1,
      priority2: config.priority2 ?? profile.priority2,
      domainNumber: config.domainNumber ?? profile.domainNumber,
      slaveOnly: this.#slaveOnly,
      localPriority: config.localPriority ?? 128,
      sdoId: (config.majorSdoId ?? profile.majorSdoId) * 256 + (config.minorSdoId ?? 0),
    };
    this.timePropertiesDS = this.ownTime;
    this.parentDS = this.#ownParent();
  }

  /** This clock is the grandmaster of its domain. */
  get grandmaster(): boolean {
    return this.parentDS.grandmasterIdentity === this.defaultDS.clockIdentity;
  }

  get holdoverClass(): number | undefined {
    return this.#holdoverClass;
  }

  /** G.8275.1 table 2: the clockClass of a clock that lost its master; undefined: it has one again. */
  set holdoverClass(clockClass: number | undefined) {
    this.#holdoverClass = clockClass;
    const own = this.#qualityOf(this.#clockQuality);
    const clockQuality = { ...own, clockClass: clockClass ?? own.clockClass };
    this.defaultDS = { ...this.defaultDS, clockQuality };
    if (this.grandmaster) this.parentDS = this.#ownParent();
  }

  /** What this clock would be worth were it not slave-only, and not in holdover. */
  get ownQuality(): ClockQuality {
    return this.#clockQuality;
  }

  /** What this clock is worth as grandmaster. */
  setQuality(quality: ClockQuality, time: Partial<TimePropertiesDS>): void {
    this.#clockQuality = quality;
    this.ownTime = { ...this.ownTime, ...time };
    this.defaultDS = { ...this.defaultDS, clockQuality: this.#qualityOf(quality) };
  }

  setSlaveOnly(slaveOnly: boolean): void {
    this.#slaveOnly = slaveOnly;
    this.defaultDS = { ...this.defaultDS, slaveOnly, clockQuality: this.#qualityOf(this.#clockQuality) };
  }

  /** Table 13: M1 and M2. `keepUtcOffset`: a clock that counts UTC goes on with the offset that its master taught it. */
  lead(keepUtcOffset: boolean): void {
    if (keepUtcOffset) this.ownTime = { ...this.ownTime, currentUtcOffset: this.timePropertiesDS.currentUtcOffset };
    this.stepsRemoved = 0;
    this.pathSequence = [];
    this.parentDS = this.#ownParent();
    this.timePropertiesDS = this.ownTime;
  }

  /** Table 16: S1. */
  follow({ announce }: ForeignMaster): void {
    const flags = announce.header.flagField;
    this.stepsRemoved = announce.stepsRemoved + 1;
    this.parentDS = {
      parentPortIdentity: announce.header.sourcePortIdentity,
      parentStats: false,
      observedParentOffsetScaledLogVariance: 0xffff,
      observedParentClockPhaseChangeRate: 0x7fffffff,
      grandmasterIdentity: announce.grandmasterIdentity,
      grandmasterClockQuality: announce.grandmasterClockQuality,
      grandmasterPriority1: announce.grandmasterPriority1,
      grandmasterPriority2: announce.grandmasterPriority2,
    };
    this.timePropertiesDS = {
      currentUtcOffset: announce.currentUtcOffset,
      currentUtcOffsetValid: (flags & FLAG.currentUtcOffsetValid) !== 0,
      leap59: (flags & FLAG.leap59) !== 0,
      leap61: (flags & FLAG.leap61) !== 0,
      timeTraceable: (flags & FLAG.timeTraceable) !== 0,
      frequencyTraceable: (flags & FLAG.frequencyTraceable) !== 0,
      ptpTimescale: (flags & FLAG.ptpTimescale) !== 0,
      timeSource: announce.timeSource,
    };
    this.pathSequence = announce.tlvs.find((tlv) => tlv.type === 'PATH_TRACE')?.pathSequence ?? [];
  }

  #ownParent(): ParentDS {
    const { defaultDS } = this;
    return {
      parentPortIdentity: { clockIdentity: defaultDS.clockIdentity, portNumber: 0 },
      parentStats: false,
      observedParentOffsetScaledLogVariance: 0xffff,
      observedParentClockPhaseChangeRate: 0x7fffffff,
      grandmasterIdentity: defaultDS.clockIdentity,
      grandmasterClockQuality: defaultDS.clockQuality,
      grandmasterPriority1: defaultDS.priority1,
      grandmasterPriority2: defaultDS.priority2,
    };
  }

  /** 7.6.2.4: slave-only is class 255. */
  #qualityOf(quality: ClockQuality): ClockQuality {
    return this.#slaveOnly ? { ...quality, clockClass: 255 } : quality;
  }
}

export function sameTimeProperties(a: TimePropertiesDS, b: TimePropertiesDS): boolean {
  return (Object.keys(a) as (keyof TimePropertiesDS)[]).every((key) => a[key] === b[key]);
}
