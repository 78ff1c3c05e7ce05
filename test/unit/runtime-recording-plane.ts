import type {
  DataPlane,
  DataPlaneEvents,
  IpsecStatistics,
  PolicySpec,
  SaKey,
  SaSpec,
  SaState,
} from '#lib/dataplane/index.js';

type Endpoint = { readonly address: string; readonly port: number };

const names = [
  'inErrors',
  'inBufferErrors',
  'inHeaderErrors',
  'inNoStates',
  'inStateProtocolErrors',
  'inStateModeErrors',
  'inStateSequenceErrors',
  'inStateExpired',
  'inStateMismatches',
  'inStateInvalid',
  'inTemplateMismatches',
  'inNoPolicies',
  'inPolicyBlocked',
  'inPolicyErrors',
  'outErrors',
  'outBundleErrors',
  'outBundleCheckErrors',
  'outNoStates',
  'outStateProtocolErrors',
  'outStateModeErrors',
  'outStateSequenceErrors',
  'outStateExpired',
  'outPolicyBlocked',
  'outPolicyDead',
  'outPolicyErrors',
  'outStateInvalid',
] as const;

/** A SAD and an SPD in memory, wired to another one: IKE messages cross, packets do not. */
export class RecordingPlane implements DataPlane {
  readonly kind = 'userspace';
  readonly address: string;
  readonly events: DataPlaneEvents;
  readonly sas = new Map<string, SaSpec>();
  /** Copies of the keys as they came: the daemon wipes its own. */
  readonly keys = new Map<string, { encryption: string; integrity: string }>();
  readonly packets = new Map<string, bigint>();
  policies: readonly PolicySpec[] = [];
  other: RecordingPlane | undefined;
  /** Says which SA to refuse. */
  refuse: (spec: SaSpec) => boolean = () => false;
  /** What becomes of an IKE message on the way. */
  lose: (data: Uint8Array) => boolean = () => false;
  sent = 0;
  closed = false;
  #nextSpi = 0x1000;

  constructor(address: string, events: DataPlaneEvents) {
    this.address = address;
    this.events = events;
  }

  static key({ protocol, spi, dst }: SaKey): string {
    return `${protocol} ${spi} ${dst}`;
  }

  allocateSpi(): number {
    return this.#nextSpi++;
  }

  addSa(spec: SaSpec): void {
    if (this.refuse(spec)) throw new TypeError('encryption: refused');
    const key = RecordingPlane.key(spec);
    if (this.sas.has(key)) throw new TypeError(`spi: ${key} is there already`);
    this.sas.set(key, { ...spec });
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
    this.keys.set(key, { encryption: hex(spec.encryptionKey), integrity: hex(spec.integrityKey) });
  }

  updateSa(key: SaKey, change: Partial<SaSpec>): void {
    const spec = this.sas.get(RecordingPlane.key(key));
    if (spec === undefined) throw new TypeError('no such SA');
    const { udp: _, ...rest } = spec;
    this.sas.delete(RecordingPlane.key(key));
    const moved = { ...rest, ...change };
    this.sas.set(RecordingPlane.key(moved), moved);
  }

  deleteSa(key: SaKey): boolean {
    return this.sas.delete(RecordingPlane.key(key));
  }

  sa(key: SaKey): SaState | undefined {
    if (!this.sas.has(RecordingPlane.key(key))) return undefined;
    const packets = this.packets.get(RecordingPlane.key(key)) ?? 0n;
    return {
      bytes: packets * 100n,
      packets,
      addedAt: Date.now(),
      lastUsedAt: undefined,
      sequence: packets,
      state: 'mature',
      replayErrors: 0n,
      integrityErrors: 0n,
    };
  }

  flushSas(): void {
    this.sas.clear();
  }

  setPolicies(policies: readonly PolicySpec[]): void {
    this.policies = policies;
  }

  statistics(): IpsecStatistics {
    return Object.fromEntries(names.map((name) => [name, 0n])) as unknown as IpsecStatistics;
  }

  sendIke(local: Endpoint, remote: Endpoint, data: Uint8Array): boolean {
    this.sent++;
    const { other } = this;
    if (other === undefined || this.lose(data)) return true;
    const copy = Uint8Array.from(data);
    setImmediate(() => {
      if (!other.closed) other.events.ike([{ local: remote, remote: local, data: copy }]);
    });
    return true;
  }

  close(): void {
    this.closed = true;
    this.sas.clear();
    this.policies = [];
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
