import { fileURLToPath } from 'node:url';
import { Child } from './child.ts';
import type { GatewaySpec } from './gateway.ts';
import { cpuSecondsOf, type Implementation } from './implementation.ts';
import { inside, type Side } from './network.ts';
import type { Suite } from './suites.ts';

export const script = (name: string): string => fileURLToPath(new URL(`${name}.js`, import.meta.url));

export const startGateway = (spec: GatewaySpec, core?: number): Promise<Child> =>
  Child.start(inside(spec.side, [process.execPath, script('gateway'), JSON.stringify(spec)], core));

/** Two gateways with one SA each way. */
export function routeplane(name: string, suite: Suite, udp: boolean, threads = 1): Implementation {
  return {
    name,
    absent: () => undefined,
    start: async () => {
      const spec = { suite, udp, policies: 1, sas: 1, options: { threads } };
      const both = await Promise.all((['left', 'right'] as const).map((side: Side) => startGateway({ ...spec, side })));
      return {
        cpuSeconds: () => both.reduce((sum, { pid }) => sum + cpuSecondsOf(pid), 0),
        stop: async () => {
          for (const one of both) await one.stop();
        },
      };
    },
  };
}
