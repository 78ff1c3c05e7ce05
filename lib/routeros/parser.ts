/** Text to statements. Menus, commands and arguments may be shortened to a unique beginning. */
import { settable } from './check.ts';
import { type CommandSpec, commandsOf } from './commands.ts';
import { parseExpression } from './expression.ts';
import type { Cursor } from './lexer.ts';
import { nearest, suggestion } from './nearest.ts';
import type { CommandStatement, Statement, ValueSyntax } from './syntax.ts';
import type { MenuNode } from './tree.ts';
import { parseValue } from './value-syntax.ts';

/** Brackets in brackets; far above what anybody writes, far below what would exhaust the stack. */
export const MAXIMUM_DEPTH = 32;

const SCRIPTING =
  'beep convert delay do environment error execute find for foreach global grep if jobname len local nothing onerror parse pick ping quit range resolve retry return rndnum rndstr serialize deserialize set terminal time timestamp toarray tobool tohex toid toip toip6 tonsec tonum tostr totime typeof while'.split(
    ' ',
  );

/** Commands of the root that RouterOS has and this version does not. */
const COMMANDS = 'beep blink delay do environment execute import password ping quit redo setup undo'.split(' ');

/** What is said of a menu that is known and not there. */
export function unsupported(node: MenuNode): string {
  return `menu ${node.path} is not supported yet`;
}

export interface Scope {
  readonly root: MenuNode;
  /** The menu that commands without a path are in. */
  readonly here: MenuNode;
  /** The bracket that ends it, or empty. */
  readonly closer: string;
  readonly depth: number;
}

/** The next statement, or undefined at the end (of the text, or at the closing bracket). */
export function parseStatement(cursor: Cursor, scope: Scope): Statement | undefined {
  cursor.skipSeparators();
  if (cursor.done || (scope.closer !== '' && cursor.char === scope.closer)) return undefined;
  if (scope.depth > MAXIMUM_DEPTH) cursor.fail('too many brackets in brackets', cursor.offset);
  const { char } = cursor;
  if (char === ':') return parseGlobal(cursor, scope);
  if (char === '{') cursor.fail('a block of commands in braces is not supported yet', cursor.offset);
  if (char === '$' || char === '(' || char === '[')
    cursor.fail(`a command cannot begin with "${char}"; scripting is not supported yet`, cursor.offset);
  return parseCommand(cursor, scope);
}

function parseGlobal(cursor: Cursor, scope: Scope): Statement {
  const offset = cursor.offset++;
  const name = cursor.take(/[A-Za-z0-9-]/);
  if (name === 'put') {
    cursor.skipBlanks();
    if (cursor.atEnd(scope.closer)) cursor.fail(':put needs a value', offset);
    const value = parseValue(cursor, scope);
    expectEnd(cursor, scope);
    return { kind: 'put', offset, value };
  }
  if (name === 'log') return parsePath(cursor, scope, scope.root.children.get('log') ?? scope.root, offset);
  if (SCRIPTING.includes(name)) cursor.fail(`scripting command :${name} is not supported yet`, offset);
  const near = nearest(name, ['put', 'log', ...SCRIPTING]);
  cursor.fail(`unknown command ":${name}"${suggestion(near && `:${near}`)}`, offset, '', '', near && `:${near}`);
}

function parseCommand(cursor: Cursor, scope: Scope): Statement {
  const offset = cursor.offset;
  if (cursor.char !== '/') return parsePath(cursor, scope, scope.here, offset);
  cursor.offset++;
  return parsePath(cursor, scope, scope.root, offset);
}

/** Menu words, then a command, from `node` on. */
function parsePath(cursor: Cursor, scope: Scope, from: MenuNode, offset: number): Statement {
  let node = from;
  let start = offset;
  let menuStart = offset;
  for (;;) {
    cursor.skipBlanks();
    if (cursor.atEnd(scope.closer)) return { kind: 'menu', offset: start, node };
    if (cursor.char === '/') cursor.offset++;
    start = cursor.offset;
    const word = cursor.take(/[A-Za-z0-9._-]/);
    if (word === '') {
      if (cursor.blank || cursor.atEnd(scope.closer)) continue;
      cursor.fail(`unexpected "${cursor.char}"`, cursor.offset, node.path);
    }
    if (word === '..') {
      node = node.parent ?? node;
      continue;
    }
    if (node.unsupported && !node.children.has(word)) cursor.fail(unsupported(node), menuStart, node.path);
    const found = resolve(cursor, node, word, start);
    if ('spec' in found) {
      if (!cursor.blank && !cursor.atEnd(scope.closer) && !'\\["('.includes(cursor.char))
        cursor.fail(`unexpected "${cursor.char}" after ${found.spec.name}`, cursor.offset, node.path);
      return parseArguments(cursor, scope, node, found.spec, start);
    }
    node = found.node;
    menuStart = start;
  }
}

function resolve(
  cursor: Cursor,
  node: MenuNode,
  word: string,
  offset: number,
): { node: MenuNode } | { spec: CommandSpec } {
  const commands = commandsOf(node);
  const menu = node.children.get(word);
  if (menu) return { node: menu };
  const command = commands.find((c) => c.name === word);
  if (command) return { spec: command };
  const names = [...node.children.keys(), ...commands.map((c) => c.name)];
  const fits = names.filter((name) => name.startsWith(word));
  if (fits.length === 1) return resolve(cursor, node, fits[0]!, offset);
  if (node.parent === undefined && COMMANDS.includes(word))
    cursor.fail(`command /${word} is not supported yet`, offset);
  if (fits.length > 1) cursor.fail(`"${word}" is ambiguous in ${node.path}: ${fits.join(', ')}`, offset, node.path);
  const near = nearest(word, names);
  cursor.fail(`unknown menu or command "${word}" in ${node.path}${suggestion(near)}`, offset, node.path, '', near);
}

