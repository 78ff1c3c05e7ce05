/** What the store holds and tells: items, rows, changes. */

/** Where a command stood: `source` is a file name or empty. Lines and columns count from 1. */
export interface Position {
  readonly source: string;
  readonly line: number;
  readonly column: number;
}

/** Where a command stood, and the value of each of its arguments. */
export interface CommandPosition extends Position {
  readonly arguments: ReadonlyMap<string, Position>;
}

/**
 * One configured item, immutable: a change makes a new one with the same id. The item of a `settings` menu has id `*0`.
 * Values are canonical text: `yes`, `1d`, `10.0.0.0/24`, `aes-128,aes-256`; see `value/` for their readers.
 */
export interface Item {
  readonly menu: string;
  /** `*1F` */
  readonly id: string;
  /** What was set and differs from the default. */
  readonly set: Readonly<Record<string, string>>;
  /** Every property that has a value, defaults included. */
  readonly values: Readonly<Record<string, string>>;
  /** One of RouterOS's own: the `default` profile. */
  readonly isDefault: boolean;
}

/** A line of `print`: a configured item with its running state, or something that only the running system has. */
export interface Row {
  readonly id: string;
  readonly values: Readonly<Record<string, string>>;
}

export type ChangeKind = 'add' | 'set' | 'remove' | 'move';

/** One step of a transaction. `at` is the command that caused it last. */
export interface Change {
  readonly menu: string;
  readonly kind: ChangeKind;
  readonly id: string;
  readonly before: Item | undefined;
  readonly after: Item | undefined;
  readonly at?: CommandPosition;
}
