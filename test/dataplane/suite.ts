import { after, before, describe } from 'node:test';
import type { PlaneKind } from '../interop/dataplane/gateway.ts';
import { PlanePair } from './plane-pair.ts';
import { policyCases } from './policy-cases.ts';
import { saCases } from './sa-cases.ts';
import { trafficCases } from './traffic-cases.ts';

/** What every data plane has to do, whoever seals the packets: two of a kind, with a host behind each. */
export function dataPlaneSuite(kind: PlaneKind, options: { readonly skip?: string | false } = {}): void {
  describe(`${kind} data plane`, { skip: options.skip ?? false, timeout: 600_000 }, () => {
    let pair: PlanePair;
    before(async () => {
      pair = await PlanePair.open(kind);
    });
    after(() => pair?.close());
    for (const cases of [trafficCases, policyCases, saCases]) cases(`${kind} data plane`, () => pair);
  });
}
