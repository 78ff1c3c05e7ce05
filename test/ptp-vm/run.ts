import { TestClock } from '../interop/ptp/clock.ts';
import type { ClockProcessOptions } from '../interop/ptp/clock-process.ts';
import { Ptp4l, type Ptp4lOptions } from '../interop/ptp/linuxptp.ts';
import { until } from '../lab/until.ts';
import { setCards, standardDeviation, standstillMs, type TruthSample, Wire } from './wire.ts';

/** What `npm run lab:ptp -- --json` prints. */
export interface RunRow {
  readonly run: string;
  /** Of the slave; `routeplane x2` has a master of its own kind. */
  readonly implementation: 'routeplane' | 'ptp4l' | 'routeplane x2';
  /** What the slave itself measured. */
  readonly offsetSdNs: number;
  /** What was so. */
  readonly truthSdNs: number;
  readonly truthMaxNs: number;
  /** From its start, or from what disturbed it, until the truth stayed within `lockNs`; -1 if it did not. */
  readonly lockSeconds: number;
}

export interface RunOptions {
  readonly name: string;
  readonly ours?: Omit<ClockProcessOptions, 'ports' | 'clock'>;
  readonly port?: ClockProcessOptions['ports'][number] extends infer P ? Omit<P & object, 'interface'> : never;
  readonly theirs?: Ptp4lOptions;
  /** ptp4l's servo as slave. */
  readonly servo?: 'pi' | 'linreg';
  /** Jitter of the wire, both ways. */
  readonly jitterNs?: number;
  /** Delay into the master and into the slave; default 500 both. */
  readonly delayNs?: readonly [intoMaster: number, intoSlave: number];
  /** How near the truth counts as locked. Default 30. */
  readonly lockNs?: number;
  /** How long it may take to lock, and what of the end is judged. */
  readonly settleSeconds?: number;
  readonly judgeSeconds?: number;
  /** Something that happens when the slaves have settled; then they settle again. */
  readonly disturb?: (wires: readonly Wire[]) => void | Promise<void>;
  /** Put things right again. */
  readonly restore?: () => void;
  /** Which slaves: ours behind ptp4l, ptp4l behind ptp4l, ours behind ours. Default the first two. */
  readonly slaves?: readonly Implementation[];
}

type Implementation = RunRow['implementation'];

export interface RunResult {
  /** Of the first slave, and of all. */
  readonly ours: RunRow;
  readonly rows: readonly RunRow[];
  /** Our slaves. */
  readonly clocks: readonly TestClock[];
  /** The middle of the truth of the first slave. */
  readonly meanNs: number;
  /** The longest time for which the VM or our slave's process stood still. */
  readonly standstillMs: number;
}

/** Of a VM that stands still for longer, and so lets Syncs, stamps and steering be late, a run says little. */
const calmMs = 200;

/** So many runs, until one was calm or did what it has to. */
const attempts = 3;

/** Which cards. */
const pairOf = { routeplane: 0, ptp4l: 1, 'routeplane x2': 2 } as const;

const cards = 10;
const fast = { logSyncInterval: -3, logMinDelayReqInterval: -3, logMinPdelayReqInterval: -3, logAnnounceInterval: -1 };

interface Slave {
  readonly implementation: Implementation;
  readonly wire: Wire;
  /** When its process was ready to begin, s. */
  readonly began: () => number | undefined;
  readonly offsets: () => readonly number[];
  readonly follows: () => boolean;
}

function row(
  run: string,
  slave: Slave,
  samples: readonly TruthSample[],
  disturbed: number | undefined,
  center: number,
  lockNs: number,
  judge: number,
  offsets: readonly number[],
): RunRow {
  const began = disturbed ?? slave.began() ?? 0;
  const off = samples.findLast((s) => Math.abs(s.errorNs - center) > lockNs);
  const end = samples.at(-1)?.at ?? 0;
  const judged = samples.filter((s) => s.at > end - judge).map((s) => s.errorNs - center);
  const round = (n: number) => Math.round(n * 10) / 10;
  return {
    run,
    implementation: slave.implementation,
    offsetSdNs: round(standardDeviation(offsets)),
    truthSdNs: round(standardDeviation(judged)),
    truthMaxNs: Math.max(...judged.map(Math.abs)),
    lockSeconds: off && off.at > end - judge ? -1 : round(Math.max(0, (off?.at ?? began) - began)),
  };
}

