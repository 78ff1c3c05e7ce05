/** A process that sends what it is told to, and says what it sent. */
import { addon, type TrafficSpec } from '#lib/bench/addon.js';
import { serve } from './child.ts';

await serve(
  (question) => {
    const spec = question as Omit<TrafficSpec, 'sizes'> & { readonly sizes: readonly number[] };
    return addon.traffic({ ...spec, sizes: Uint32Array.from(spec.sizes) });
  },
  () => {},
);