function parseArguments(cursor: Cursor, scope: Scope, node: MenuNode, spec: CommandSpec, offset: number): Statement {
  const named = new Map<string, ValueSyntax | undefined>();
  const unnamed: ValueSyntax[] = [];
  const words = new Set<string>();
  const inner = { ...scope, here: node };
  let where: CommandStatement['where'];
  for (;;) {
    cursor.skipBlanks();
    if (cursor.atEnd(scope.closer)) break;
    const start = cursor.offset;
    if (
      spec.where === 'bare' ||
      (spec.where === 'word' && /^where(?![\w-])/.test(cursor.text.slice(start, start + 6)))
    ) {
      if (/^where(?![\w-])/.test(cursor.text.slice(start, start + 6))) cursor.offset += 5;
      cursor.skipBlanks();
      if (!cursor.atEnd(scope.closer)) where = parseExpression(cursor, inner, true);
      break;
    }
    const unset = cursor.char === '!' && /[A-Za-z]/.test(cursor.peek());
    if (unset) cursor.offset++;
    const word = /[A-Za-z]/.test(cursor.char) ? cursor.take(/[A-Za-z0-9._-]/) : '';
    if (word !== '' && cursor.char === '=' && !unset) {
      const name = argument(cursor, node, spec, word, start);
      if (named.has(name)) cursor.fail(`${name} is given twice`, start, node.path, name);
      cursor.offset++;
      named.set(name, parseValue(cursor, inner));
    } else if (unset) {
      if (!spec.properties) cursor.fail(`"!" has no meaning in ${spec.name}`, start, node.path);
      named.set(argument(cursor, node, spec, word, start + 1), undefined);
    } else {
      const flag =
        word === '' || !(cursor.blank || cursor.atEnd(scope.closer))
          ? undefined
          : bareWord(cursor, node, spec, word, start);
      if (flag === 'yes') named.set(word, { offset: start, parts: [{ kind: 'text', text: 'yes' }] });
      else if (flag) words.add(flag);
      else {
        cursor.offset = start;
        unnamed.push(positional(cursor, inner, node, spec, unnamed.length));
      }
    }
  }
  return { kind: 'command', offset, node, spec, named, unnamed, words, where };
}

function positional(cursor: Cursor, scope: Scope, node: MenuNode, spec: CommandSpec, index: number): ValueSyntax {
  const value = parseValue(cursor, scope);
  if (index < spec.positions.length) return value;
  // Only words that we know are repeated: anything else might be half of a secret.
  const [part] = value.parts;
  const word = part?.kind === 'text' && value.parts.length === 1 ? part.text : '';
  if (spec.properties && node.schema?.properties.some((p) => !p.readOnly && p.name === word))
    cursor.fail(`"${word}" needs a value: write ${word}=...`, value.offset, node.path, word);
  if (spec.properties) cursor.fail(`unexpected text in ${spec.name}: write name=value`, value.offset, node.path);
  const near = nearest(word, spec.words);
  cursor.fail(`unexpected text in ${spec.name}${suggestion(near)}`, value.offset, node.path, '', near);
}

/** `yes` for a property that its name alone sets, a word that the command knows, or nothing. */
function bareWord(cursor: Cursor, node: MenuNode, spec: CommandSpec, word: string, offset: number): string | undefined {
  if (spec.properties && node.schema?.properties.some((p) => p.bare && p.name === word)) return 'yes';
  if (spec.words.includes(word)) return word;
  const fits = spec.words.filter((w) => w.startsWith(word));
  if (fits.length > 1) cursor.fail(`"${word}" is ambiguous in ${spec.name}: ${fits.join(', ')}`, offset, node.path);
  return fits[0];
}

/** The full name of an argument. */
function argument(cursor: Cursor, node: MenuNode, spec: CommandSpec, word: string, offset: number): string {
  const menu = node.schema;
  const properties = spec.properties && menu ? menu.properties.filter((p) => !p.readOnly).map((p) => p.name) : [];
  const names = [...properties, ...spec.named];
  if (names.includes(word)) return word;
  const known =
    spec.properties && menu && (Object.hasOwn(menu.retired ?? {}, word) || menu.unsupported?.includes(word));
  const fits = known ? [] : names.filter((name) => name.startsWith(word));
  if (fits.length === 1) return fits[0]!;
  if (fits.length > 1)
    cursor.fail(`"${word}" is ambiguous in ${node.path} ${spec.name}: ${fits.join(', ')}`, offset, node.path, word);
  if (spec.properties && menu) {
    try {
      settable(menu, word);
    } catch (error) {
      const { reason, nearest: near } = error as { reason: string; nearest: string };
      cursor.fail(reason, offset, node.path, word, near);
    }
  }
  const near = nearest(word, names);
  cursor.fail(
    `unknown argument "${word}" of ${spec.name} in ${node.path}${suggestion(near)}`,
    offset,
    node.path,
    word,
    near,
  );
}

function expectEnd(cursor: Cursor, scope: Scope): void {
  cursor.skipBlanks();
  if (!cursor.atEnd(scope.closer)) cursor.fail(`unexpected "${cursor.char}"`, cursor.offset);
}
