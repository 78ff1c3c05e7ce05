/** Text against schema: the one place where a property's value is accepted or refused. */
import { ConfigError } from '../errors.ts';
import { nearest, suggestion } from './nearest.ts';
import { type MenuSchema, type PropertySchema, ValueError } from './schema.ts';

export function property(menu: MenuSchema, name: string): PropertySchema | undefined {
  return menu.properties.find((p) => p.name === name);
}

/** The property of that name, to be set. Throws `ConfigError` with the nearest name. */
export function settable(menu: MenuSchema, name: string): PropertySchema {
  const found = property(menu, name);
  if (found?.readOnly) throw new ConfigError(`property "${name}" in ${menu.path} is read-only`, menu.path, name);
  if (found) return found;
  const instead = menu.retired && Object.hasOwn(menu.retired, name) ? menu.retired[name] : undefined;
  if (instead) throw new ConfigError(`property "${name}" is no longer in ${menu.path}: ${instead}`, menu.path, name);
  if (menu.unsupported?.includes(name))
    throw new ConfigError(`property "${name}" in ${menu.path} is not supported yet`, menu.path, name);
  const names = menu.properties.filter((p) => !p.readOnly).map((p) => p.name);
  const near = nearest(name, names);
  throw new ConfigError(`unknown property "${name}" in ${menu.path}${suggestion(near)}`, menu.path, name, {
    nearest: near,
  });
}

/** Canonical text of a property's value. Secrets are not repeated in the error. */
export function canonical(menu: MenuSchema, schema: PropertySchema, text: string): string {
  if (text === '' && schema.default === undefined && !schema.required) return '';
  const value = parse(menu, schema, text);
  if (schema.supported && !schema.supported.includes(value))
    throw new ConfigError(
      `${schema.name}=${value} in ${menu.path} is not supported yet: only ${schema.supported.join(', ')}`,
      menu.path,
      schema.name,
    );
  return value;
}

function parse(menu: MenuSchema, schema: PropertySchema, text: string): string {
  try {
    return schema.type.parse(text);
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const shown = schema.sensitive ? '' : ` "${text.length > 60 ? `${text.slice(0, 57)}...` : text}"`;
    throw new ConfigError(
      `invalid value${shown} for ${schema.name} in ${menu.path}: expected ${error.expected}${suggestion(error.nearest)}`,
      menu.path,
      schema.name,
      { nearest: error.nearest },
    );
  }
}

/** Whether each property has the value given, by itself or by default. */
export function matches(
  menu: MenuSchema,
  values: Readonly<Record<string, string>>,
  when: Readonly<Record<string, string>>,
): boolean {
  return Object.entries(when).every(([name, value]) => (values[name] ?? property(menu, name)?.default ?? '') === value);
}

/** Sparse values as the store keeps them: without empty ones and those equal to their default. */
export function sparse(menu: MenuSchema, values: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { name, default: fallback } of menu.properties) {
    const value = values[name];
    if (value !== undefined && value !== (fallback ?? '')) result[name] = value;
  }
  return result;
}

/** Values that follow from others and were not set. */
export function derived(menu: MenuSchema, values: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { name, derive } of menu.properties) {
    const value = derive && !values[name] ? derive(values) : undefined;
    if (value) result[name] = value;
  }
  return result;
}

/** Defaults overlaid with what is set, in the schema's order. */
export function complete(menu: MenuSchema, set: Readonly<Record<string, string>>): Record<string, string> {
  const result: Record<string, string> = {};
  for (const { name, default: fallback } of menu.properties) {
    const value = set[name] ?? fallback;
    if (value !== undefined) result[name] = value;
  }
  return result;
}
