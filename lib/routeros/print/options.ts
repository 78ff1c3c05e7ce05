import type { Row } from '../item.ts';
import type { MenuSchema, PropertySchema } from '../schema.ts';

export interface PrintOptions {
  readonly width: number;
  readonly showSensitive: boolean;
  readonly statistics: boolean;
  /** Asked for by its word. */
  readonly detail: boolean;
  /** Only these, in this order. */
  readonly proplist: readonly string[] | undefined;
}

export const HIDDEN = '*****';

/** The text of a property as it is shown; undefined if there is none. */
export function shown(schema: PropertySchema, row: Row, options: PrintOptions): string | undefined {
  const value = row.values[schema.name];
  if (value === undefined) return undefined;
  return schema.sensitive && !options.showSensitive && value !== '' ? HIDDEN : value;
}

/** Letters in their columns: `DA ` for groups [X,D], [A], [*]. */
export function flagLetters(menu: MenuSchema, row: Row): string[] {
  return (menu.flags ?? []).map((group) => group.find((f) => row.values[f.property] === 'yes')?.letter ?? ' ');
}

export function isFlag(menu: MenuSchema, name: string): boolean {
  return (menu.flags ?? []).some((group) => group.some((f) => f.property === name));
}
