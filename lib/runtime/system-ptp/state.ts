import { HardwareClock, OverlayClock } from '../../phc/index.ts';
import { formatClockIdentity } from '../../ptp/index.ts';
import type { Row } from '../../routeros/item.ts';
import type { PtpDaemon, PtpDaemonSnapshot } from '../ptp/index.ts';

const second = 1_000_000_000n;

function ns(value: number): string {
  return `${Math.round(value)} ns`;
}

/** How far the clock that is kept is from CLOCK_REALTIME, both as UTC. */
function systemOffset(daemon: PtpDaemon, { timePropertiesDS, clock }: PtpDaemonSnapshot): bigint {
  const utcOffset = clock.stamping === 'hardware' ? BigInt(timePropertiesDS.currentUtcOffset) * second : 0n;
  const kept = daemon.clock;
  if (kept instanceof HardwareClock) {
    const { clockNs, systemNs } = kept.compare();
    return clockNs - utcOffset - systemNs;
  }
  if (!(kept instanceof OverlayClock)) return 0n;
  const now = kept.time();
  return now - kept.toReal(now);
}

/** The lines of `/system ptp monitor`, names and units as RouterOS has them. */
export function monitorText(name: string, daemon: PtpDaemon): string {
  const snapshot = daemon.snapshot();
  const { defaultDS, parentDS, currentDS, lastMeasurement } = snapshot;
  const slave = snapshot.ports[snapshot.slavePort - 1];
  const fields: Readonly<Record<string, string>> = {
    name,
    'clock-id': formatClockIdentity(defaultDS.clockIdentity),
    priority1: String(defaultDS.priority1),
    priority2: String(defaultDS.priority2),
    'i-am-gm': snapshot.grandmaster ? 'yes' : 'no',
    'gm-clock-id': formatClockIdentity(parentDS.grandmasterIdentity),
    'gm-priority1': String(parentDS.grandmasterPriority1),
    'gm-priority2': String(parentDS.grandmasterPriority2),
    'master-clock-id': formatClockIdentity(parentDS.parentPortIdentity.clockIdentity),
    'slave-port': slave?.config.name ?? 'none',
    // How the clock would run by itself: the reverse of its correction.
    'freq-drift': `${slave && lastMeasurement ? Math.round(-lastMeasurement.frequencyPpb) : 0} ppb`,
    offset: ns(slave ? currentDS.offsetFromMasterNs : 0),
    'hw-offset': `${systemOffset(daemon, snapshot)} ns`,
    'slave-port-delay': ns(slave?.delayNs ?? 0),
  };
  return Object.entries(fields)
    .map(([key, text]) => `${key}: ${text}\n`)
    .join('');
}

/** `/system ptp status`. */
export function statusRows(name: string, first: number, daemon: PtpDaemon): Row[] {
  const snapshot = daemon.snapshot();
  return snapshot.ports.map(({ config, portDS, delayNs }, i) => {
    const measures = portDS.portState === 'SLAVE' || portDS.delayMechanism === 'p2p';
    return {
      id: `*${(first + i).toString(16).toUpperCase()}`,
      values: {
        ptp: name,
        port: config.name,
        state: portDS.portState.toLowerCase().replace('_', '-'),
        delay: measures && delayNs !== undefined ? ns(delayNs) : '',
        timestamping: snapshot.clock.stamping,
      },
    };
  });
}
