/** Expressions of `where` and of parentheses: `or`, `and`, `!`, comparisons, `.`. */
import type { Cursor } from './lexer.ts';
import { nearest, suggestion } from './nearest.ts';
import { MAXIMUM_DEPTH, type Scope } from './parser.ts';
import type { Comparison, Expression } from './syntax.ts';
import { parseParenthesis, parseSubstitution, quoted } from './value-syntax.ts';

/** Conditions in one expression; far above what anybody writes. */
const MAXIMUM_TERMS = 256;

/** In `where` a bare word on the left is a property, alone it is one that has to be `yes`. */
export function parseExpression(cursor: Cursor, scope: Scope, where: boolean): Expression {
  let left = parseAnd(cursor, scope, where);
  for (let terms = 1; keyword(cursor, 'or', '||'); terms++) {
    limit(cursor, terms);
    left = { kind: 'or', left, right: parseAnd(cursor, scope, where) };
  }
  cursor.skipBlanks();
  return left;
}

function parseAnd(cursor: Cursor, scope: Scope, where: boolean): Expression {
  let left = parseNot(cursor, scope, where);
  for (let terms = 1; ; terms++) {
    limit(cursor, terms);
    if (keyword(cursor, 'and', '&&')) left = { kind: 'and', left, right: parseNot(cursor, scope, where) };
    // `find name=x disabled=no`: conditions one after another must all hold.
    else if (
      where &&
      !cursor.atEnd(scope.closer) &&
      !/^(\|\||or(?![\w-]))/.test(cursor.text.slice(cursor.offset, cursor.offset + 3))
    )
      left = { kind: 'and', left, right: parseNot(cursor, scope, where) };
    else return left;
  }
}

function parseNot(cursor: Cursor, scope: Scope, where: boolean): Expression {
  cursor.skipBlanks();
  if (cursor.char !== '!') return parseComparison(cursor, scope, where);
  if (scope.depth >= MAXIMUM_DEPTH) cursor.fail('too many brackets in brackets', cursor.offset);
  cursor.offset++;
  return { kind: 'not', operand: parseNot(cursor, { ...scope, depth: scope.depth + 1 }, where) };
}

function parseComparison(cursor: Cursor, scope: Scope, where: boolean): Expression {
  const left = parseConcatenation(cursor, scope, where ? 'property' : 'value', where);
  cursor.skipBlanks();
  const operator = comparison(cursor);
  if (!operator) return left;
  return { kind: 'compare', operator, left, right: parseConcatenation(cursor, scope, 'value', where) };
}

function comparison(cursor: Cursor): Comparison | undefined {
  for (const operator of ['!=', '<=', '>=', '=', '<', '>', '~'] as const)
    if (cursor.text.startsWith(operator, cursor.offset)) {
      cursor.offset += operator.length;
      return operator;
    }
  return keyword(cursor, 'in') ? 'in' : undefined;
}

function parseConcatenation(cursor: Cursor, scope: Scope, bare: 'property' | 'value', where: boolean): Expression {
  let left = parsePrimary(cursor, scope, bare, where);
  for (let terms = 1; ; terms++) {
    limit(cursor, terms);
    const start = cursor.offset;
    cursor.skipBlanks();
    if (cursor.char !== '.') {
      cursor.offset = start;
      return left;
    }
    cursor.offset++;
    left = { kind: 'concatenate', left, right: parsePrimary(cursor, scope, bare, where) };
  }
}

function parsePrimary(cursor: Cursor, scope: Scope, bare: 'property' | 'value', where: boolean): Expression {
  cursor.skipBlanks();
  const offset = cursor.offset;
  switch (cursor.char) {
    case '"':
      return { kind: 'value', value: { offset, parts: quoted(cursor, scope) } };
    case '[':
      return {
        kind: 'value',
        value: { offset, parts: [{ kind: 'command', statement: parseSubstitution(cursor, scope) }] },
      };
    case '(':
      return parseParenthesis(cursor, scope, where);
    case '$':
      return cursor.fail('variables are not supported yet', offset);
  }
  if (bare === 'property') {
    const word = cursor.take(/[A-Za-z0-9.-]/);
    if (word === '') cursor.fail(cursor.done ? 'a condition was expected' : `unexpected "${cursor.char}"`, offset);
    return { kind: 'property', name: propertyName(cursor, scope, word, offset) };
  }
  const text = cursor.take(/[^\s()[\]{};"$=<>~!&|\\]/);
  if (text === '' && !cursor.blank && !cursor.atEnd(scope.closer)) cursor.fail(`unexpected "${cursor.char}"`, offset);
  return { kind: 'value', value: { offset, parts: text === '' ? [] : [{ kind: 'text', text }] } };
}

function propertyName(cursor: Cursor, scope: Scope, word: string, offset: number): string {
  const menu = scope.here.schema;
  const names = ['.id', ...(menu?.properties.map((p) => p.name) ?? [])];
  if (names.includes(word)) return word;
  const fits = names.filter((name) => name.startsWith(word));
  if (fits.length === 1) return fits[0]!;
  const path = scope.here.path;
  if (fits.length > 1) cursor.fail(`"${word}" is ambiguous in ${path}: ${fits.join(', ')}`, offset, path, word);
  const near = nearest(word, names);
  cursor.fail(`unknown property "${word}" in ${path}${suggestion(near)}`, offset, path, word, near);
}

function keyword(cursor: Cursor, word: string, symbol = ''): boolean {
  cursor.skipBlanks();
  const { text, offset } = cursor;
  if (symbol !== '' && text.startsWith(symbol, offset)) {
    cursor.offset += symbol.length;
    return true;
  }
  if (!text.startsWith(word, offset) || /[\w=<>~!.-]/.test(text.charAt(offset + word.length))) return false;
  cursor.offset += word.length;
  return true;
}

function limit(cursor: Cursor, terms: number): void {
  if (terms > MAXIMUM_TERMS) cursor.fail('the expression is too long', cursor.offset);
}
