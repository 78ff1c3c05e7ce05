/** A PTP clock in a process of its own: a network namespace is a process's. Options in JSON; events in JSON lines. */
import {
  ManagementServer,
  type ManagementServerOptions,
  PtpDaemon,
  type PtpDaemonOptions,
  type PtpEvent,
} from '#lib/runtime/ptp/index.js';

/** Its one argument. */
export interface ClockProcessOptions extends PtpDaemonOptions {
  readonly manage?: ManagementServerOptions;
  /** Tells when it itself came to its turn late by so much: `late`. */
  readonly tellLateMs?: number;
}

export const clockProcess = import.meta.filename;

const names = [
  'portState',
  'grandmasterChanged',
  'offset',
  'servoState',
  'clockStepped',
  'faulty',
  'holdover',
  'asCapable',
] as const satisfies readonly PtpEvent['name'][];

function print(value: unknown): void {
  const text = JSON.stringify(value, (_, v: unknown) => {
    if (typeof v === 'bigint') return v.toString();
    return v instanceof Map ? Object.fromEntries(v) : v;
  });
  process.stdout.write(`${text}\n`);
}

const beatMs = 50;

function tellLate(limitMs: number): void {
  let last = performance.now();
  setInterval(() => {
    const now = performance.now();
    const ms = now - last - beatMs;
    last = now;
    if (ms > limitMs) print({ name: 'late', ms });
  }, beatMs).unref();
}

function main(): void {
  const { manage, tellLateMs, ...options } = JSON.parse(process.argv[2] ?? '') as ClockProcessOptions;
  const daemon = new PtpDaemon(options);
  for (const name of names) daemon.on(name, (event: PtpEvent) => print(event));
  daemon.start();
  if (tellLateMs !== undefined) tellLate(tellLateMs);
  const server = manage && new ManagementServer(daemon, manage);
  print({ name: 'started', clock: daemon.clock.name, fallback: daemon.fallback });
  // A request for its snapshot; SIGTERM ends it.
  process.on('SIGUSR2', () => print({ name: 'snapshot', snapshot: daemon.snapshot(), tsRefclk: daemon.tsRefclk() }));
  process.on('SIGTERM', () => {
    print({ name: 'snapshot', snapshot: daemon.snapshot(), tsRefclk: daemon.tsRefclk() });
    server?.close();
    daemon.close();
    process.exit(0);
  });
}

if (process.argv[1] === import.meta.filename) main();
