/** What each command does. */
import { ConfigError } from '../errors.ts';
import { property } from './check.ts';
import type { Draft, Values } from './draft.ts';
import { asText, type Evaluation, evaluate, isTrue, type Value } from './evaluate.ts';
import { exportText } from './export.ts';
import type { Row } from './item.ts';
import { nearest, suggestion } from './nearest.ts';
import { HIDDEN } from './print/options.ts';
import { printRows } from './print/print.ts';
import type { MenuProvider } from './provider.ts';
import type { MenuSchema } from './schema.ts';
import { selectRows } from './select.ts';
import type { CommandStatement } from './syntax.ts';

export interface Execution {
  readonly draft: Draft;
  readonly provider: MenuProvider;
  readonly evaluation: Evaluation;
  readonly width: number;
  rows(menu: MenuSchema): readonly Row[];
  /** Ids that the last print of each menu numbered. */
  readonly numbering: Map<string, readonly string[]>;
}

export interface Outcome {
  /** What `[...]` around the command stands for. */
  readonly value: Value;
  readonly output: string;
}

const NOTHING: Outcome = { value: '', output: '' };

export function runCommand(statement: CommandStatement, execution: Execution): Outcome {
  const { spec, node } = statement;
  if (spec.name === 'export') return runExport(statement, execution);
  const menu = node.schema!;
  if (spec.custom) return runCustom(menu, statement, execution);
  switch (spec.name) {
    case 'add':
      return runAdd(menu, statement, execution);
    case 'set':
      return runSet(menu, statement, execution);
    case 'comment':
      return change(menu, statement, execution, { comment: text(statement, execution, 'comment') ?? '' });
    case 'enable':
      return change(menu, statement, execution, { disabled: 'no' });
    case 'disable':
      return change(menu, statement, execution, { disabled: 'yes' });
    case 'reset':
    case 'unset':
      return runUnset(menu, statement, execution);
    case 'remove':
      for (const row of configured(menu, statement, execution)) execution.draft.remove(menu.path, row.id);
      return NOTHING;
    case 'move':
      return runMove(menu, statement, execution);
    case 'find':
      return { value: filtered(menu, statement, execution).map((row) => row.id), output: '' };
    case 'get':
      return runGet(menu, statement, execution);
    case 'print':
      return runPrint(menu, statement, execution);
    default:
      throw new ConfigError(`${spec.name} needs an editor; use set`, menu.path);
  }
}

/** The evaluated argument of that name, named or in its place. */
function argument(statement: CommandStatement, execution: Execution, name: string): Value | undefined {
  const index = statement.spec.positions.indexOf(name);
  const syntax = statement.named.get(name) ?? (index < 0 ? undefined : statement.unnamed[index]);
  return syntax && evaluate(syntax, execution.evaluation);
}

function text(statement: CommandStatement, execution: Execution, name: string): string | undefined {
  const value = argument(statement, execution, name);
  return value === undefined ? undefined : asText(value);
}

function selected(
  menu: MenuSchema,
  statement: CommandStatement,
  execution: Execution,
  name = 'numbers',
): readonly Row[] {
  const value = argument(statement, execution, name);
  if (value === undefined)
    throw new ConfigError(`${statement.spec.name} needs an item: a number, a name or [find ...]`, menu.path, name);
  return selectRows(menu, value, execution.rows(menu), execution.numbering.get(menu.path));
}

/** As `selected`, and every one of them is configuration. */
function configured(menu: MenuSchema, statement: CommandStatement, execution: Execution): readonly Row[] {
  const rows = selected(menu, statement, execution);
  for (const row of rows)
    if (!execution.draft.item(menu.path, row.id))
      throw new ConfigError(`item ${row.id} of ${menu.path} is dynamic: it can not be changed`, menu.path, 'numbers');
  return rows;
}

function values(menu: MenuSchema, statement: CommandStatement, execution: Execution): Values {
  const result: Record<string, string | undefined> = {};
  for (const [name, syntax] of statement.named)
    if (property(menu, name)) result[name] = syntax && asText(evaluate(syntax, execution.evaluation));
  return result;
}

function runAdd(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const place = (name: string) => {
    const value = argument(statement, execution, name);
    if (value === undefined) return undefined;
    const rows = selectRows(menu, value, execution.rows(menu), execution.numbering.get(menu.path));
    const [row] = rows;
    if (rows.length !== 1 || !row) throw new ConfigError(`${name} needs one item`, menu.path, name);
    return row.id;
  };
  const before = place('place-before');
  const copyFrom = place('copy-from');
  const item = execution.draft.add(menu.path, values(menu, statement, execution), {
    ...(before !== undefined && { before }),
    ...(copyFrom !== undefined && { copyFrom }),
  });
  return { value: item.id, output: '' };
}

function runSet(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const changes = values(menu, statement, execution);
  if (menu.kind === 'settings') {
    execution.draft.set(menu.path, '*0', changes);
    return NOTHING;
  }
  return change(menu, statement, execution, changes);
}

function change(menu: MenuSchema, statement: CommandStatement, execution: Execution, changes: Values): Outcome {
  if (menu.hardware) return changeHardware(menu, statement, execution, changes);
  for (const row of configured(menu, statement, execution)) execution.draft.set(menu.path, row.id, changes);
  return NOTHING;
}

