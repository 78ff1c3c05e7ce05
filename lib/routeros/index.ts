/**
 * RouterOS configuration: menus as data, the console's language, `print` and `export`.
 *
 * `Configuration` is the store; `Console` runs text against it; a `MenuProvider` lends it the running system.
 */
export { ConfigError } from '../errors.ts';
export type { ConfigurationOptions, ConfigurationView, Listener, Validator } from './configuration.ts';
export { Configuration } from './configuration.ts';
export type { ConsoleOptions } from './console.ts';
export { Console, load, reload } from './console.ts';
export type { Values } from './draft.ts';
export { Draft } from './draft.ts';
export type { Change, ChangeKind, CommandPosition, Item, Position, Row } from './item.ts';
export { allMenus, unsupportedMenus } from './menus/index.ts';
export type { MenuProvider } from './provider.ts';
export type { CommandSchema, DefaultItem, FlagSchema, MenuSchema, PropertySchema, ValueType } from './schema.ts';
export type { ConsoleSession, ExecuteOptions, Result } from './session.ts';
export { formatTime, networkOf, parseTime, protocolNumber, secretBytes } from './value/index.ts';
