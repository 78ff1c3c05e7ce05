import { execFileSync } from 'node:child_process';
import type { Implementation, Running } from './implementation.ts';
import { iperf, ping, quantile } from './measure.ts';
import { ends, inside } from './network.ts';
import type { Sample } from './rows.ts';

const cases: readonly { readonly name: string; readonly options: readonly string[] }[] = [
  { name: 'TCP, 1 stream', options: [] },
  { name: 'TCP, 8 streams', options: ['-P', '8'] },
  { name: 'UDP, 1 stream', options: ['-u', '-b', '0', '-l', '1300'] },
];

/** Both ways work before anything is measured: the first packets are those of a handshake. */
function reach(): void {
  const [file, ...args] = inside('a', ['ping', '-n', '-c', '1', '-w', '8', ends.right.host]);
  execFileSync(file!, args, { stdio: 'ignore' });
}

async function measured<T>(running: Running, body: () => Promise<T>): Promise<{ value: T; cpuCores: number }> {
  const [cpu, began] = [running.cpuSeconds(), performance.now()];
  const value = await body();
  return { value, cpuCores: (running.cpuSeconds() - cpu) / ((performance.now() - began) / 1000) };
}

/** Host to host through both gateways, one case after the other. */
export async function forward(
  implementation: Implementation,
  seconds: number,
  pings: number,
  barePings: readonly number[] | undefined,
): Promise<{ samples: Sample[]; pings: number[] }> {
  const samples: Sample[] = [];
  const running = await implementation.start();
  const common = { implementation: implementation.name, size: undefined, mpps: undefined } as const;
  try {
    reach();
    let udpStream = 0;
    for (const { name, options } of cases) {
      const { value: gbps, cpuCores } = await measured(running, () => iperf(seconds, options));
      if (name === 'UDP, 1 stream') udpStream = gbps;
      const mpps = options.includes('-u') ? (gbps * 1000) / (1300 * 8) : undefined;
      samples.push({ ...common, case: name, gbps, cpuCores, ...(mpps === undefined ? {} : { mpps }) });
    }
    const quiet = await ping(pings);
    // Half of what this one carries of the same kind: beyond that, all that is measured is a queue that overflows.
    const half = iperf(seconds + 1, ['-u', '-b', `${Math.round((udpStream / 2) * 1e9)}`, '-l', '1300']);
    const busy = await ping(pings);
    await half;
    // A round trip passes both gateways twice; the bare path is that of the same run.
    const added = (times: readonly number[], q: number): number =>
      (quantile(times, q) - (barePings === undefined ? 0 : quantile(barePings, 0.5))) / 2;
    for (const [name, times] of [
      ['latency, idle', quiet],
      ['latency, half load', busy],
    ] as const) {
      const of = (q: number): number => added(times, q);
      const quantiles = { p50Us: of(0.5), p99Us: of(0.99), p999Us: of(0.999) };
      samples.push({ ...common, case: name, gbps: undefined, cpuCores: undefined, ...quantiles });
    }
    return { samples, pings: quiet };
  } finally {
    await running.stop();
  }
}
