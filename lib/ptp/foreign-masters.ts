import type { ComparisonDataSet } from './bmca.ts';
import type { ForeignMasterDS } from './datasets.ts';
import type { PortIdentity } from './identity.ts';
import type { Announce } from './messages/message.ts';

/** FOREIGN_MASTER_THRESHOLD and FOREIGN_MASTER_TIME_WINDOW (in announce intervals), IEEE 1588-2008 9.3.2.4.4. */
const THRESHOLD = 2;
const TIME_WINDOW = 4;

/** One record of foreignMasterDS. */
export interface ForeignMaster {
  readonly portIdentity: PortIdentity;
  /** Where its last Announce came from, as the driver says it. */
  address: string | undefined;
  announce: Announce;
  dataSet: ComparisonDataSet;
  /** When the last two came, milliseconds. */
  heard: number;
  previous: number;
  messages: number;
  qualified: boolean;
}

/** `changed`: the algorithm has to run again. `full`: no room, and nobody there who counts less. */
export type ForeignMasterUpdate = 'changed' | 'same' | 'full';

/**
 * foreignMasterDS of one port (9.3.2.4), bounded: when it is full a newcomer takes the place of the one that was silent
 * longest among those that do not qualify, and of nobody if all do. A flood of rogue Announces costs no more memory.
 */
export class ForeignMasters {
  readonly #limit: number;
  readonly #threshold: number;
  readonly #records = new Map<string, ForeignMaster>();

  /** `qualify` false takes a master at its first Announce, as 802.1AS does (10.3.11.2.1). */
  constructor(limit: number, qualify: boolean) {
    this.#limit = limit;
    this.#threshold = qualify ? THRESHOLD : 1;
  }

  heard(
    announce: Announce,
    dataSet: ComparisonDataSet,
    now: number,
    intervalMs: number,
    address?: string,
  ): ForeignMasterUpdate {
    const { sourcePortIdentity } = announce.header;
    const key = `${sourcePortIdentity.clockIdentity}-${sourcePortIdentity.portNumber}`;
    const known = this.#records.get(key);
    if (known === undefined) {
      if (this.#records.size >= this.#limit && !this.#evict()) return 'full';
      const record = {
        portIdentity: sourcePortIdentity,
        address,
        announce,
        dataSet,
        heard: now,
        previous: Number.NEGATIVE_INFINITY,
        messages: 1,
        qualified: this.#threshold === 1,
      };
      this.#records.set(key, record);
      return record.qualified ? 'changed' : 'same';
    }
    const before = known.announce;
    known.announce = announce;
    known.address = address;
    known.previous = known.heard;
    known.heard = now;
    known.messages++;
    const wasQualified = known.qualified;
    known.qualified ||= known.heard - known.previous <= TIME_WINDOW * intervalMs;
    const changed = known.qualified && (!wasQualified || !sameAnnounce(before, announce));
    // A record keeps its data set while nothing changes: the state decision compares by reference.
    if (changed || !known.qualified) known.dataSet = dataSet;
    return changed ? 'changed' : 'same';
  }

  /** Erbest's record of those who qualify and were heard since `since`; others but `kept` are forgotten. */
  best(
    since: number,
    better: (a: ComparisonDataSet, b: ComparisonDataSet) => ComparisonDataSet,
    kept?: ForeignMaster,
  ): ForeignMaster | undefined {
    let best: ForeignMaster | undefined;
    for (const [key, record] of this.#records) {
      if (record.heard < since && record !== kept) this.#records.delete(key);
      else if (record.qualified && (best === undefined || better(best.dataSet, record.dataSet) === record.dataSet)) {
        best = record;
      }
    }
    return best;
  }

  forget(identity: PortIdentity): void {
    this.#records.delete(`${identity.clockIdentity}-${identity.portNumber}`);
  }

  clear(): void {
    this.#records.clear();
  }

  snapshot(): readonly ForeignMasterDS[] {
    return [...this.#records.values()].map((record) => ({
      foreignMasterPortIdentity: record.portIdentity,
      foreignMasterAnnounceMessages: record.messages,
      qualified: record.qualified,
    }));
  }

  #evict(): boolean {
    let oldest: string | undefined;
    let heard = Number.POSITIVE_INFINITY;
    for (const [key, record] of this.#records) {
      if (!record.qualified && record.heard < heard) {
        oldest = key;
        heard = record.heard;
      }
    }
    return oldest !== undefined && this.#records.delete(oldest);
  }
}

/** Everything of an Announce that data sets are made of. */
function sameAnnounce(a: Announce, b: Announce): boolean {
  return (
    a.stepsRemoved === b.stepsRemoved &&
    a.grandmasterIdentity === b.grandmasterIdentity &&
    a.grandmasterPriority1 === b.grandmasterPriority1 &&
    a.grandmasterPriority2 === b.grandmasterPriority2 &&
    a.grandmasterClockQuality.clockClass === b.grandmasterClockQuality.clockClass &&
    a.grandmasterClockQuality.clockAccuracy === b.grandmasterClockQuality.clockAccuracy &&
    a.grandmasterClockQuality.offsetScaledLogVariance === b.grandmasterClockQuality.offsetScaledLogVariance &&
    a.currentUtcOffset === b.currentUtcOffset &&
    a.timeSource === b.timeSource &&
    a.header.flagField === b.header.flagField
  );
}
