import type { LabProcess, Namespace } from '../../lab/index.ts';
import { until } from '../../lab/until.ts';
import { type ClockProcessOptions, clockProcess } from './clock-process.ts';

/** What the tests read of an event's or snapshot's JSON. */
export interface ClockEvent {
  readonly name: string;
  readonly port?: number;
  readonly from?: string;
  readonly to?: string;
  readonly reason?: string;
  readonly ms?: number;
  readonly measurement?: {
    readonly offsetFromMasterNs: number;
    readonly meanPathDelayNs: number;
    readonly frequencyPpb: number;
    readonly servoState: string;
  };
  readonly parentDS?: { readonly grandmasterIdentity: string };
  readonly snapshot?: ClockSnapshot;
  readonly tsRefclk?: string;
}

export interface ClockSnapshot {
  readonly clockType: string;
  readonly grandmaster: boolean;
  readonly slavePort: number;
  readonly defaultDS: { readonly clockIdentity: string; readonly domainNumber: number };
  readonly currentDS: { readonly stepsRemoved: number };
  readonly parentDS: { readonly grandmasterIdentity: string; readonly grandmasterPriority1: number };
  readonly ports: readonly { readonly portDS: { readonly portState: string } }[];
  readonly counters: Readonly<Record<string, number>>;
  readonly clock: { readonly name: string; readonly stamping: string };
  readonly statistics: readonly {
    readonly lostTransmitStamps: number;
    readonly unsentMessages: number;
    readonly unstampedMessages: number;
  }[];
}

/** A PTP clock of ours in a namespace. */
export class TestClock {
  readonly process: LabProcess;
  #text = 0;
  readonly #events: ClockEvent[] = [];

  constructor(namespace: Namespace, options: ClockProcessOptions) {
    this.process = namespace.node(clockProcess, [JSON.stringify(options)]);
  }

  /** What it told so far. */
  get events(): readonly ClockEvent[] {
    const whole = this.process.stdout.lastIndexOf('\n') + 1;
    for (const line of this.process.stdout.slice(this.#text, whole).split('\n'))
      if (line) this.#events.push(JSON.parse(line) as ClockEvent);
    this.#text = whole;
    return this.#events;
  }

  /** The state that a port is in now. */
  state(port = 1): string {
    return this.events.findLast((e) => e.name === 'portState' && e.port === port)?.to ?? '';
  }

  async waitState(to: string, timeoutMs = 30_000, port = 1): Promise<void> {
    await until(
      () => this.#alive() && this.state(port) === to,
      timeoutMs,
      () => `port ${port} is ${to}:\n${this.#tail()}`,
    );
  }

  /** Measurements with the servo locked. */
  get measurements(): readonly NonNullable<ClockEvent['measurement']>[] {
    return this.events.flatMap((e) => (e.measurement?.servoState === 'locked' ? [e.measurement] : []));
  }

  async waitMeasurements(count: number, timeoutMs = 30_000): Promise<void> {
    await until(
      () => this.#alive() && this.measurements.length >= count,
      timeoutMs,
      () => `${count} measurements:\n${this.#tail()}`,
    );
  }

  async waitEvent(name: string, timeoutMs = 30_000): Promise<ClockEvent> {
    return until(
      () => (this.#alive() ? this.events.find((e) => e.name === name) : undefined),
      timeoutMs,
      () => `${name}:\n${this.#tail()}`,
    );
  }

  async snapshot(): Promise<ClockSnapshot> {
    const before = this.events.filter((e) => e.name === 'snapshot').length;
    this.process.kill('SIGUSR2');
    const event = await until(() => this.events.filter((e) => e.name === 'snapshot')[before], 10_000, 'a snapshot');
    return event.snapshot!;
  }

  async stop(): Promise<ClockSnapshot> {
    const { code } = await this.process.stop('SIGTERM', 5000);
    const last = this.events.findLast((e) => e.name === 'snapshot')?.snapshot;
    if (code !== 0 || !last) throw new Error(`the clock ended with ${code}:\n${this.process.output.slice(-4000)}`);
    return last;
  }

  #alive(): boolean {
    if (this.process.exit) throw new Error(`the clock ended:\n${this.process.output.slice(-4000)}`);
    return true;
  }

  #tail(): string {
    return this.process.output.slice(-3000);
  }
}
