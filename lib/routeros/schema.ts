/** A menu is data: what parses, prints, exports and documents it is written once, against these types. */

/** What a property's text may be. `parse` and `compare` are total functions over text: no I/O, no state. */
export interface ValueType {
  /** For messages and documentation, e.g. `time`, `integer 0..65535`, `yes | no`. */
  readonly label: string;
  /** The canonical spelling of `text`; throws `ValueError` for what it cannot be. */
  parse(text: string): string;
  /** Order for `<` and `>` in `where`; by text if absent. */
  compare?(a: string, b: string): number;
  /** Printed in quotes by `print detail`, as RouterOS prints names and free text. */
  readonly quoted?: boolean;
  /** Numbers are aligned to the right in tables. */
  readonly right?: boolean;
  /** The words it may be, where it is a choice. */
  readonly words?: readonly string[];
  /** The menu whose items' `name` it must be. */
  readonly reference?: string;
}

/** Text that is no value of a type; `expected` says what would be. */
export class ValueError extends Error {
  readonly expected: string;
  readonly nearest: string;
  constructor(expected: string, nearest = '') {
    super(`expected ${expected}`);
    this.expected = expected;
    this.nearest = nearest;
  }
}

export interface PropertySchema {
  readonly name: string;
  readonly type: ValueType;
  /** Canonical text; absent: empty until set. */
  readonly default?: string;
  readonly required?: boolean;
  /** Required while each of these properties has the value given. */
  readonly requiredWhen?: Readonly<Record<string, string>>;
  /** An item added without a name gets this and a number: `peer1`. */
  readonly generate?: string;
  /** Comes from the running system; cannot be set. */
  readonly readOnly?: boolean;
  /** Keys and secrets: printed only with `show-sensitive`. */
  readonly sensitive?: boolean;
  /** Printed only while each of these properties has the value given. */
  readonly when?: Readonly<Record<string, string>>;
  /** Left out of `print` while empty or equal to the default, as RouterOS does for rarely used properties. */
  readonly quiet?: boolean;
  /** Only `print stats` shows it. */
  readonly statistic?: boolean;
  /** Only `print detail` and `print stats` show it, if the word is there. */
  readonly explicit?: boolean;
  /** The only values that this version acts upon; others are refused by name. */
  readonly supported?: readonly string[];
  /** Words of its type that this project has and RouterOS has not. */
  readonly extensionWords?: readonly string[];
  /** Its name alone sets it to `yes`: `add blackhole`. */
  readonly bare?: boolean;
  /** Its value while it is not set, from the others. */
  readonly derive?: (values: Readonly<Record<string, string>>) => string | undefined;
  /** What to write, where its absence is refused. */
  readonly hint?: string;
  readonly description: string;
}

/** A flag letter of the legend; shown while the property of that name is `yes`. */
export interface FlagSchema {
  readonly letter: string;
  readonly property: string;
}

export interface CommandSchema {
  readonly name: string;
  /** Takes items as its unnamed argument; `optional`: without it, all of them. */
  readonly items?: 'required' | 'optional';
  /** A command of this project, unknown to RouterOS. */
  readonly extension?: boolean;
  /** Arguments by name. */
  readonly arguments?: readonly PropertySchema[];
  /** Words that it takes and that say nothing new: `monitor 0 once`, where it is always once. */
  readonly words?: readonly string[];
  readonly description: string;
}

/** An item that is always there. RouterOS shows it as `*` and does not let go of it. */
export interface DefaultItem {
  readonly values: Readonly<Record<string, string>>;
  /** Properties that cannot be changed. */
  readonly fixed?: readonly string[];
}

export interface MenuSchema {
  /** `/ip ipsec peer` */
  readonly path: string;
  /**
   * `list`: items that are added; `settings`: one set of properties; `state`: rows of the running system;
   * `counters`: one set of read-only properties.
   */
  readonly kind: 'list' | 'settings' | 'state' | 'counters';
  readonly description: string;
  readonly properties: readonly PropertySchema[];
  /** Letters that share one column of the flags stand in one group, the most telling first. */
  readonly flags?: readonly (readonly FlagSchema[])[];
  /** Beyond those that its kind brings along. */
  readonly commands?: readonly CommandSchema[];
  /** Order matters: `move` and `place-before` are there. */
  readonly ordered?: boolean;
  /** What `print` shows without a word: properties in full, their values in a line, or these columns. */
  readonly print: 'detail' | 'lines' | readonly string[];
  /** Properties that no two items share (`name`), or combinations of them. */
  readonly unique?: readonly (readonly string[])[];
  readonly defaults?: readonly DefaultItem[];
  /** Items are the system's own (network devices): no `add`, no `remove`; `set` is kept by name. */
  readonly hardware?: boolean;
  /** Property names that RouterOS had before: what to write instead. */
  readonly retired?: Readonly<Record<string, string>>;
  /** Properties that RouterOS has and this version does not. */
  readonly unsupported?: readonly string[];
  /** Menus with a lower number come first in exports, so that references are there when they are read. */
  readonly exportOrder: number;
}