/** Runs our slave and ptp4l's beside each other, on wires of the same kind, and prints a row for each. */
export async function run(options: RunOptions): Promise<RunResult> {
  const { name, ours = {}, port = {}, theirs = {}, servo = 'pi', lockNs = 30 } = options;
  const { slaves: wanted = ['routeplane', 'ptp4l'] } = options;
  const { settleSeconds = 25, judgeSeconds = 20, delayNs = [500, 500] } = options;
  setCards('jitter_ns', Array(cards).fill(options.jitterNs ?? 0));
  setCards(
    'delay_ns',
    Array.from({ length: cards }, (_, i) => delayNs[i % 2]!),
  );
  const wires = wanted.map((implementation) => new Wire(pairOf[implementation]));
  const ptp4ls: Ptp4l[] = [];
  const clocks: TestClock[] = [];
  const ptp4l = (wire: Wire, far: boolean): Ptp4l => {
    const peer = new Ptp4l(far ? wire.far : wire.near, [far ? wire.farCard : wire.nearCard], {
      time_stamping: 'hardware',
      clock_servo: servo,
      tx_timestamp_timeout: 100,
      ...fast,
      ...theirs,
      priority1: far ? 200 : 100,
    });
    ptp4ls.push(peer);
    return peer;
  };
  const clock = (wire: Wire, far: boolean): TestClock => {
    const card = far ? wire.farCard : wire.nearCard;
    const own = new TestClock(far ? wire.far : wire.near, {
      ...ours,
      tellLateMs: calmMs,
      clock: 'hardware',
      priority1: far ? 200 : 100,
      ports: [{ ...fast, ...port, interface: card }],
    });
    clocks.push(own);
    return own;
  };
  try {
    for (const [i, implementation] of wanted.entries()) {
      const master = implementation === 'routeplane x2' ? clock(wires[i]!, false) : ptp4l(wires[i]!, false);
      await master.waitState('MASTER', 60_000);
    }
    await Promise.all(wires.map((wire) => wire.reset()));

    const slaves: Slave[] = [];
    const followers: TestClock[] = [];
    for (const [i, implementation] of wanted.entries()) {
      if (implementation === 'ptp4l') continue;
      const own = clock(wires[i]!, true);
      followers.push(own);
      let at: number | undefined;
      slaves.push({
        implementation,
        wire: wires[i]!,
        began: () => {
          at ??= own.events.some((e) => e.name === 'started') ? performance.now() / 1000 : undefined;
          return at;
        },
        offsets: () => own.measurements.map((m) => m.offsetFromMasterNs),
        follows: () => own.state() === 'SLAVE',
      });
    }
    // Node takes its time to start in the VM: the clocks begin together.
    await until(() => slaves.every((s) => s.began() !== undefined), 60_000, 'our slaves run');
    for (const [i, implementation] of wanted.entries()) {
      if (implementation !== 'ptp4l') continue;
      const peer = ptp4l(wires[i]!, true);
      const at = performance.now() / 1000;
      slaves.push({
        implementation,
        wire: wires[i]!,
        began: () => at,
        offsets: () => peer.offsets,
        follows: () => peer.state() === 'SLAVE',
      });
    }

    // A busy machine takes its time: settling begins when there is something to settle.
    const following = () => slaves.every((slave) => slave.follows());
    const settle = () => Promise.all(slaves.map((s) => s.wire.sample(settleSeconds)));
    const starting = await Promise.all(slaves.map((s) => s.wire.sample(60, following)));
    let settling = (await settle()).map((samples, i) => [...starting[i]!, ...samples]);
    let disturbed: number | undefined;
    if (options.disturb) {
      disturbed = performance.now() / 1000;
      await options.disturb(wires);
      settling = await settle();
    }
    const skipped = slaves.map((s) => s.offsets().length);
    const judged = await Promise.all(slaves.map((s) => s.wire.sample(judgeSeconds)));
    const center = (delayNs[0] - delayNs[1]) / 2;
    const rows = slaves.map((slave, i) => {
      const samples = [...settling[i]!, ...judged[i]!];
      return row(name, slave, samples, disturbed, center, lockNs, judgeSeconds, slave.offsets().slice(skipped[i]));
    });
    for (const one of rows) process.stdout.write(`${JSON.stringify(one)}\n`);
    const values = judged[0]!.map((s) => s.errorNs);
    const late = followers.flatMap((own) => own.events.flatMap((e) => (e.name === 'late' ? [e.ms ?? 0] : [])));
    const wholes = slaves.map((_, i) => standstillMs([...settling[i]!, ...judged[i]!]));
    return {
      ours: rows[0]!,
      rows,
      clocks: followers,
      meanNs: values.reduce((a, b) => a + b, 0) / values.length,
      standstillMs: Math.round(Math.max(...wholes, ...late)),
    };
  } catch (error) {
    const logs = [
      ...clocks.map((c) => c.process.output.slice(-1500)),
      ...ptp4ls.map((p) => p.process.output.slice(-800)),
    ];
    (error as Error).message += `\n${logs.join('\n--\n')}`;
    throw error;
  } finally {
    options.restore?.();
    await Promise.all([...clocks.map((c) => c.process.stop('SIGTERM', 5000)), ...ptp4ls.map((p) => p.stop())]);
    for (const wire of wires) await wire.close();
  }
}

/**
 * A run that has to pass `check`. What it claims is of clocks and wires, not of how busy the machine is: a run that fails
 * while the VM stood still is made again, and says so; one that fails on a calm machine has failed.
 */
export async function gate(options: RunOptions, check: (result: RunResult) => void): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const result = await run(options);
    const { standstillMs: ms } = result;
    process.stdout.write(`${JSON.stringify({ gate: options.name, attempt, standstillMs: ms })}\n`);
    try {
      check(result);
      return;
    } catch (error) {
      (error as Error).message += `\nattempt ${attempt}, the VM stood still for up to ${ms} ms`;
      if (ms <= calmMs || attempt === attempts) throw error;
    }
  }
}
