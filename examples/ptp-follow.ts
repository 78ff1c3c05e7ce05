// Follows a PTP grandmaster: `node examples/ptp-follow.ts eth0`. With a hardware clock it keeps that; without, a clock of
// its own over the system's, which nobody else notices.
import { formatClockIdentity, PtpDaemon } from 'routeplane/ptp';

using ptp = new PtpDaemon({ ports: [{ interface: process.argv[2] ?? 'eth0' }], slaveOnly: true });
ptp.on('grandmasterChanged', ({ parentDS }) => {
  console.log(`grandmaster ${formatClockIdentity(parentDS.grandmasterIdentity)}, ts-refclk:${ptp.tsRefclk()}`);
});
ptp.on('portState', ({ from, to, reason }) => console.log(`${from} -> ${to}: ${reason}`));
ptp.on('faulty', ({ reason }) => console.error(reason));
ptp.start();
for await (const { offsetFromMasterNs, meanPathDelayNs, frequencyPpb } of ptp.measurements()) {
  const parts = [`offset ${offsetFromMasterNs.toFixed(0)} ns`, `delay ${meanPathDelayNs.toFixed(0)} ns`];
  console.log(`${parts.join(', ')}, correction ${frequencyPpb.toFixed(1)} ppb`);
}
