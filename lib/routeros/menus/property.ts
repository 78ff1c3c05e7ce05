/** Short forms in which the menus are written. */
import type { CommandSchema, FlagSchema, PropertySchema, ValueType } from '../schema.ts';
import { counter, text, yesNo } from '../value/index.ts';

type Extra = Omit<PropertySchema, 'name' | 'type' | 'description' | 'default'>;

/** A property with a default; `undefined` for none. */
export function prop(
  name: string,
  type: ValueType,
  fallback: string | undefined,
  description: string,
  extra: Extra = {},
): PropertySchema {
  return { name, type, description, ...(fallback !== undefined && { default: fallback }), ...extra };
}

/** A read-only property. */
export function state(name: string, type: ValueType, description: string, extra: Extra = {}): PropertySchema {
  return { name, type, description, readOnly: true, ...extra };
}

export function count(name: string, description: string, extra: Extra = {}): PropertySchema {
  return state(name, counter, description, extra);
}

export const comment: PropertySchema = prop('comment', text, '', 'Short description of the item.');

export const disabled: PropertySchema = prop('disabled', yesNo, 'no', 'Whether the item is left out of use.');

/** A read-only yes or no that the flags show. */
export function mark(name: string, description: string): PropertySchema {
  return state(name, yesNo, description);
}

export const isDynamic = mark('dynamic', 'Whether the running system added it.');
export const isInvalid = mark('invalid', 'Whether it cannot be put to use as it is.');
export const isDefault = mark('default', 'Whether it is one that is always there.');

/** `flag('X', 'disabled')` */
export function flag(letter: string, property: string): FlagSchema {
  return { letter, property };
}

export function command(name: string, description: string, extra: Partial<CommandSchema> = {}): CommandSchema {
  return { name, description, ...extra };
}

/** The property, of which this version acts upon these values alone. */
export function only(property: PropertySchema, ...values: string[]): PropertySchema {
  return { ...property, supported: values };
}
