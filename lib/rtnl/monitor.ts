import { KernelEvents } from '../kernel-events.ts';
import { callNative } from '../native.ts';
import { addon, type NativeChange } from './addon.ts';
import type { InterfaceAddress } from './address.ts';
import type { Link } from './link.ts';
import type { Neighbour } from './neighbour.ts';
import type { Route } from './route.ts';
import type { Rule } from './rule.ts';

/** `removed: false` is appeared and changed alike; the kernel makes no difference. */
export type NetworkChange =
  | { readonly kind: 'link'; readonly removed: boolean; readonly record: Link }
  | { readonly kind: 'address'; readonly removed: boolean; readonly record: InterfaceAddress }
  | { readonly kind: 'route'; readonly removed: boolean; readonly record: Route }
  | { readonly kind: 'rule'; readonly removed: boolean; readonly record: Rule }
  | { readonly kind: 'neighbour'; readonly removed: boolean; readonly record: Neighbour }
  /** Changes were lost (ENOBUFS, or a reader that is too slow): dump again. */
  | { readonly kind: 'overflow' };

const bits = { link: 1, address: 2, route: 4, rule: 8, neighbour: 16 } as const;

export interface MonitorOptions {
  /** Default links, addresses and routes. */
  readonly kinds?: readonly (keyof typeof bits)[];
  /** False: does not keep the process alive. Default true. */
  readonly ref?: boolean;
}

/** Changes in the order the kernel announces them; for one reader. Ends with `close()`. */
export class Monitor extends KernelEvents<NetworkChange> {
  constructor(options: MonitorOptions = {}) {
    const kinds = options.kinds ?? ['link', 'address', 'route'];
    const what = kinds.reduce((sum, kind) => sum | bits[kind], 0);
    super(
      { kind: 'overflow' },
      (receive) =>
        callNative(() => new addon.Monitor(what, receive as (changes: readonly NativeChange[] | null) => void)),
      options.ref,
    );
  }
}
