import { nearest, suggestion } from '../routeros/nearest.ts';
import { casesOf, type Direction, directions, type Selection } from './cases.ts';
import { lotPackets, maximumSize, minimumSize, type Size, sizes } from './packets.ts';
import { type Effort, steadyTurns } from './schedule.ts';
import { type BenchSuite, suites } from './suites.ts';

/** What the command line asks for is not possible; the message names the option and the nearest valid value. */
export class BenchOptionError extends Error {}

/** A report's form and where it goes; '' is standard output. */
export interface Output {
  readonly form: 'json' | 'markdown' | 'html';
  readonly file: string;
}

export interface BenchOptions {
  readonly command: 'run' | 'list' | 'help' | 'compare';
  readonly selection: Selection;
  readonly effort: Effort;
  readonly mikrotik: boolean;
  readonly outputs: readonly Output[];
  /** Rows of `bench:dataplane --json`, for the HTML report. */
  readonly dataPlane?: string;
  /** Two reports, of `--compare`. */
  readonly files: readonly string[];
}

/** What there is on this machine. */
export interface Available {
  readonly implementations: readonly string[];
  readonly inUse: string;
  readonly peers: readonly string[];
}

type Kind = 'flag' | 'value' | 'optional';
const known: Readonly<Record<string, Kind>> = {
  cipher: 'value',
  size: 'value',
  implementation: 'value',
  direction: 'value',
  peer: 'value',
  batch: 'value',
  minutes: 'value',
  'seconds-per-case': 'value',
  quick: 'flag',
  mikrotik: 'flag',
  json: 'optional',
  markdown: 'optional',
  html: 'optional',
  'data-plane': 'value',
  compare: 'flag',
  list: 'flag',
  help: 'flag',
};

interface Raw {
  readonly values: ReadonlyMap<string, string>;
  readonly positionals: readonly string[];
}

function tokens(args: readonly string[]): Raw {
  const values = new Map<string, string>();
  const positionals: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const match = /^--([^=]+)(?:=(.*))?$/s.exec(arg === '-h' ? '--help' : arg);
    if (match === null) {
      if (arg.startsWith('-')) throw new BenchOptionError(`no option ${arg}; --help lists them`);
      positionals.push(arg);
      continue;
    }
    const name = match[1]!;
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined) {
      const like = nearest(name, Object.keys(known));
      throw new BenchOptionError(`no option --${name}${suggestion(like && `--${like}`) || '; --help lists them'}`);
    }
    if (values.has(name)) throw new BenchOptionError(`--${name} is given twice; separate values by commas`);
    let value = match[2];
    if (kind === 'flag' && value !== undefined) throw new BenchOptionError(`--${name} takes no value, got "${value}"`);
    if (kind === 'value' && value === undefined) {
      const next = args[i + 1];
      if (next !== undefined && !next.startsWith('--')) value = args[++i];
    }
    if (kind === 'value' && (value === undefined || value === ''))
      throw new BenchOptionError(`--${name} wants a value: --${name}=...`);
    values.set(name, value ?? '');
  }
  return { values, positionals };
}

function refuse(option: string, word: string, valid: readonly string[], what = 'one of'): never {
  const list = valid.length > 12 ? '--list shows them' : `${what} ${valid.join(', ')}`;
  const hint = suggestion(nearest(word, valid));
  throw new BenchOptionError(`--${option}=${word}: ${hint === '' ? list : `no such value${hint}`}`);
}

function words(raw: Raw, option: string): string[] | undefined {
  const list = raw.values.get(option)?.split(',');
  if (list?.includes('')) throw new BenchOptionError(`--${option}: a value between the commas is empty`);
  return list && [...new Set(list.map((word) => word.trim()))];
}

/** Full names choose one suite, a cipher's name all that have it. */
function chosenSuites(list: readonly string[]): BenchSuite[] {
  return list.flatMap((word) => {
    const found = suites.filter(({ name, cipher }) => name === word || cipher === word);
    return found.length > 0 ? found : refuse('cipher', word, [...new Set(suites.flatMap((s) => [s.name, s.cipher]))]);
  });
}

function chosenSizes(list: readonly string[]): Size[] {
  return list.map((word) => {
    if (word === 'imix') return word;
    const size = Number(word);
    if (/^\d+$/.test(word) && size >= minimumSize && size <= maximumSize) return size;
    if (!/^\d+$/.test(word))
      return refuse('size', word, sizes.map(String), `bytes of ${minimumSize}..${maximumSize}, or`);
    throw new BenchOptionError(
      `--size=${word}: the nearest that can be is ${size < minimumSize ? minimumSize : maximumSize}`,
    );
  });
}

function chosenImplementations(list: readonly string[], available: Available): string[] {
  return list.map((word) => {
    const full = word.startsWith('routeplane:') ? word : `routeplane:${word}`;
    if (available.implementations.includes(full)) return full;
    const short = available.implementations.map((name) => name.slice('routeplane:'.length));
    return refuse('implementation', word, short, 'this machine has');
  });
}

function oneOf<T extends string>(option: string, list: readonly string[], valid: readonly T[]): T[] {
  return list.map((word) => valid.find((name) => name === word) ?? refuse(option, word, valid));
}

