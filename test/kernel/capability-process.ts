/** What each of these says to whoever may not do it: a JSON object of its name to the message and to what the error names. */
import { KernelDataPlane, UserspaceDataPlane } from '#lib/dataplane/index.js';
import { RouteNetlink } from '#lib/rtnl/index.js';
import { Xfrm, XfrmMonitor } from '#lib/xfrm/index.js';

const events = { ike() {}, acquire() {}, expire() {}, mapping() {} };
const selector = { src: '10.0.0.0/8', dst: '10.0.0.0/8' };
const attempts: Readonly<Record<string, () => unknown>> = {
  link: () => new RouteNetlink().links.add({ name: 'x', kind: 'bridge' }),
  route: () => new RouteNetlink().routes.add({ dst: '10.0.0.0/8', type: 'blackhole' }),
  policy: () => new Xfrm().policies.add({ selector, direction: 'out' }),
  dump: () => new Xfrm().sas.dump(),
  monitor: () => new XfrmMonitor({ kinds: ['sa'] }),
  userspace: () => new UserspaceDataPlane(events),
  kernel: () => new KernelDataPlane(events),
};
const said: Record<string, { message: string; capability: string | undefined }> = {};
for (const [name, body] of Object.entries(attempts)) {
  try {
    body();
    said[name] = { message: 'allowed', capability: undefined };
  } catch (error) {
    const { message, capability } = error as Error & { capability?: string };
    said[name] = { message, capability };
  }
}
console.log(JSON.stringify(said));
process.exit();
