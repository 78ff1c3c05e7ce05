/**
 * POSIX extended regular expressions for `~`, matched without backtracking: time grows with pattern times text, so no pattern can stop the
 * router. Groups only group.
 */

type Node =
  | { readonly kind: 'char'; readonly test: (char: string) => boolean }
  | { readonly kind: 'start' | 'end' | 'empty' }
  | { readonly kind: 'sequence' | 'choice'; readonly nodes: readonly Node[] }
  | { readonly kind: 'repeat'; readonly node: Node; readonly minimum: number; readonly maximum: number };

/** A step of the machine; `next` lists what follows without consuming. */
type State =
  | { kind: 'char'; test: (char: string) => boolean; next: number }
  | { kind: 'start' | 'end'; next: number }
  | { kind: 'split'; next: number; other: number }
  | { kind: 'match' };

const MAXIMUM_STATES = 1024;

/** Repetitions of what is empty add no state, and could be repeated without end. */
const MAXIMUM_STEPS = 65_536;

/** Throws `SyntaxError`. */
export function compileRegexp(pattern: string): (text: string) => boolean {
  const states: State[] = [];
  const add = (state: State): number => {
    if (states.length >= MAXIMUM_STATES) throw new SyntaxError('regular expression too large');
    return states.push(state) - 1;
  };
  // Built from the end: each piece is told what follows it.
  let steps = 0;
  const build = (node: Node, next: number): number => {
    if (++steps > MAXIMUM_STEPS) throw new SyntaxError('regular expression too large');
    switch (node.kind) {
      case 'empty':
        return next;
      case 'char':
        return add({ kind: 'char', test: node.test, next });
      case 'start':
      case 'end':
        return add({ kind: node.kind, next });
      case 'sequence':
        return node.nodes.reduceRight((after, part) => build(part, after), next);
      case 'choice':
        return node.nodes
          .map((part) => build(part, next))
          .reduce((other, first) => add({ kind: 'split', next: first, other }));
      case 'repeat': {
        let after = next;
        if (node.maximum === Number.POSITIVE_INFINITY) {
          const loop = add({ kind: 'split', next: 0, other: next }) as number;
          (states[loop] as { next: number }).next = build(node.node, loop);
          after = loop;
        } else
          for (let i = node.minimum; i < node.maximum; i++)
            after = add({ kind: 'split', next: build(node.node, after), other: next });
        for (let i = 0; i < node.minimum; i++) after = build(node.node, after);
        return after;
      }
    }
  };
  const entry = build(parse(pattern), add({ kind: 'match' }));
  return (text) => run(states, entry, text);
}

function run(states: readonly State[], entry: number, text: string): boolean {
  let current = new Set<number>();
  for (let at = 0; ; at++) {
    // Unanchored: a match may begin anywhere.
    const stack = [...current, entry];
    const seen = new Set<number>();
    while (stack.length > 0) {
      const index = stack.pop()!;
      if (seen.has(index)) continue;
      seen.add(index);
      const state = states[index]!;
      if (state.kind === 'match') return true;
      if (state.kind === 'split') stack.push(state.next, state.other);
      else if ((state.kind === 'start' && at === 0) || (state.kind === 'end' && at === text.length))
        stack.push(state.next);
    }
    if (at >= text.length) return false;
    const char = text.charAt(at);
    current = new Set();
    for (const index of seen) {
      const state = states[index]!;
      if (state.kind === 'char' && state.test(char)) current.add(state.next);
    }
  }
}

function parse(pattern: string): Node {
  let at = 0;
  const fail = (what: string): never => {
    throw new SyntaxError(`regular expression: ${what}`);
  };
  const choice = (depth: number): Node => {
    if (depth > 32) fail('too many brackets');
    const nodes = [sequence(depth)];
    while (pattern.charAt(at) === '|') {
      at++;
      nodes.push(sequence(depth));
    }
    return nodes.length === 1 ? nodes[0]! : { kind: 'choice', nodes };
  };
  const sequence = (depth: number): Node => {
    const nodes: Node[] = [];
    while (at < pattern.length && pattern.charAt(at) !== '|' && pattern.charAt(at) !== ')') nodes.push(repeated(depth));
    return nodes.length === 0 ? { kind: 'empty' } : { kind: 'sequence', nodes };
  };
  const repeated = (depth: number): Node => {
    let node = atom(depth);
    for (let count = 0; ; count++) {
      if (count > 8) fail('too many repetitions');
      const char = pattern.charAt(at);
      const range = /^\{(\d{1,3})(,(\d{0,3}))?\}/.exec(pattern.slice(at, at + 10));
      let [minimum, maximum] = [0, Number.POSITIVE_INFINITY];
      if (char === '*') at++;
      else if (char === '+') {
        at++;
        minimum = 1;
      } else if (char === '?') {
        at++;
        maximum = 1;
      } else if (range) {
        at += range[0].length;
        minimum = Number(range[1]);
        maximum = range[2] === undefined ? minimum : range[3] === '' ? maximum : Number(range[3]);
        if (minimum > maximum) fail('{} out of order');
      } else return node;
      node = { kind: 'repeat', node, minimum, maximum };
    }
  };
  const atom = (depth: number): Node => {
    const char = pattern.charAt(at++);
    if (char === '(') {
      const node = choice(depth + 1);
      if (pattern.charAt(at++) !== ')') fail('"(" without ")"');
      return node;
    }
    if (char === '.') return { kind: 'char', test: () => true };
    if (char === '^') return { kind: 'start' };
    if (char === '$') return { kind: 'end' };
    if (char === '[') return { kind: 'char', test: bracket() };
    if ('*+?'.includes(char)) fail(`nothing to repeat before "${char}"`);
    if (char === '\\' && at >= pattern.length) fail('"\\" at the end');
    const literal = char === '\\' ? pattern.charAt(at++) : char;
    return { kind: 'char', test: (c) => c === literal };
  };
  const bracket = (): ((char: string) => boolean) => {
    const negated = pattern.charAt(at) === '^';
    if (negated) at++;
    const ranges: [string, string][] = [];
    for (let first = true; first || pattern.charAt(at) !== ']'; first = false) {
      if (at >= pattern.length) fail('"[" without "]"');
      const low = pattern.charAt(at++);
      if (pattern.charAt(at) === '-' && at + 1 < pattern.length && pattern.charAt(at + 1) !== ']') {
        ranges.push([low, pattern.charAt(at + 1)]);
        at += 2;
      } else ranges.push([low, low]);
    }
    at++;
    return (char) => ranges.some(([low, high]) => char >= low && char <= high) !== negated;
  };
  const node = choice(0);
  if (at < pattern.length) fail('")" without "("');
  return node;
}
