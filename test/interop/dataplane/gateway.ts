import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type {
  AcquireEvent,
  DataPlane,
  DropEvent,
  ExpireEvent,
  IkeDatagram,
  IpsecStatistics,
  KernelOptions,
  MappingEvent,
  SaKey,
  SaState,
  ThreadStatistics,
  UserspaceOptions,
  XdpState,
} from '#lib/dataplane/index.js';
import type { Namespace } from '../../lab/index.ts';
import { onProcessEnd, until } from '../../lab/index.ts';
import type { Response } from './gateway-process.ts';

export type PlaneKind = DataPlane['kind'];
type Methods = Pick<
  Required<DataPlane>,
  'addSa' | 'updateSa' | 'deleteSa' | 'flushSas' | 'setPolicies' | 'sendIke' | 'allocateSpi' | 'close' | 'detach'
>;
type Arguments<M extends keyof Methods> = Parameters<Methods[M]>;

/** A data plane in a namespace, in a process of its own. */
export class Gateway {
  readonly ike: IkeDatagram[] = [];
  readonly acquires: AcquireEvent[] = [];
  readonly expires: ExpireEvent[] = [];
  readonly mappings: MappingEvent[] = [];
  readonly drops: DropEvent[] = [];
  readonly failures: string[] = [];
  readonly recoveries: undefined[] = [];
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  readonly #release: () => void;
  #next = 0;

  static async open(
    namespace: Namespace,
    options: UserspaceOptions | KernelOptions = {},
    kind: PlaneKind = 'userspace',
  ): Promise<Gateway> {
    const gateway = new Gateway(namespace);
    try {
      await gateway.#ask({ open: options, kind });
    } catch (error) {
      await gateway.stop();
      throw error;
    }
    return gateway;
  }

  private constructor(namespace: Namespace) {
    const script = fileURLToPath(new URL('./gateway-process.js', import.meta.url));
    this.#child = spawn('ip', ['netns', 'exec', namespace.name, process.execPath, script], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      serialization: 'advanced',
    });
    this.#release = onProcessEnd(() => this.#child.kill('SIGKILL'));
    this.#child.on('message', (message: Response) => this.#receive(message));
    this.#child.on('exit', (code, signal) => {
      const error = new Error(`gateway process ended: ${code ?? signal}`);
      for (const { reject } of this.#waiting.values()) reject(error);
      this.#waiting.clear();
    });
  }

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  call<M extends keyof Methods>(method: M, ...args: Arguments<M>): Promise<ReturnType<Methods[M]>> {
    return this.#ask({ method, args }) as Promise<ReturnType<Methods[M]>>;
  }

  statistics(): Promise<IpsecStatistics> {
    return this.#ask({ method: 'statistics', args: [] }) as Promise<IpsecStatistics>;
  }

  threadStatistics(): Promise<ThreadStatistics> {
    return this.#ask({ method: 'threadStatistics', args: [] }) as Promise<ThreadStatistics>;
  }

  xdp(): Promise<readonly XdpState[]> {
    return this.#ask({ method: 'xdpStates', args: [] }) as Promise<readonly XdpState[]>;
  }

  sa(spi: number, dst: string, protocol: SaKey['protocol'] = 'esp'): Promise<SaState | undefined> {
    return this.#ask({ method: 'sa', args: [{ spi, dst, protocol }] }) as Promise<SaState | undefined>;
  }

  /** What it told so far is forgotten. */
  forget(): void {
    for (const list of [this.ike, this.acquires, this.expires, this.mappings, this.drops]) list.length = 0;
  }

  /** Waits until one of the 26 counters has grown by `by` over what `before` says. */
  async counted(counter: keyof IpsecStatistics, before: IpsecStatistics, by = 1n): Promise<void> {
    let now = before;
    await until(
      async () => {
        now = await this.statistics();
        return now[counter] >= before[counter] + by;
      },
      20_000,
      () => `${counter} to grow by ${by}; changed: ${JSON.stringify(changed(before, now))}`,
    );
  }

  /** From now on it reads no IKE until `ikeUnread` messages more have come. */
  async block(ikeUnread: number): Promise<void> {
    await this.#ask({ ikeUnread });
  }

  /** SIGKILL, as a crash. */
  async crash(): Promise<void> {
    this.#child.kill('SIGKILL');
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    this.#release();
  }

  /** Closes the data plane and ends the process. */
  async stop(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    if (this.#child.exitCode === null && this.#child.signalCode === null) await once(this.#child, 'exit');
    this.#release();
  }

  #ask(request: object): Promise<unknown> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, ...request }, (error) => {
        if (error !== null) reject(error);
      });
    });
  }

  #receive(message: Response): void {
    if ('event' in message) {
      const lists: Record<string, unknown[]> = {
        acquire: this.acquires,
        expire: this.expires,
        mapping: this.mappings,
        drop: this.drops,
        failed: this.failures,
        recovered: this.recoveries,
      };
      if (message.event === 'ike') this.ike.push(...(message.value as IkeDatagram[]));
      else lists[message.event]!.push(message.value);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('error' in message) {
      const { name, message: text, code } = message.error;
      waiting?.reject(Object.assign(new Error(text), { name, code }));
    } else {
      waiting?.resolve(message.value);
    }
  }
}

/** The counters that differ. */
export function changed(before: IpsecStatistics, after: IpsecStatistics): Record<string, string> {
  const differences: Record<string, string> = {};
  for (const [name, value] of Object.entries(after) as [keyof IpsecStatistics, bigint][])
    if (value !== before[name]) differences[name] = `+${value - before[name]}`;
  return differences;
}
