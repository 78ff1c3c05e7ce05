export type * from './action.ts';
export * from './config.ts';
export type * from './engine.ts';
export { Ike } from './ike.ts';
export type * from './snapshot.ts';
