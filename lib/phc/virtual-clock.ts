import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { SystemError, UnsupportedError } from '../errors.ts';

/** Virtual clocks: several times on one hardware clock, each of a domain of its own (Linux 5.13, /sys/class/ptp). */

function directory(index: number): string {
  return `/sys/class/ptp/ptp${index}`;
}

function failed(error: unknown, path: string): Error {
  const { code = '', errno = 0, syscall = '' } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return new UnsupportedError(`virtual clocks (${path})`, '5.13');
  return new SystemError(`${syscall} (${path}): ${code}`, { errno: Math.abs(errno), code, syscall });
}

/** N of each `/dev/ptpN` that runs on the hardware clock of that index. */
export function virtualClocks(index: number): readonly number[] {
  const path = directory(index);
  try {
    return readdirSync(path)
      .flatMap((name) => /^ptp(\d+)$/.exec(name)?.[1] ?? [])
      .map(Number)
      .sort((a, b) => a - b);
  } catch (error) {
    throw failed(error, path);
  }
}

/** How many there can be. */
export function maximumVirtualClocks(index: number): number {
  const path = `${directory(index)}/max_vclocks`;
  try {
    return Number(readFileSync(path, 'utf8'));
  } catch (error) {
    throw failed(error, path);
  }
}

/**
 * Makes that many; while there are any, the hardware clock itself runs free and cannot be set.
 * @returns N of each `/dev/ptpN`
 * @throws UnsupportedError, SystemError (EBUSY: somebody adjusts the clock)
 */
export function setVirtualClocks(index: number, count: number): readonly number[] {
  const path = `${directory(index)}/n_vclocks`;
  try {
    writeFileSync(path, String(count));
  } catch (error) {
    throw failed(error, path);
  }
  return virtualClocks(index);
}