/** What is set for a device is kept under its name, also while the device is not there. */
function changeHardware(menu: MenuSchema, statement: CommandStatement, execution: Execution, changes: Values): Outcome {
  const value = argument(statement, execution, 'numbers');
  const plain = typeof value === 'string' && /^[A-Za-z][^\s,;*"]*$/.test(value) ? value : undefined;
  const names = plain ? [plain] : selected(menu, statement, execution).map((row) => row.values['name'] ?? '');
  for (const name of names) execution.draft.keep(menu.path, name, changes);
  return NOTHING;
}

function runUnset(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const names = (text(statement, execution, 'value-name') ?? '').split(',').filter((name) => name !== '');
  if (names.length === 0 && statement.spec.name === 'unset')
    throw new ConfigError('unset needs value-name', menu.path, 'value-name');
  const changes = Object.fromEntries((names.length > 0 ? names : resettable(menu)).map((name) => [name, undefined]));
  if (menu.kind === 'settings') {
    execution.draft.set(menu.path, '*0', changes);
    return NOTHING;
  }
  return change(menu, statement, execution, changes);
}

function resettable(menu: MenuSchema): readonly string[] {
  return menu.properties.filter((p) => !p.readOnly && !p.required && p.name !== 'name').map((p) => p.name);
}

function runMove(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const rows = configured(menu, statement, execution);
  const target = argument(statement, execution, 'destination');
  const [before] =
    target === undefined || asText(target) === ''
      ? []
      : selectRows(menu, target, execution.rows(menu), execution.numbering.get(menu.path));
  for (const row of rows) execution.draft.move(menu.path, row.id, before?.id);
  return NOTHING;
}

function filtered(menu: MenuSchema, statement: CommandStatement, execution: Execution): readonly Row[] {
  const { where } = statement;
  const rows = execution.rows(menu);
  if (!where) return rows;
  return rows.filter((row) => isTrue(where, { ...execution.evaluation, row, menu }));
}

function runGet(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const single = menu.kind === 'settings' || menu.kind === 'counters';
  const rows = single ? execution.rows(menu) : selected(menu, statement, execution, 'number');
  const [row] = rows;
  if (rows.length !== 1 || !row) throw new ConfigError('get needs one item', menu.path, 'number');
  const name = text(statement, execution, 'value-name');
  if (name === undefined) {
    // A secret is told to who names it, not to who asks for everything.
    const all = Object.entries(row.values).map(([key, value]) => {
      return `${key}=${value !== '' && property(menu, key)?.sensitive ? HIDDEN : value}`;
    });
    return { value: [`.id=${row.id}`, ...all].join(';'), output: '' };
  }
  const schema = property(menu, name);
  if (!schema && name !== '.id') {
    const near = nearest(
      name,
      menu.properties.map((p) => p.name),
    );
    throw new ConfigError(`unknown property "${name}" in ${menu.path}${suggestion(near)}`, menu.path, 'value-name', {
      nearest: near,
    });
  }
  return { value: name === '.id' ? row.id : (row.values[name] ?? ''), output: '' };
}

function runPrint(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const { words } = statement;
  for (const word of ['follow', 'follow-only', 'value-list'])
    if (words.has(word)) throw new ConfigError(`print ${word} is not supported yet`, menu.path);
  for (const name of ['file', 'interval'])
    if (statement.named.has(name)) throw new ConfigError(`print ${name}= is not supported yet`, menu.path, name);
  let rows = filtered(menu, statement, execution);
  const from = argument(statement, execution, 'from');
  if (from !== undefined) {
    const ids = new Set(
      selectRows(menu, from, execution.rows(menu), execution.numbering.get(menu.path)).map((r) => r.id),
    );
    rows = rows.filter((row) => ids.has(row.id));
  }
  const proplist = text(statement, execution, 'proplist')?.split(',');
  for (const name of proplist ?? [])
    if (name !== '.id' && !property(menu, name)) {
      const near = nearest(
        name,
        menu.properties.map((p) => p.name),
      );
      throw new ConfigError(`unknown property "${name}" in ${menu.path}${suggestion(near)}`, menu.path, 'proplist');
    }
  if (!words.has('count-only') && !words.has('as-value'))
    execution.numbering.set(
      menu.path,
      rows.map((row) => row.id),
    );
  const output = printRows(menu, rows, words, {
    width: execution.width,
    showSensitive: words.has('show-sensitive') && !words.has('hide-sensitive'),
    statistics: words.has('stats'),
    detail: words.has('detail'),
    proplist,
  });
  return { value: output.replace(/\n$/, ''), output };
}

function runExport(statement: CommandStatement, execution: Execution): Outcome {
  const { words, node } = statement;
  if (statement.named.has('file')) throw new ConfigError('export file= is not supported yet', node.path, 'file');
  const clock = execution.provider.clock?.();
  const output = exportText(execution.draft.tree, execution.draft, node.path, {
    showSensitive: words.has('show-sensitive') && !words.has('hide-sensitive'),
    verbose: words.has('verbose'),
    terse: words.has('terse'),
    ...(clock !== undefined && { clock }),
  });
  return { value: output, output };
}

function runCustom(menu: MenuSchema, statement: CommandStatement, execution: Execution): Outcome {
  const custom = statement.spec.custom!;
  const args: Record<string, string> = {};
  for (const schema of custom.arguments ?? []) {
    const value = text(statement, execution, schema.name);
    if (value !== undefined) args[schema.name] = value;
    else if (schema.required) throw new ConfigError(`${custom.name} needs ${schema.name}`, menu.path, schema.name);
  }
  const given = argument(statement, execution, 'numbers') !== undefined;
  const rows = given || custom.items === 'required' ? selected(menu, statement, execution) : [];
  // A provider takes no rows for all of them; nothing found is not that.
  if (given && rows.length === 0) return NOTHING;
  if (!execution.provider.command)
    throw new ConfigError(`${menu.path} ${custom.name} needs a running router`, menu.path);
  const result = execution.provider.command(menu.path, custom.name, args, rows) ?? '';
  return { value: result, output: result === '' || result.endsWith('\n') ? result : `${result}\n` };
}
