/** Values and conditions to text and truth. */
import { ConfigError } from '../errors.ts';
import { parseAddress, parsePrefix, prefixContains } from '../wire/index.ts';
import { property } from './check.ts';
import type { Row } from './item.ts';
import { compileRegexp } from './regexp.ts';
import type { MenuSchema, PropertySchema } from './schema.ts';
import type { Comparison, Expression, Statement, ValueSyntax } from './syntax.ts';

/** A list is what `find` finds; as text its members stand with `;` between. */
export type Value = string | readonly string[];

export interface Evaluation {
  run(statement: Statement): Value;
  /** The row that properties are read from, inside `where`. */
  readonly row?: Row;
  readonly menu?: MenuSchema | undefined;
}

export function asText(value: Value): string {
  return typeof value === 'string' ? value : value.join(';');
}

export function evaluate(syntax: ValueSyntax, context: Evaluation): Value {
  const values = syntax.parts.map((part): Value => {
    if (part.kind === 'text') return part.text;
    if (part.kind === 'command') return context.run(part.statement);
    return evaluateExpression(part.expression, context);
  });
  return values.length === 1 ? values[0]! : values.map(asText).join('');
}

export function evaluateExpression(expression: Expression, context: Evaluation): Value {
  switch (expression.kind) {
    case 'value':
      return evaluate(expression.value, context);
    case 'property':
      return readProperty(expression.name, context);
    case 'concatenate':
      return (
        asText(evaluateExpression(expression.left, context)) + asText(evaluateExpression(expression.right, context))
      );
    case 'not':
      return isTrue(expression.operand, context) ? 'no' : 'yes';
    case 'and':
      return isTrue(expression.left, context) && isTrue(expression.right, context) ? 'yes' : 'no';
    case 'or':
      return isTrue(expression.left, context) || isTrue(expression.right, context) ? 'yes' : 'no';
    case 'compare':
      return compare(expression, context) ? 'yes' : 'no';
  }
}

export function isTrue(expression: Expression, context: Evaluation): boolean {
  const value = asText(evaluateExpression(expression, context));
  return value === 'yes' || value === 'true';
}

function readProperty(name: string, context: Evaluation): string {
  const { row, menu } = context;
  if (!row) return name;
  if (name === '.id') return row.id;
  const value = row.values[name];
  if (value !== undefined) return value;
  // A flag that nobody set is off.
  return menu && property(menu, name)?.type.words?.join() === 'yes,no' ? 'no' : '';
}

function compare(expression: Extract<Expression, { kind: 'compare' }>, context: Evaluation): boolean {
  const { operator } = expression;
  const schema = schemaOf(expression.left, context);
  const left = asText(evaluateExpression(expression.left, context));
  const written = asText(evaluateExpression(expression.right, context));
  if (operator === '~') return matcher(written)(left);
  if (operator === 'in') return isIn(left, written);
  const right = schema ? canonicalOr(schema, written) : written;
  return ordered(operator, order(schema, left, right));
}

function schemaOf(expression: Expression, context: Evaluation): PropertySchema | undefined {
  return expression.kind === 'property' && context.menu ? property(context.menu, expression.name) : undefined;
}

/** `1440m` equals `1d`; what is no value of the type equals nothing but itself. */
function canonicalOr(schema: PropertySchema, text: string): string {
  try {
    return schema.type.parse(text);
  } catch {
    return text;
  }
}

function order(schema: PropertySchema | undefined, left: string, right: string): number {
  if (left === right) return 0;
  if (schema?.type.compare && left !== '' && right !== '') {
    try {
      // Not 0: two spellings that differ are two values, whatever the order thinks of them.
      return schema.type.compare(left, right) || (left < right ? -1 : 1);
    } catch {
      return left < right ? -1 : 1;
    }
  }
  const numbers = [left, right].every((text) => /^-?[0-9]{1,15}$/.test(text));
  return numbers ? Number(left) - Number(right) : left < right ? -1 : 1;
}

function ordered(operator: Comparison, sign: number): boolean {
  switch (operator) {
    case '=':
      return sign === 0;
    case '!=':
      return sign !== 0;
    case '<':
      return sign < 0;
    case '>':
      return sign > 0;
    case '<=':
      return sign <= 0;
    default:
      return sign >= 0;
  }
}

const compiled = new Map<string, (text: string) => boolean>();

function matcher(pattern: string): (text: string) => boolean {
  let found = compiled.get(pattern);
  if (found) return found;
  try {
    found = compileRegexp(pattern);
  } catch (error) {
    throw new ConfigError((error as Error).message, '');
  }
  if (compiled.size >= 16) compiled.clear();
  compiled.set(pattern, found);
  return found;
}

/** An address or prefix in a prefix; text in a list. */
function isIn(left: string, right: string): boolean {
  try {
    const inner = parsePrefix(left);
    const outer = parsePrefix(right);
    return inner.length >= outer.length && prefixContains(outer, parseAddress(left.split('/')[0]!));
  } catch {
    return right.split(/[,;]/).includes(left);
  }
}
