/**
 * `npm run lab:ptp`: PTP over network cards whose clocks and wire are known exactly, in the VM. Without `--all` only the
 * runs that gate every change.
 */

import { linuxptpPackages } from '../interop/ptp/linuxptp.ts';
import { networkPackages, requirePackages } from '../lab/index.ts';
import { runMatrix } from '../lab/vm/index.ts';

const args = process.argv.slice(2);
const all = args.includes('--all');
const others = args.filter((arg) => arg !== '--all');

process.exitCode = await runMatrix(
  {
    folder: import.meta.dirname,
    // One file at a time: they share the cards.
    concurrency: 1,
    timeoutMs: 3_600_000,
    vphc: {
      pairs: 6,
      // The far clock of each wire gains 12 ppm and starts 2 ms ahead.
      drift_ppb: [0, 12_000, 0, 12_000, 0, 12_000, 0, 12_000, 0, -9000, 0, 12_000],
      start_ns: [0, 2_000_000, 0, 2_000_000, 0, 2_000_000, 0, 2_000_000, 0, -700_000, 0, 2_000_000],
      delay_ns: Array.from({ length: 12 }, () => 500),
      quant_ns: Array.from({ length: 12 }, () => 8),
      jitter_ns: Array.from({ length: 12 }, () => 0),
      // vphc7 and vphc8 are one box of one clock, between vphc6 and vphc9.
      phc_of: [-1, -1, -1, -1, -1, -1, -1, -1, 7, -1, -1, -1],
    },
    prepare: () => requirePackages([...networkPackages, ...linuxptpPackages, 'ethtool']),
  },
  all || others.some((arg) => arg.startsWith('--only=')) ? others : [...others, '--only=gate-'],
);
