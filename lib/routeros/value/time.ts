/** Times as RouterOS writes them: `1w2d3h4m5s600ms`, `1d`, `00:30:00`, `8` (seconds). */
import { ValueError, type ValueType } from '../schema.ts';

const UNITS: readonly (readonly [string, number])[] = [
  ['w', 604_800_000],
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
];
const TERMS =
  /^(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?(?:([0-9]{1,9})h)?(?:([0-9]{1,9})m(?!s))?(?:([0-9]{1,9})(?:s|$))?(?:([0-9]{1,9})ms)?$/;
const CLOCK = /^(?:([0-9]{1,9})w)?(?:([0-9]{1,9})d)?([0-9]{1,4}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,3})[0-9]*)?)?$/;

/** Milliseconds. Throws `ValueError`. */
export function parseTime(text: string): number {
  const clock = CLOCK.exec(text);
  if (clock) {
    const [, w = '0', d = '0', h = '0', m = '0', s = '0', fraction = ''] = clock;
    if (Number(m) > 59 || Number(s) > 59) throw new ValueError('time');
    return sum([w, d, h, m, s, fraction.padEnd(3, '0')]);
  }
  const terms = text === '' ? null : TERMS.exec(text);
  if (!terms) throw new ValueError('time, such as 1d or 8s or 00:30:00');
  return sum(terms.slice(1).map((part) => part ?? '0'));
}

function sum(parts: readonly string[]): number {
  const total = parts.reduce((all, part, i) => all + Number(part) * UNITS[i]![1], 0);
  if (!Number.isSafeInteger(total)) throw new ValueError('time');
  return total;
}

/** `1d`, `30m`, `1h30m`, `0s`. */
export function formatTime(milliseconds: number): string {
  let rest = Math.round(milliseconds);
  let text = '';
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0) text += `${count}${unit}`;
  }
  return text || '0s';
}

export function time(minimum = 0, maximum = Number.MAX_SAFE_INTEGER): ValueType {
  const bounded = minimum > 0 || maximum < Number.MAX_SAFE_INTEGER;
  const most = maximum < Number.MAX_SAFE_INTEGER ? `..${formatTime(maximum)}` : ' or more';
  const label = bounded ? `time ${formatTime(minimum)}${most}` : 'time';
  return {
    label,
    parse(text) {
      const value = parseTime(text);
      if (value < minimum || value > maximum) throw new ValueError(label);
      return formatTime(value);
    },
    compare: (a, b) => milliseconds(a) - milliseconds(b),
  };
}

/** Text that is no time, such as `disable-dpd`, sorts before every time. */
function milliseconds(text: string): number {
  try {
    return parseTime(text);
  } catch {
    return -1;
  }
}
