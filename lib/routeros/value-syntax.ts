/** Values: bare text, quoted strings, `[command]`, `(expression)`, `{block}`, in any succession. */
import { parseExpression } from './expression.ts';
import type { Cursor } from './lexer.ts';
import { MAXIMUM_DEPTH, parseStatement, type Scope } from './parser.ts';
import type { Part, Statement, ValueSyntax } from './syntax.ts';

export function parseValue(cursor: Cursor, scope: Scope): ValueSyntax {
  // Exports break lines behind `=` and indent the value.
  while (cursor.skipContinuation()) while (cursor.blank) cursor.offset++;
  const offset = cursor.offset;
  const parts: Part[] = [];
  let text = '';
  const flush = () => {
    if (text !== '') parts.push({ kind: 'text', text });
    text = '';
  };
  while (!cursor.blank && !cursor.atEnd(scope.closer)) {
    const { char } = cursor;
    if (char === '"') {
      flush();
      parts.push(...quoted(cursor, scope));
    } else if (char === '[') {
      flush();
      parts.push({ kind: 'command', statement: parseSubstitution(cursor, scope) });
    } else if (char === '(') {
      flush();
      parts.push({ kind: 'expression', expression: parseParenthesis(cursor, scope) });
    } else if (char === '{' && text === '' && parts.length === 0) {
      parts.push({ kind: 'text', text: block(cursor) });
    } else if (char === ')' || char === ']' || char === '}') {
      cursor.fail(`unexpected "${char}"`, cursor.offset);
    } else if (char === '$') {
      cursor.fail('variables are not supported yet', cursor.offset);
    } else if (char === '\\') {
      if (cursor.skipContinuation()) continue;
      text += cursor.escape(false);
    } else {
      text += char;
      cursor.offset++;
    }
  }
  flush();
  return { offset, parts };
}

/** `[ find name=x ]` */
export function parseSubstitution(cursor: Cursor, scope: Scope): Statement {
  const offset = cursor.offset++;
  const inner: Scope = { ...scope, closer: ']', depth: scope.depth + 1 };
  const statement = parseStatement(cursor, inner);
  if (!statement) cursor.fail(cursor.done ? '"[" without "]"' : 'nothing in brackets', offset);
  if (statement.kind === 'menu') cursor.fail('a command was expected in brackets', offset);
  cursor.skipSeparators();
  if (cursor.char !== ']')
    cursor.fail(
      cursor.done ? '"[" without "]"' : 'one command was expected in brackets',
      cursor.done ? offset : cursor.offset,
    );
  cursor.offset++;
  return statement;
}

/** `( "a" . "b" )` */
export function parseParenthesis(cursor: Cursor, scope: Scope, where = false) {
  const offset = cursor.offset++;
  if (scope.depth >= MAXIMUM_DEPTH) cursor.fail('too many brackets in brackets', offset);
  const expression = parseExpression(cursor, { ...scope, closer: ')', depth: scope.depth + 1 }, where);
  cursor.skipBlanks();
  if (cursor.char !== ')') cursor.fail('"(" without ")"', offset);
  cursor.offset++;
  return expression;
}

/** A string in quotes, its substitutions apart. */
export function quoted(cursor: Cursor, scope: Scope): Part[] {
  const offset = cursor.offset++;
  const parts: Part[] = [];
  let text = '';
  for (;;) {
    const { char } = cursor;
    if (char === '') cursor.fail('string without end', offset);
    if (char === '"') break;
    if (char === '\\') {
      if (cursor.skipContinuation()) {
        while (cursor.blank) cursor.offset++;
        if (cursor.done) cursor.fail('string without end', offset);
      } else text += cursor.escape(true);
    } else if (char === '$' && (cursor.peek() === '[' || cursor.peek() === '(')) {
      parts.push({ kind: 'text', text });
      text = '';
      cursor.offset++;
      parts.push(
        cursor.char === '['
          ? { kind: 'command', statement: parseSubstitution(cursor, scope) }
          : { kind: 'expression', expression: parseParenthesis(cursor, scope) },
      );
    } else if (char === '$' && /[A-Za-z"]/.test(cursor.peek()) && cursor.peek() !== '"') {
      cursor.fail('variables are not supported yet; write "\\$" for a dollar sign', cursor.offset);
    } else {
      text += char;
      cursor.offset++;
    }
  }
  cursor.offset++;
  parts.push({ kind: 'text', text });
  return parts;
}

/** The text between braces, braces in it balanced. */
function block(cursor: Cursor): string {
  const start = cursor.offset++;
  for (let depth = 1; depth > 0; cursor.offset++) {
    const { char } = cursor;
    if (char === '') cursor.fail('"{" without "}"', start);
    if (char === '\\') cursor.offset++;
    else if (char === '{') depth++;
    else if (char === '}') depth--;
  }
  return cursor.text.slice(start + 1, cursor.offset - 1);
}
