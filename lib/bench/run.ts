import { Bench } from 'tinybench';
import { UnsupportedError } from '../errors.ts';
import { nativeError } from '../native.ts';
import { addon } from './addon.ts';
import { type Case, casesOf, keyOf, type Selection } from './cases.ts';
import { machineOf } from './machine.ts';
import { NodeCrypto } from './node-crypto.ts';
import { NoiseWatch } from './noise.ts';
import { packetBytes, textBytes } from './packets.ts';
import { peerLibrary, probePeers } from './peers.ts';
import { type Failure, type Report, rowOf, type Turn } from './report.ts';
import { type Effort, nextRound } from './schedule.ts';
import { quantile, sorted } from './statistics.ts';
import { isAvailable } from './suites.ts';

export interface RunOptions {
  readonly selection: Selection;
  readonly effort: Effort;
  /** How many seconds it may still take, and what was measured last. */
  readonly progress?: (secondsLeft: number, what: string) => void;
}

/** Quantiles of one turn of a case. `verify`: compare the bytes first. */
export function measureTurn(c: Case, budgetNs: number, verify: boolean): Turn {
  const { suite, size } = c;
  const packets = packetBytes(size);
  let perPacket: Float64Array;
  if (c.implementation === 'node-crypto') {
    perPacket = new NodeCrypto(suite, size, c.direction).run(budgetNs);
  } else {
    try {
      const lots = addon.measure({
        engine: c.implementation,
        library: peerLibrary(),
        encryption: suite.encryption,
        encryptionKeyBytes: suite.encryptionKeyBytes,
        icvBytes: 16,
        integrity: suite.integrity,
        integrityKeyBytes: suite.integrityKeyBytes,
        open: c.direction === 'decrypt',
        verify,
        sas: c.tunnels,
        batch: c.batch,
        budgetNs,
        textBytes: Uint32Array.from(packets, (bytes) => textBytes(bytes, suite.padBytes)),
      });
      perPacket = lots.map((ns) => ns / packets.length);
    } catch (error) {
      throw nativeError(error);
    }
  }
  const ascending = sorted(perPacket);
  return { p50: quantile(ascending, 0.5), p99: quantile(ascending, 0.99), lots: ascending.length };
}

/**
 * Measures every case in turns, round after round over all that are not steady yet, so that what disturbs the machine
 * disturbs all alike. Cases that an implementation does not have are left out; those whose bytes are wrong are in
 * `failures`.
 */
export async function run({ selection, effort, progress }: RunOptions): Promise<Report> {
  const budgetNs = Math.max(1, Math.round(effort.turnSeconds * 1e9));
  const unavailable = selection.suites.filter((suite) => !isAvailable(suite));
  const suites = selection.suites.filter((suite) => !unavailable.includes(suite));
  const turns = new Map<Case, Turn[]>(casesOf({ ...selection, suites }).map((c) => [c, []]));
  const failures = new Map<string, Failure>();
  const watch = new NoiseWatch();
  const began = performance.now();
  const elapsed = (): number => (performance.now() - began) / 1000;

  let made = 0;
  const perTurn = (): number => elapsed() / Math.max(1, made);
  const timeLeft = (): number => Math.max(0, (effort.maximumSeconds ?? Number.POSITIVE_INFINITY) - elapsed());
  for (let round = 0; ; round++) {
    const turnsLeft = round === 0 ? Number.POSITIVE_INFINITY : timeLeft() / perTurn();
    const cases = nextRound(turns, round, effort, turnsLeft);
    if (cases.length === 0) break;
    // The times are those of the C++ loop; tinybench runs the cases and keeps what they say.
    const bench = new Bench({ iterations: 1, time: 0, warmup: false });
    for (const c of cases) {
      const turn = () => {
        // The machine has become busier than it was when this round began.
        if (round > 0 && timeLeft() === 0) return;
        const measured = measureTurn(c, budgetNs, round === 0);
        turns.get(c)!.push(measured);
        return { overriddenDuration: measured.p50 / 1e6 };
      };
      // Without a word tinybench calls it once more, to see whether it gives a promise.
      bench.add(keyOf({ ...c, suite: c.suite.name }), turn, { async: false });
    }
    let done = 0;
    bench.addEventListener('cycle', ({ task }) => {
      made++;
      done++;
      const most = cases.length - done + turns.size * (effort.maximumTurns - 1 - round);
      progress?.(Math.min(most * perTurn(), timeLeft()), task?.name ?? '');
    });
    const tasks = await bench.run();
    for (const [i, c] of cases.entries()) {
      const result = tasks[i]!.result;
      if (result.state !== 'errored') continue;
      turns.delete(c);
      if (result.error instanceof UnsupportedError) continue;
      const failure = { suite: c.suite.name, implementation: c.implementation, reason: result.error.message };
      failures.set(`${failure.suite} ${failure.implementation}`, failure);
    }
    watch.sample();
  }
  const machine = machineOf(watch);
  const rows = [...turns].map(([c, seen]) => rowOf(c, seen, machine.coreGhz));
  return {
    version: 1,
    machine,
    peers: probePeers(),
    rows,
    unavailable: unavailable.map(({ name }) => name),
    failures: [...failures.values()],
    turnSeconds: Number(effort.turnSeconds.toPrecision(3)),
    rounds: Math.max(0, ...rows.map((row) => row.turns)),
    seconds: Number(elapsed().toFixed(1)),
  };
}