function outputsOf(raw: Raw): Output[] {
  const outputs = (['json', 'markdown', 'html'] as const)
    .filter((form) => raw.values.has(form))
    .map((form) => ({ form, file: raw.values.get(form)! }));
  const standard = outputs.filter(({ file }) => file === '');
  if (standard.length > 1) {
    const [a, b] = standard as [Output, Output];
    throw new BenchOptionError(`--${a.form} and --${b.form} cannot both go to standard output: --${b.form}=FILE`);
  }
  return outputs;
}

function chosenBatches(list: readonly string[]): number[] {
  return list.map((word) => {
    if (/^\d+$/.test(word) && Number(word) >= 1 && Number(word) <= lotPackets) return Number(word);
    throw new BenchOptionError(`--batch=${word}: packets, 1 to ${lotPackets}`);
  });
}

/** A number of `raw` that is more than 0, at most `maximum`. */
function numberOf(raw: Raw, option: string, maximum: number): number | undefined {
  const text = raw.values.get(option);
  if (text === undefined) return undefined;
  if (Number(text) > 0 && Number(text) <= maximum) return Number(text);
  throw new BenchOptionError(`--${option}=${text}: more than 0, at most ${maximum}`);
}

/** Turns of this length are long enough for any cipher; of many cases each gets its share of the time. */
const longestTurn = 0.05;
const shareOfTurns = 0.3;
const quickMinutes = 50 / 60;
const defaultMinutes = 9.5;

/** Without a word about it: until the figures are steady, in ten minutes at most. */
function effortOf(raw: Raw, selection: Selection, quick: boolean): Effort {
  const minutes = numberOf(raw, 'minutes', 10_000);
  const perCase = numberOf(raw, 'seconds-per-case', 60);
  if (perCase !== undefined) {
    const maximumTurns = Math.max(7, Math.round(perCase / longestTurn));
    const most = minutes ?? (quick ? quickMinutes : undefined);
    const limit = most === undefined ? {} : { maximumSeconds: most * 60 };
    return { turnSeconds: perCase / maximumTurns, maximumTurns, untilSteady: false, ...limit };
  }
  const maximumSeconds = 60 * (minutes ?? (quick ? quickMinutes : defaultMinutes));
  const share = (shareOfTurns * maximumSeconds) / (casesOf(selection).length * steadyTurns);
  const turnSeconds = Math.min(longestTurn, Math.max(0.001, share));
  return { turnSeconds, maximumTurns: 7, untilSteady: true, maximumSeconds };
}

const unique = <T>(list: readonly T[]): T[] => [...new Set(list)];

/** MikroTik's product pages: these suites, sizes and numbers of tunnels. */
const mikrotikSuites = [
  'aes-128-cbc+sha1',
  'aes-256-cbc+sha1',
  'aes-128-cbc+sha256',
  'aes-256-cbc+sha256',
  'aes-128-gcm',
  'aes-256-gcm',
];

/** Throws `BenchOptionError`. */
export function parseOptions(args: readonly string[], available: Available): BenchOptions {
  const raw = tokens(args);
  const has = (name: string): boolean => raw.values.has(name);
  const command = has('help') ? 'help' : has('list') ? 'list' : has('compare') ? 'compare' : 'run';
  if (command === 'compare' && raw.positionals.length !== 2)
    throw new BenchOptionError(`--compare wants two files of --json, got ${raw.positionals.length}`);
  if (command !== 'compare' && raw.positionals.length > 0)
    throw new BenchOptionError(`what is ${raw.positionals[0]}? Options begin with --; --help lists them`);

  const quick = has('quick');
  const mikrotik = has('mikrotik');
  const ciphers = words(raw, 'cipher') ?? (mikrotik ? mikrotikSuites : undefined);
  const peers = words(raw, 'peer') ?? [...available.peers];
  const ours = words(raw, 'implementation');
  const batches = words(raw, 'batch');
  const directionWords = words(raw, 'direction') ?? (mikrotik ? ['encrypt'] : [...directions]);
  const selection: Selection = {
    suites: unique(ciphers === undefined ? suites.filter(({ main }) => main || !quick) : chosenSuites(ciphers)),
    sizes: unique(
      chosenSizes(
        words(raw, 'size') ?? (mikrotik ? ['1400', '512', '64'] : quick ? ['64', '1400', 'imix'] : sizes.map(String)),
      ),
    ),
    directions: unique(oneOf<Direction>('direction', directionWords, directions)),
    implementations: unique([
      ...(ours !== undefined
        ? chosenImplementations(ours, available)
        : quick || mikrotik
          ? [available.inUse]
          : available.implementations),
      ...(mikrotik && !has('peer') ? [] : peers.includes('none') ? [] : oneOf('peer', peers, available.peers)),
    ]),
    tunnels: mikrotik ? [1, 256] : [1],
    batches: batches === undefined ? [0] : unique(chosenBatches(batches)),
  };
  const outputs = outputsOf(raw);
  const dataPlane = raw.values.get('data-plane');
  const files = raw.positionals;
  const base = { command, selection, mikrotik, outputs, files } as const;
  return { ...base, effort: effortOf(raw, selection, quick), ...(dataPlane !== undefined && { dataPlane }) };
}
