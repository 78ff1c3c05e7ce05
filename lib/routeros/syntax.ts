/** What the parser makes of text: statements with every name resolved, values still to be evaluated. */
import type { CommandSpec } from './commands.ts';
import type { MenuNode } from './tree.ts';

export type Part =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'command'; readonly statement: Statement }
  | { readonly kind: 'expression'; readonly expression: Expression };

/** `"a$[b]c"`, `10.0.0.1`, `[find]`: parts that are put together. */
export interface ValueSyntax {
  readonly offset: number;
  readonly parts: readonly Part[];
}

export type Comparison = '=' | '!=' | '<' | '>' | '<=' | '>=' | '~' | 'in';

export type Expression =
  | { readonly kind: 'value'; readonly value: ValueSyntax }
  | { readonly kind: 'property'; readonly name: string }
  | { readonly kind: 'compare'; readonly operator: Comparison; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'concatenate'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly operand: Expression };

export interface MenuStatement {
  readonly kind: 'menu';
  readonly offset: number;
  readonly node: MenuNode;
}

export interface CommandStatement {
  readonly kind: 'command';
  readonly offset: number;
  readonly node: MenuNode;
  readonly spec: CommandSpec;
  /** By resolved name; `undefined` is `!name`. */
  readonly named: ReadonlyMap<string, ValueSyntax | undefined>;
  readonly unnamed: readonly ValueSyntax[];
  /** Bare words that the command knows: `detail`, `count-only`. */
  readonly words: ReadonlySet<string>;
  readonly where: Expression | undefined;
}

/** `:put "x"` */
export interface PutStatement {
  readonly kind: 'put';
  readonly offset: number;
  readonly value: ValueSyntax;
}

export type Statement = MenuStatement | CommandStatement | PutStatement;
