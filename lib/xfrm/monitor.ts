import { KernelEvents } from '../kernel-events.ts';
import { callNative } from '../native.ts';
import { addon } from './addon.ts';
import type { XfrmEvent } from './event.ts';

const bits = {
  acquire: 1,
  expire: 2,
  sa: 4,
  policy: 8,
  'async-event': 16,
  report: 32,
  migrate: 64,
  mapping: 128,
} as const;

export interface XfrmMonitorOptions {
  /** Default all. `expire` is of SAs and policies, `sa` and `policy` are changes of the databases. */
  readonly kinds?: readonly (keyof typeof bits)[];
  /** False: does not keep the process alive. Default true. */
  readonly ref?: boolean;
}

/** Events in the order the kernel announces them; for one reader. Ends with `close()`. Needs CAP_NET_ADMIN. */
export class XfrmMonitor extends KernelEvents<XfrmEvent> {
  constructor(options: XfrmMonitorOptions = {}) {
    const kinds = options.kinds ?? (Object.keys(bits) as (keyof typeof bits)[]);
    const what = kinds.reduce((sum, kind) => sum | bits[kind], 0);
    super({ type: 'overflow' }, (receive) => callNative(() => new addon.Monitor(what, receive)), options.ref);
  }
}
