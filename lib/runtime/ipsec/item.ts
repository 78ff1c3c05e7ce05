import { ConfigError } from '../../errors.ts';
import type { Item } from '../../routeros/item.ts';

/** Reading a configured item's canonical text. */

export function text(item: Item, property: string): string {
  return item.values[property] ?? '';
}

export function isYes(item: Item, property: string): boolean {
  return item.values[property] === 'yes';
}

export function list(item: Item, property: string): string[] {
  return text(item, property)
    .split(',')
    .filter((word) => word !== '');
}

export function enabled(items: readonly Item[]): Item[] {
  return items.filter((item) => !isYes(item, 'disabled'));
}

export function named(items: readonly Item[], name: string): Item | undefined {
  return items.find((item) => item.values['name'] === name);
}

/** What is configured cannot be done; says which item is at fault. */
export class Refusal extends ConfigError {
  readonly item: Item;

  constructor(reason: string, item: Item, property: string) {
    super(reason, item.menu, property);
    this.item = item;
  }
}
