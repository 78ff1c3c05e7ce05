import type { DataPlane, DataPlaneEvents } from '../dataplane/dataplane.ts';
import { KernelDataPlane } from '../dataplane/kernel.ts';
import { kernelLacks } from '../dataplane/kernel-probe.ts';
import type { UserspaceOptions } from '../dataplane/options.ts';
import { UserspaceDataPlane } from '../dataplane/userspace.ts';
import type { Log } from './log.ts';

export type DataPlaneKind = 'auto' | 'kernel' | 'userspace';

export interface DataPlaneChoice {
  readonly kind: DataPlaneKind;
  /** SAs that an earlier daemon left in the kernel. */
  readonly staleSas: 'clean' | 'adopt';
  /** Of a data plane in user space. */
  readonly userspace?: Pick<UserspaceOptions, 'threads' | 'small' | 'pollUs' | 'xdp'>;
}

/** `choice` is what `/ip ipsec settings` says. */
export type OpenDataPlane = (events: DataPlaneEvents, choice: DataPlaneChoice) => DataPlane;

/**
 * Opens the data plane that is asked for, and logs which and why. `auto` is the kernel's if the kernel can do ESP. Throws what the
 * data plane does; for `kernel` also the UnsupportedError that names the module which is missing.
 */
export function openDataPlane(choice: DataPlaneChoice, events: DataPlaneEvents, log: Log): DataPlane {
  const { kind, staleSas } = choice;
  if (kind !== 'userspace') {
    const missing = kernelLacks();
    if (missing === undefined) {
      const why = kind === 'auto' ? 'the kernel has ESP' : 'as configured';
      log.add('ipsec,info', `data plane: kernel (${why})`);
      return new KernelDataPlane(events, { staleSas });
    }
    if (kind === 'kernel') throw missing;
    log.add('ipsec,info', `data plane: userspace (${missing.message})`);
  } else {
    log.add('ipsec,info', 'data plane: userspace (as configured)');
  }
  const plane = new UserspaceDataPlane(events, choice.userspace);
  if (plane.inputUnfiltered !== '') {
    const what = 'packets in the clear to this host are not checked against the policies';
    log.add('ipsec,warning', `${what}: ${plane.inputUnfiltered}`);
  }
  for (const { interface: name, active, detail } of plane.xdpStates()) {
    log.add(
      active ? 'ipsec,info' : 'ipsec,warning',
      `past the kernel on ${name}: ${active ? detail : `no: ${detail}`}`,
    );
  }
  return plane;
}
