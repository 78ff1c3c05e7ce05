// Is a PTP grandmaster: `node examples/ptp-grandmaster.ts eth0 eth1`. Where the interfaces have a hardware clock, that
// follows the system clock.
import { HardwareClock } from 'routeplane/phc';
import { PtpDaemon, SystemClockLink } from 'routeplane/ptp';

const interfaces = process.argv.slice(2);
const utcOffset = 37;
using ptp = new PtpDaemon({
  ports: interfaces.map((name) => ({ interface: name, masterOnly: true })),
  priority1: 10,
  timeProperties: { currentUtcOffset: utcOffset, currentUtcOffsetValid: true },
});
const { clock } = ptp;
const link =
  clock instanceof HardwareClock
    ? new SystemClockLink({ clock, direction: 'from-system', utcOffset: () => utcOffset })
    : undefined;
ptp.on('portState', ({ port, to }) => console.log(`${interfaces[port - 1]}: ${to}`));
ptp.start();
await new Promise((resolve) => process.once('SIGINT', resolve));
link?.close();
