/** Prints how far a PTP hardware clock is from the system's, by interface or device: `node examples/phc.ts eth0`. */
import { HardwareClock } from 'routeplane/phc';

const [which = '/dev/ptp0'] = process.argv.slice(2);
using clock = which.startsWith('/') ? new HardwareClock(which) : HardwareClock.ofInterface(which);
for (let i = 0; i < 10; i++) {
  const { clockNs, systemNs, windowNs } = clock.compare();
  console.log(`${clock.name} - CLOCK_REALTIME = ${clockNs - systemNs} ns +- ${windowNs / 2n} ns`);
  await new Promise((resolve) => setTimeout(resolve, 1000));
}
