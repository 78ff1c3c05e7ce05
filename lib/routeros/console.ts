/** A console over a configuration: text in, output out. */
import { ConfigError } from '../errors.ts';
import { type Configuration, menuRows } from './configuration.ts';
import type { Draft } from './draft.ts';
import { asText, type Evaluation, evaluate, type Value } from './evaluate.ts';
import { type Execution, runCommand } from './execute.ts';
import type { Change, Position } from './item.ts';
import { Cursor } from './lexer.ts';
import { parseStatement, unsupported } from './parser.ts';
import type { MenuProvider } from './provider.ts';
import type { ConsoleSession, ExecuteOptions, Result } from './session.ts';
import type { CommandStatement, Statement } from './syntax.ts';
import { readTranscript } from './transcript.ts';
import type { MenuNode } from './tree.ts';

export interface ConsoleOptions {
  /** Default: the configuration's. */
  readonly provider?: MenuProvider;
}

export class Console implements ConsoleSession {
  readonly configuration: Configuration;
  readonly #provider: MenuProvider | undefined;
  #node: MenuNode;
  /** Ids that the last print of each menu numbered. */
  readonly #numbering = new Map<string, readonly string[]>();

  constructor(configuration: Configuration, options: ConsoleOptions = {}) {
    this.configuration = configuration;
    this.#provider = options.provider;
    this.#node = configuration.tree.root;
  }

  get path(): string {
    return this.#node.path;
  }

  get prompt(): string {
    const name = this.configuration.settings('/system identity').values['name'] ?? '';
    return `[admin@${name}] ${this.path === '/' ? '' : this.path.replaceAll(' ', '/')}> `;
  }

  execute(text: string, options: ExecuteOptions = {}): Result {
    if (!options.atomic) return { output: this.#run(text, options, undefined) };
    const draft = this.configuration.draft();
    const output = this.#run(text, options, draft);
    this.configuration.commit(draft);
    return { output };
  }

  /** Runs text against a draft that the caller commits. */
  executeOn(draft: Draft, text: string, options: ExecuteOptions = {}): Result {
    return { output: this.#run(text, options, draft) };
  }

  #run(text: string, options: ExecuteOptions, shared: Draft | undefined): string {
    const cursor = new Cursor(readTranscript(text), options.source ?? '');
    const { root } = this.configuration.tree;
    const before = this.#node;
    let output = '';
    try {
      for (;;) {
        const statement = parseStatement(cursor, { root, here: this.#node, closer: '', depth: 0 });
        if (!statement) return output;
        output += this.#statement(statement, cursor, options, shared);
      }
    } catch (error) {
      // What a transaction takes back includes the way through the menus.
      if (shared) this.#node = before;
      throw error;
    }
  }

  #statement(statement: Statement, cursor: Cursor, options: ExecuteOptions, shared: Draft | undefined): string {
    if (statement.kind === 'menu') {
      // Also into a menu that is not there: what is meant for it must not reach another.
      this.#node = statement.node;
      if (statement.node.unsupported) cursor.fail(unsupported(statement.node), statement.offset, statement.node.path);
      return '';
    }
    const draft = shared ?? this.configuration.draft();
    const lines: string[] = [];
    draft.at = { ...cursor.position(statement.offset), arguments: argumentPositions(statement, cursor) };
    this.#evaluate(statement, draft, cursor, options, lines);
    if (!shared) this.configuration.commit(draft);
    return lines.join('');
  }

  #evaluate(
    statement: Statement,
    draft: Draft,
    cursor: Cursor,
    options: ExecuteOptions,
    lines: string[] | undefined,
  ): Value {
    const nested: Evaluation = { run: (inner) => this.#evaluate(inner, draft, cursor, options, undefined) };
    try {
      if (statement.kind === 'menu') return '';
      if (statement.kind === 'put') {
        const text = asText(evaluate(statement.value, nested));
        lines?.push(`${text}\n`);
        return text;
      }
      const { value, output } = runCommand(statement, this.#execution(draft, nested, options));
      lines?.push(output);
      return value;
    } catch (error) {
      throw positioned(error, statement, cursor);
    }
  }

  #execution(draft: Draft, evaluation: Evaluation, options: ExecuteOptions): Execution {
    const provider = this.#provider ?? this.configuration.provider;
    return {
      draft,
      provider,
      evaluation,
      width: options.width ?? 80,
      rows: (menu) => menuRows(menu, draft, provider),
      numbering: this.#numbering,
    };
  }
}

function argumentPositions(statement: Statement, cursor: Cursor): ReadonlyMap<string, Position> {
  const positions = new Map<string, Position>();
  if (statement.kind === 'command')
    for (const [name, value] of statement.named) if (value) positions.set(name, cursor.position(value.offset));
  return positions;
}

/** The error with the place it is about: the argument of its property, else the command. */
function positioned(error: unknown, statement: Statement, cursor: Cursor): unknown {
  if (!(error instanceof ConfigError) || error.line > 0) return error;
  const offset =
    (statement.kind === 'command' ? argumentOffset(statement, error.property) : undefined) ?? statement.offset;
  return new ConfigError(error.reason, error.path, error.property, {
    ...cursor.position(offset),
    nearest: error.nearest,
  });
}

function argumentOffset(statement: CommandStatement, property: string): number | undefined {
  const index = statement.spec.positions.indexOf(property);
  return statement.named.get(property)?.offset ?? statement.unnamed[index]?.offset;
}

/** Runs a whole file on the configuration as it is now: all of it or, at the first error, nothing. */
export function load(configuration: Configuration, text: string, source = ''): Result {
  return new Console(configuration).execute(text, { source, atomic: true });
}

/**
 * Makes the configuration what a file says, from out of the box on. Items that the file did not change are not touched, and listeners hear
 * only of the difference. At the first error nothing happened.
 */
export function reload(configuration: Configuration, text: string, source = ''): readonly Change[] {
  const draft = configuration.initialDraft();
  // The running system's rows belong to the configuration that is about to go.
  new Console(configuration, { provider: {} }).executeOn(draft, text, { source });
  return configuration.replace(draft);
}
