/** The VM of the lab: tests that want another kernel than the machine's. */
export { type MatrixOptions, runMatrix } from './matrix.ts';
export type { Row } from './row-reporter.ts';
export { Vm, type VmOptions, type VmRunOptions, type VmRunResult, vmPackages, vmUnavailable } from './vm.ts';
export { buildVphc, insertVphc, type VphcParameters } from './vphc.ts';
