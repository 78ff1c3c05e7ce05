/** A data plane in a process of its own, driven over IPC: one per network namespace. */
import {
  type DataPlane,
  type DataPlaneEvents,
  KernelDataPlane,
  type KernelOptions,
  UserspaceDataPlane,
  type UserspaceOptions,
} from '#lib/dataplane/index.js';

export type Request =
  | { readonly id: number; readonly open: UserspaceOptions; readonly kind: 'userspace' }
  | { readonly id: number; readonly open: KernelOptions; readonly kind: 'kernel' }
  /** Keeps the event loop busy, and so IKE unread, until so many messages more have come. */
  | { readonly id: number; readonly ikeUnread: number }
  | { readonly id: number; readonly method: string; readonly args: readonly unknown[] };
export type Response =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: { name: string; message: string; code: string | undefined } }
  | { readonly event: string; readonly value: unknown };

let plane: DataPlane | undefined;
const send = (message: Response): void => {
  process.send?.(message);
};

const events: DataPlaneEvents = {
  ike: (value) => send({ event: 'ike', value: value.map((d) => ({ ...d, data: Uint8Array.from(d.data) })) }),
  acquire: (value) => send({ event: 'acquire', value }),
  expire: (value) => send({ event: 'expire', value }),
  mapping: (value) => send({ event: 'mapping', value }),
  drop: (value) => send({ event: 'drop', value }),
  failed: (error) => send({ event: 'failed', value: error.message }),
  recovered: () => send({ event: 'recovered', value: undefined }),
};

process.on('message', (request: Request) => {
  const { id } = request;
  try {
    if ('open' in request) {
      plane =
        request.kind === 'kernel'
          ? new KernelDataPlane(events, request.open)
          : new UserspaceDataPlane(events, request.open);
      send({ id, value: undefined });
    } else if ('ikeUnread' in request) {
      const received = () => (plane as UserspaceDataPlane).threadStatistics().ikeReceived;
      const [enough, end] = [received() + BigInt(request.ikeUnread), performance.now() + 20_000];
      send({ id, value: undefined });
      const page = new Int32Array(new SharedArrayBuffer(4));
      while (received() < enough && performance.now() < end) Atomics.wait(page, 0, 0, 5);
    } else {
      const method = plane![request.method as keyof DataPlane] as (...args: readonly unknown[]) => unknown;
      send({ id, value: method.apply(plane, [...request.args]) });
    }
  } catch (error) {
    const { name, message, code } = error as Error & { code?: string };
    send({ id, error: { name, message, code } });
  }
});
process.on('disconnect', () => {
  plane?.close();
});
