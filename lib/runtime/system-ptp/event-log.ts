import { formatClockIdentity, formatPortIdentity } from '../../ptp/index.ts';
import type { Log } from '../log.ts';
import type { PtpDaemon } from '../ptp/index.ts';

/** What happens to a clock, as lines of the log. */
export function listen(daemon: PtpDaemon, name: string, log: Log): void {
  const interfaceOf = (port: number) => daemon.snapshot().ports[port - 1]?.config.name ?? `port ${port}`;
  daemon.on('portState', ({ port, from, to, reason }) => {
    log.add('ptp,info', `${name}: ${interfaceOf(port)} ${from} -> ${to} (${reason})`);
  });
  daemon.on('grandmasterChanged', ({ parentDS, local }) => {
    const { grandmasterIdentity, parentPortIdentity } = parentDS;
    const who = local
      ? 'this clock is grandmaster'
      : `grandmaster ${formatClockIdentity(grandmasterIdentity)}, by ${formatPortIdentity(parentPortIdentity)}`;
    log.add('ptp,info', `${name}: ${who}`);
  });
  daemon.on('clockStepped', ({ deltaNs }) => log.add('ptp,warning', `${name}: the clock was stepped by ${deltaNs} ns`));
  daemon.on('servoState', ({ from, to }) => log.add('ptp,debug', `${name}: servo ${from} -> ${to}`));
  daemon.on('faulty', ({ port, reason }) => log.add('ptp,error', `${name}: ${interfaceOf(port)}: ${reason}`));
  daemon.on('holdover', ({ active }) => {
    log.add('ptp,warning', `${name}: ${active ? 'holdover: no master, the last frequency is kept' : 'holdover ended'}`);
  });
  daemon.on('offset', ({ measurement: m }) => {
    if (!log.wants('ptp,debug')) return;
    const parts = [`offset ${m.offsetFromMasterNs.toFixed(0)} ns`, `delay ${m.meanPathDelayNs.toFixed(0)} ns`];
    log.add('ptp,debug', `${name}: ${parts.join(', ')}, frequency ${m.frequencyPpb.toFixed(0)} ppb`);
  });
}
